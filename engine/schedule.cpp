#include "schedule.hpp"

#include <algorithm>
#include <set>

namespace chainrule {
namespace {

// Below so much work a thread is quicker alone than a team that meets.
constexpr double least_shared = 1 << 16;

// What an instruction reads and writes: buffers as negative numbers, slots as positive ones.
struct Touched {
  std::set<std::int64_t> read, written;
};

std::int64_t key(const Program& program, int buffer) {
  const int memory = memory_of(program, buffer);
  const int slot = program.buffers[memory].slot;
  return slot < 0 ? -1 - std::int64_t{memory} : std::int64_t{slot};
}

Touched touched(const Program& program, const Instruction& instruction) {
  Touched found;
  for (const int buffer : sources_of(instruction)) found.read.insert(key(program, buffer));
  for (const int buffer : destinations_of(instruction)) found.written.insert(key(program, buffer));
  return found;
}

bool meets(const std::set<std::int64_t>& one, const std::set<std::int64_t>& other) {
  return std::any_of(one.begin(), one.end(), [&](std::int64_t what) { return other.count(what) > 0; });
}

bool can_share(const Item& item) {
  return std::holds_alternative<Matmul>(*item.instruction) || std::holds_alternative<Map>(*item.instruction);
}

void add(Touched& to, const Touched& more) {
  to.read.insert(more.read.begin(), more.read.end());
  to.written.insert(more.written.begin(), more.written.end());
}

// `updates`: where products of the block find what may follow them at once; null where nothing may.
Schedule schedule(const Program& program, const Items& items, std::int64_t rows, int members,
                  const Items* updates = nullptr) {
  Schedule found;
  std::vector<std::pair<Touched, bool>> pending;
  for (const Item& item : items) {
    const double work = item.work * (item.by_row ? static_cast<double>(rows) : 1.0);
    const bool shared = members > 1 && can_share(item) && work >= least_shared;
    const Item* update = updates && item.update >= 0 ? &(*updates)[static_cast<std::size_t>(item.update)] : nullptr;
    Touched now = touched(program, *item.instruction);
    if (update) add(now, touched(program, *update->instruction));
    bool meet = false;
    for (const auto& [before, was_shared] : pending) {
      const bool alone = !shared && !was_shared;  // member 0 keeps its own order
      meet = meet || (!alone && (meets(before.written, now.read) || meets(before.written, now.written) ||
                                 meets(before.read, now.written)));
    }
    if (meet) pending.clear();
    pending.emplace_back(now, shared);
    found.push_back({shared, meet && members > 1, update, false});
  }
  return found;
}

}  // namespace

EntrySchedule schedule_entry(const Program& program, const EntryPlan& plan, std::int64_t count, int threads,
                             double least) {
  double work = plan.fixed_work;
  for (const PhasePlan& phase : plan.phases) work += phase.row_work * static_cast<double>(count);
  EntrySchedule found;
  found.members = work < least ? 1 : threads;
  for (const PhasePlan& phase : plan.phases) {
    PhaseSchedule one;
    one.lanes = lanes_of(phase, count);
    const std::int64_t lane_rows = (count + one.lanes - 1) / one.lanes;
    one.rows_a_block = block_rows(phase, lane_rows, one.lanes == 1);
    const int members = one.lanes == 1 ? found.members : 1;
    one.prologue = schedule(program, phase.prologue, 1, found.members);
    one.block = schedule(program, phase.block, one.rows_a_block, members);
    const std::int64_t last = count % one.rows_a_block;
    const bool updates = &phase == &plan.phases.back() && one.lanes == 1 && count > 0;
    one.last_block = schedule(program, phase.block, last > 0 ? last : one.rows_a_block, members,
                              updates ? &plan.epilogue : nullptr);
    found.phases.push_back(std::move(one));
  }
  found.epilogue = schedule(program, plan.epilogue, 1, found.members);
  if (found.phases.empty()) return found;
  for (const Scheduled& one : found.phases.back().last_block) {
    if (one.update) found.epilogue[static_cast<std::size_t>(one.update - plan.epilogue.data())].is_done = true;
  }
  if (found.phases.back().lanes > 1) {
    for (const Sum& sum : plan.phases.back().sums) {
      if (sum.update >= 0) found.epilogue[static_cast<std::size_t>(sum.update)].is_done = true;
    }
  }
  return found;
}

}  // namespace chainrule
