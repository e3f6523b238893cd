// Steps of little work: played from a tape.
#include <algorithm>
#include <utility>

#include "member.hpp"
#include "prepared.hpp"

namespace chainrule {

// While it lasts, a member reads some data where they lie.
struct Machine::ReadingInPlace {
  ReadingInPlace(Member& member, const std::vector<bool>& which) : member_(member) { member_.in_place = &which; }
  ~ReadingInPlace() { member_.in_place = nullptr; }
  ReadingInPlace(const ReadingInPlace&) = delete;
  ReadingInPlace& operator=(const ReadingInPlace&) = delete;

 private:
  Member& member_;
};

bool is_small(const EntrySchedule& schedule, std::int64_t count) {
  return schedule.members == 1 && count > 0 &&
         std::all_of(schedule.phases.begin(), schedule.phases.end(), [count](const PhaseSchedule& phase) {
           return phase.lanes == 1 && count <= phase.rows_a_block;
         });
}

void Machine::Prepared::see(std::span<const Rows> now, bool are_gathered) {
  const auto alike = [are_gathered](const Rows& a, const Rows& b) {
    return a.type == b.type && (are_gathered || (a.base == b.base && a.stride == b.stride));
  };
  if (are_gathered == gathered && std::equal(now.begin(), now.end(), data.begin(), data.end(), alike)) return;
  tape.reset();
  data.assign(now.begin(), now.end());
  gathered = are_gathered;
}

// Rows that are long enough, and that nothing reads but products which take them as they lie.
std::vector<bool> Machine::read_in_place(int entry, std::span<const Rows> data, const StepInput& input) const {
  constexpr std::int64_t long_row = 64;
  std::vector<bool> found(program_.buffers.size());
  if (!input.rows) return found;
  const auto length = [&](std::int64_t axis) { return axis == examples_axis ? input.count : axis; };
  const EntryPlan& plan = plans_[static_cast<std::size_t>(entry)];
  for (const PhasePlan& phase : plan.phases) {
    for (const DataUse& use : phase.data) {
      const std::int64_t width = use.width;
      const Rows& source = data[static_cast<std::size_t>(use.place)];
      const auto suits = [&](const Item& item) {
        const auto* product = std::get_if<Matmul>(item.instruction);
        if (!product) return true;
        if (memory_of(program_, product->b) == use.buffer) return false;
        if (memory_of(program_, product->a) != use.buffer) return true;
        Matrix a{source.base, source.type, width, 1};
        if (product->transpose_a) std::swap(a.row_stride, a.column_stride);
        const Shape& result = program_.buffers[static_cast<std::size_t>(product->destination)].shape;
        const Product like{length(result[0]), length(result[1]), product->transpose_a ? input.count : width, a, {}, nullptr,
                           0, false};
        return product->a == use.buffer && takes_rows_anywhere(kernels_, like);
      };
      const bool is_long = source.type == DType::f32 && width >= long_row;
      // With several phases each brings its rows anew.
      found[static_cast<std::size_t>(use.buffer)] = is_long && use.matrix && !use.floats && plan.phases.size() == 1 &&
                                                    std::all_of(phase.block.begin(), phase.block.end(), suits);
    }
  }
  return found;
}

void Machine::small_step(int entry, std::span<const Rows> data, const StepInput& input, Prepared& ready, Team& team) {
  Member& own = *members_[0];
  if (ready.moves != own.moves()) ready.tape.reset();
  if (!ready.tape) ready.in_place = read_in_place(entry, data, input);
  const ReadingInPlace reading(own, ready.in_place);
  if (ready.tape) {
    if (!ready.tape->is_complete()) return step(entry, data, input, {}, team, 0);
    begin_step(input);
    for (const PhasePlan& phase : plans_[static_cast<std::size_t>(entry)].phases) {
      gather(phase, data, input, own, 0, input.count, 0, 1);
    }
    return ready.tape->play();
  }
  auto tape = std::make_unique<Tape>();
  ready.moves = own.moves();
  {
    const Recording recording(own, *tape);
    step(entry, data, input, {}, team, 0);
  }
  // The first step makes room as it goes: what was recorded before is of the old place.
  if (ready.moves == own.moves()) ready.tape = std::move(tape);
}

}  // namespace chainrule
