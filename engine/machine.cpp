#include "machine.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>

#include "draw.hpp"
#include "member.hpp"
#include "prepared.hpp"

namespace chainrule {
namespace {

// A run of many steps looks at the clock once in so many.
constexpr std::int64_t steps_between_looks = 16;
// Bytes: rows shorter than a line of the cache, and more than a step's worth of rows, are not asked for ahead.
constexpr std::int64_t cache_line = 64, most_fetched = 64 << 10;
constexpr std::size_t most_schedules = 8;
// Below so much work a thread is not worth starting for a single run.
constexpr double least_lone_run = 4 * least_step;
// Parts of a product for each thread: with more, more of its operands is packed twice.
constexpr int parts_a_member = 2;

std::int64_t own_elements(const Program& program, int buffer) { return elements(program.buffers[buffer].shape, 1); }

}  // namespace

Machine::Machine(Program program, std::vector<float*> state, int threads, const Kernels& kernels)
    : program_(std::move(program)), kernels_(kernels), pool_(threads) {
  for (const Entry& entry : program_.entries) plans_.push_back(plan_entry(program_, entry));
  prepared_.resize(plans_.size());
  const std::size_t count = program_.buffers.size();
  shared_.assign(count, nullptr);
  std::size_t next_state = 0;
  std::map<int, std::size_t> slots;
  for (std::size_t at = 0; at < count; ++at) {
    const Buffer& buffer = program_.buffers[at];
    if (has_examples(buffer.shape)) continue;
    const auto size = static_cast<std::size_t>(elements(buffer.shape));
    if (buffer.kind == BufferKind::state) shared_[at] = state.at(next_state++);
    if (buffer.kind == BufferKind::temporary) slots[buffer.slot] = std::max(slots[buffer.slot], size);
    if (buffer.kind == BufferKind::scalar || buffer.kind == BufferKind::result ||
        buffer.kind == BufferKind::accumulator || buffer.kind == BufferKind::constant) {
      owned_.emplace_back(size);
      if (buffer.kind == BufferKind::constant) std::copy(buffer.value.begin(), buffer.value.end(), owned_.back().begin());
      shared_[at] = owned_.back().data();
      if (buffer.kind == BufferKind::scalar) scalars_.emplace_back(shared_[at], size);
    }
  }
  std::map<int, float*> memory;
  for (const auto& [slot, size] : slots) {
    owned_.emplace_back(size);
    memory[slot] = owned_.back().data();
  }
  for (std::size_t at = 0; at < count; ++at) {
    const Buffer& buffer = program_.buffers[at];
    if (has_examples(buffer.shape)) continue;
    if (buffer.kind == BufferKind::temporary) shared_[at] = memory[buffer.slot];
    if (buffer.kind == BufferKind::view) shared_[at] = nullptr;  // set below, when every base is known
  }
  for (std::size_t at = 0; at < count; ++at) {
    const int base = program_.buffers[at].base;
    if (base >= 0) shared_[at] = shared_[static_cast<std::size_t>(base)];
  }
}

Machine::~Machine() = default;

std::vector<int> Machine::buffers(BufferKind kind) const {
  std::vector<int> found;
  for (std::size_t at = 0; at < program_.buffers.size(); ++at) {
    if (program_.buffers[at].kind == kind) found.push_back(static_cast<int>(at));
  }
  return found;
}

std::span<const float> Machine::output(int buffer) const {
  return {shared_[buffer], static_cast<std::size_t>(elements(program_.buffers[buffer].shape))};
}

// A run is lone where none came before: so perhaps none will follow.
Machine::Prepared& Machine::prepared(int entry, std::int64_t count, bool is_lone) {
  auto& by_count = prepared_[entry].by_count;
  const std::pair key{count, is_lone};
  auto& found = by_count[key];
  if (!found) {
    if (by_count.size() > most_schedules) by_count.clear();
    auto made = std::make_unique<Prepared>();
    made->schedule = schedule_entry(program_, plans_[entry], count, pool_.threads(), is_lone ? least_lone_run : least_step);
    made->is_small = is_small(made->schedule, count);
    prepare_members(made->schedule, plans_[entry]);
    return *(by_count[key] = std::move(made));
  }
  return *found;
}

void Machine::prepare_members(const EntrySchedule& schedule, const EntryPlan& plan) {
  while (static_cast<int>(members_.size()) < schedule.members) {
    members_.push_back(std::make_unique<Member>(program_, shared_));
  }
  std::size_t sums = lane_sums_.size();
  for (std::size_t at = 0; at < plan.phases.size(); ++at) {
    const PhasePlan& phase = plan.phases[at];
    const std::int64_t rows = schedule.phases[at].rows_a_block;
    // With one lane, all work in the memory of the first.
    const std::size_t own = schedule.phases[at].lanes > 1 ? members_.size() : 1;
    for (std::size_t i = 0; i < own; ++i) members_[i]->memory.grow(program_, phase, rows);
    if (schedule.phases[at].lanes > 1) {
      sums = std::max(sums, static_cast<std::size_t>(schedule.phases[at].lanes * phase.sum_elements));
    }
  }
  lane_sums_.resize(sums);
  for (auto& member : members_) member->forget();
  // Memory has moved.
  for (ByCount& entry : prepared_) {
    for (auto& [key, one] : entry.by_count) {
      if (one) one->tape.reset();
    }
  }
}

void Machine::run(int entry, std::span<const Rows> data, const StepInput& input, std::span<float* const> rows) {
  const EntrySchedule& schedule = prepared(entry, input.count, !std::exchange(has_run_, true)).schedule;
  Team team(schedule);
  pool_.run(schedule.members, [&](int member) {
    members_[member]->augmentation = nullptr;
    team.take_part([&] { step(entry, data, input, rows, team, member); });
  });
}

std::int64_t Machine::run_steps(int entry, std::span<const Rows> data, const StepInputs& inputs, float* outputs,
                                double seconds, const Augmentation* augmentation) {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::duration<double>(seconds);
  const std::vector<int>& results = plans_[entry].outputs;
  std::int64_t done = 0;
  while (done < inputs.count) {
    // Steps of one schedule go together: the team comes together once for all of them.
    const StepInput next = inputs.at(done);
    Prepared& ready = prepared(entry, next.count);
    const EntrySchedule& schedule = ready.schedule;
    std::int64_t last = done + 1;
    while (last < inputs.count && inputs.at(last).count == next.count) ++last;
    Team team(schedule);
    std::int64_t after = done;
    const std::int64_t first = done;
    if (ready.is_small) ready.see(data, augmentation || next.rows);
    const auto steps = [&](int member) {
      members_[member]->augmentation = augmentation;
      for (std::int64_t number = first; number < last && !team.stops; ++number) {
        const StepInput input = inputs.at(number);
        if (member == 0 && number + 1 < last) fetch_rows(entry, data, inputs.at(number + 1), ready);
        if (ready.is_small) {
          small_step(entry, data, input, ready, team);
        } else {
          step(entry, data, input, {}, team, member);
        }
        if (member == 0) {
          float* row = outputs + number * static_cast<std::int64_t>(results.size());
          for (const int buffer : results) *row++ = *shared_[buffer];
          after = number + 1;
          const bool finite = results.empty() || std::isfinite(outputs[number * static_cast<std::int64_t>(results.size())]);
          const bool late = after % steps_between_looks == 0 && Clock::now() > end;
          if (!finite || late) team.stops = true;
        }
        team.barrier.wait();
      }
    };
    pool_.run(schedule.members, [&](int member) { team.take_part([&] { steps(member); }); });
    done = after;
    if (team.stops || Clock::now() > end) break;
  }
  return done;
}

void Machine::begin_step(const StepInput& input) {
  const float* next = input.scalars;
  for (const auto& [memory, size] : scalars_) {
    for (std::size_t i = 0; i < size; ++i) memory[i] = *next++;
  }
}

void Machine::step(int entry, std::span<const Rows> data, const StepInput& input, std::span<float* const> rows,
                   Team& team, int member) {
  const EntryPlan& plan = plans_[entry];
  Member& own = *members_[member];
  own.begin(plan.outputs, rows, input);
  if (member == 0) begin_step(input);
  team.barrier.wait();
  for (std::size_t at = 0; at < plan.phases.size(); ++at) {
    const PhasePlan& phase = plan.phases[at];
    const PhaseSchedule& schedule = team.schedule.phases[at];
    run_section(phase.prologue, schedule.prologue, team, member, 0);
    if (schedule.lanes > 1) {
      run_lanes(plan, at, data, input, team, member);
    } else {
      run_blocks(phase, schedule, data, input, team, member);
    }
  }
  run_section(plan.epilogue, team.schedule.epilogue, team, member, 0);
}

void Machine::run_section(const Items& items, const Schedule& schedule, Team& team, int member, std::int64_t rows,
                          std::span<Shares> parts) {
  for (std::size_t at = 0; at < items.size(); ++at) {
    const Scheduled& how = schedule[at];
    if (how.is_done) continue;
    if (how.meet) team.barrier.wait();
    if (how.shared) {
      Shares* const shares = parts.empty() ? nullptr : &parts[at];
      execute_shared(items[at], how.update, shares, rows, member, team.schedule.members);
    } else if (member == 0) {
      execute(items[at], how.update, *members_[0], rows, 0, 1);
    }
  }
  if (!items.empty()) team.barrier.wait();
}

// Products are dealt out in more parts than there are members, and who is done takes parts of others.
void Machine::execute_shared(const Item& item, const Item* update, Shares* parts, std::int64_t rows, int member,
                             int members) {
  Member& own = *members_[member];
  if (!parts || !std::holds_alternative<Matmul>(*item.instruction)) {
    return execute(item, update, own, rows, member, members);
  }
  const int of = members * parts_a_member;
  parts->each(member, of, [&](std::int64_t part) { execute(item, update, own, rows, static_cast<int>(part), of); });
}

// One lane: the team shares the instructions of each block, in the memory of member 0.
void Machine::run_blocks(const PhasePlan& phase, const PhaseSchedule& schedule, std::span<const Rows> data,
                         const StepInput& input, Team& team, int member) {
  Member& own = *members_[member];
  own.use(members_[0]->memory);
  if (member == 0) start_sums(phase, own, input.count == 0);
  for (std::int64_t start = 0; start < input.count; start += schedule.rows_a_block) {
    const std::int64_t rows = std::min(schedule.rows_a_block, input.count - start);
    own.set_block(start, start == 0);
    own.goes_on = input.rows == nullptr && start + 2 * rows <= input.count;
    gather(phase, data, input, own, start, rows, member, team.schedule.members);
    for (Shares& parts : team.parts) parts.begin(member);
    team.barrier.wait();
    run_section(phase.block, start + rows < input.count ? schedule.block : schedule.last_block, team, member, rows,
                team.parts);
  }
  if (input.count == 0) team.barrier.wait();
}

void Machine::gather(const PhasePlan& phase, std::span<const Rows> data, const StepInput& input, Member& into,
                     std::int64_t start, std::int64_t rows, int part, int of) {
  for (const DataUse& use : phase.data) {
    const Rows& source = data[static_cast<std::size_t>(use.place)];
    into.take(use, source, input, start, rows, part, of);
  }
}

// Rows drawn from a large set are not in any cache: ask for those of the next step while this one computes.
void Machine::fetch_rows(int entry, std::span<const Rows> data, const StepInput& next, const Prepared& ready) {
#if defined(__GNUC__)
  if (next.rows == nullptr) return;
  for (const PhasePlan& phase : plans_[entry].phases) {
    for (const DataUse& use : phase.data) {
      const Rows& source = data[static_cast<std::size_t>(use.place)];
      const auto item = static_cast<std::int64_t>(item_size(source.type)), bytes = source.length(use.width) * item;
      if (bytes < cache_line) continue;
      if (ready.tape && ready.in_place[static_cast<std::size_t>(use.buffer)]) {
        // Products fetch these, each line in the place of one that they read.
        members_[0]->expect(use.buffer, source, {next.rows, static_cast<std::size_t>(next.count)});
        continue;
      }
      if (next.count * bytes > most_fetched) continue;
      for (std::int64_t i = 0; i < next.count; ++i) {
        const char* row = static_cast<const char*>(source.base) + next.rows[i] * source.stride * item;
        for (std::int64_t at = 0; at < bytes; at += cache_line) __builtin_prefetch(row + at, 0, 2);
      }
    }
  }
#else
  (void)entry, (void)data, (void)next, (void)ready;
#endif
}

Matrix Machine::operand(int buffer, bool transposed, const Member& member, std::int64_t rows) const {
  const Shape& shape = program_.buffers[buffer].shape;
  const std::int64_t columns = shape[1] == examples_axis ? rows : shape[1];
  const int memory = memory_of(program_, buffer);
  Matrix found{member.at(buffer), DType::f32, columns, 1};
  if (program_.buffers[memory].kind == BufferKind::data) found = member.matrix(memory, columns);
  if (transposed) std::swap(found.row_stride, found.column_stride);
  return found;
}

Product Machine::product_of(const Matmul& item, const Member& member, std::int64_t rows) const {
  const auto length = [&](std::int64_t axis) { return axis == examples_axis ? rows : axis; };
  const Shape& result = program_.buffers[item.destination].shape;
  const Shape& a = program_.buffers[item.a].shape;
  const std::int64_t columns = length(result[1]);
  return {length(result[0]),
          columns,
          length(item.transpose_a ? a[0] : a[1]),
          operand(item.a, item.transpose_a, member, rows),
          operand(item.b, item.transpose_b, member, rows),
          member.at(item.destination),
          columns,
          item.accumulate && !member.first,
          item.accumulate && item.transpose_a && member.goes_on};
}

void Machine::multiply_item(const Matmul& item, Member& member, std::int64_t rows, int part, int of) {
  const Product product = product_of(item, member, rows);
  member.workspace.reserve(workspace_bytes(product));
  if (of == 1) {
    multiply(kernels_, product, member.workspace, member.tape);
  } else {
    multiply_part(kernels_, product, part, of, member.workspace);
  }
}

void Machine::draw_item(const Draw& item, Member& member, std::int64_t rows) {
  const std::int64_t width = own_elements(program_, item.destination);
  const bool by_row = has_examples(program_.buffers[item.destination].shape);
  const std::int64_t size = by_row ? rows * width : width;
  draw_uniform(member.seed, member.number, item.node, by_row ? member.start * width : 0, size, member.at(item.destination));
}

void Machine::execute(const Item& item, const Item* update, Member& member, std::int64_t rows, int part, int of) {
  if (const auto* product = std::get_if<Matmul>(item.instruction)) {
    if (update) return multiply_and_update(*product, *update, member, rows, part, of);
    multiply_item(*product, member, rows, part, of);
  } else if (item.map) {
    item.map->run(kernels_, member.table(), rows, part, of, member.scratch, member.tape);
  } else if (item.reduce) {
    item.reduce->run(kernels_, member.table(), rows, member.tape);
  } else if (const auto* draw = std::get_if<Draw>(item.instruction)) {
    if (member.tape) member.tape->give_up();
    draw_item(*draw, member, rows);
  } else {
    if (member.tape) member.tape->give_up();
    const auto& turn = std::get<Transpose>(*item.instruction);
    const Shape& shape = program_.buffers[turn.source].shape;
    const auto length = [&](std::int64_t axis) { return axis == examples_axis ? rows : axis; };
    transpose(member.at(turn.source), length(shape[0]), length(shape[1]), member.at(turn.destination));
  }
}

}  // namespace chainrule
