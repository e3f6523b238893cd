// Steps of little work: played from a tape.
#include <algorithm>

#include "member.hpp"
#include "prepared.hpp"

namespace chainrule {

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

void Machine::small_step(int entry, std::span<const Rows> data, const StepInput& input, Prepared& ready, Team& team) {
  Member& own = *members_[0];
  const auto in_place = [&] { return ready.scratch == own.scratch.data() && ready.workspace == own.workspace.data(); };
  if (!in_place()) ready.tape.reset();
  if (ready.tape) {
    if (!ready.tape->is_complete()) return step(entry, data, input, {}, team, 0);
    begin_step(input);
    for (const PhasePlan& phase : plans_[static_cast<std::size_t>(entry)].phases) {
      gather(phase, data, input, own, 0, input.count, 0, 1);
    }
    return ready.tape->play();
  }
  auto tape = std::make_unique<Tape>();
  ready.scratch = own.scratch.data(), ready.workspace = own.workspace.data();
  {
    const Recording recording(own, *tape);
    step(entry, data, input, {}, team, 0);
  }
  // The first step makes room as it goes: what was recorded before is of the old place.
  if (in_place()) ready.tape = std::move(tape);
}

}  // namespace chainrule
