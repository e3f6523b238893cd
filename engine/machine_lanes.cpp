// Phases whose rows are shared out in lanes.
#include <algorithm>
#include <cstring>
#include <limits>

#include "machine.hpp"
#include "member.hpp"

namespace chainrule {
namespace {

// The larger of two numbers; NaN where one of them is.
float larger(float a, float b) { return a > b || a != a ? a : b; }

}  // namespace

// Many lanes: each member takes whole lanes, block by block, in its own memory. Which lanes it takes changes no bit of the
// result, since each has sums of its own.
void Machine::run_lanes(const PhasePlan& phase, const PhaseSchedule& schedule, std::span<const Rows> data,
                        const StepInput& input, Team& team, int member) {
  Member& own = *members_[member];
  own.use(own.memory);
  for (std::int64_t lane = team.lanes.take(member, schedule.lanes); lane >= 0;
       lane = team.lanes.take(member, schedule.lanes)) {
    const std::int64_t first = input.count * lane / schedule.lanes, last = input.count * (lane + 1) / schedule.lanes;
    float* sums = lane_sums_.data() + lane * phase.sum_elements;
    bind_sums(phase, own, sums);
    start_sums(phase, own, first == last);
    for (std::int64_t start = first; start < last; start += schedule.rows_a_block) {
      const std::int64_t rows = std::min(schedule.rows_a_block, last - start);
      own.set_block(start, start == first);
      own.goes_on = input.rows == nullptr && start + 2 * rows <= last;
      gather(phase, data, input, own, start, rows, 0, 1);
      for (const Item& item : phase.block) execute(item, nullptr, own, rows, 0, 1);
    }
  }
  for (const Sum& sum : phase.sums) own.point(sum.buffer, shared_[sum.buffer]);
  team.barrier.wait();
  team.lanes.begin(member);
  combine(phase, schedule, team, member);
  team.barrier.wait();
}

// Sums of reductions start at their neutral number; a product of the first block writes its sum as it is.
void Machine::start_sums(const PhasePlan& phase, Member& member, bool no_rows) {
  for (const Sum& sum : phase.sums) {
    if (sum.product && !no_rows) continue;
    const float start = sum.maximum ? -std::numeric_limits<float>::infinity() : 0.0f;
    make(member.tape, FillCall{member.at(sum.buffer), sum.elements, start});
  }
}

void Machine::bind_sums(const PhasePlan& phase, Member& member, float* memory) {
  for (const Sum& sum : phase.sums) {
    member.point(sum.buffer, memory);
    memory += sum.elements;
  }
}

// Add up the lanes in a fixed binary tree: 0 and 1, 2 and 3, ..., then 0 and 2, ...
void Machine::combine(const PhasePlan& phase, const PhaseSchedule& schedule, Team& team, int member) {
  constexpr std::int64_t piece = 2048;  // of so many numbers all lanes stay in the cache
  const std::int64_t stride = phase.sum_elements, of = team.schedule.members;
  std::int64_t offset = 0;
  for (const Sum& sum : phase.sums) {
    const std::int64_t size = sum.elements;
    for (std::int64_t from = member * piece; from < size; from += of * piece) {
      const std::int64_t length = std::min(piece, size - from);
      float* lanes = lane_sums_.data() + offset + from;
      for (std::int64_t step = 1; step < schedule.lanes; step *= 2) {
        for (std::int64_t lane = 0; lane + step < schedule.lanes; lane += 2 * step) {
          float* into = lanes + lane * stride;
          const float* other = lanes + (lane + step) * stride;
          if (sum.maximum) {
            for (std::int64_t k = 0; k < length; ++k) into[k] = larger(into[k], other[k]);
          } else {
            for (std::int64_t k = 0; k < length; ++k) into[k] += other[k];
          }
        }
      }
      std::memcpy(shared_[sum.buffer] + from, lanes, static_cast<std::size_t>(length) * sizeof(float));
    }
    offset += size;
  }
}

}  // namespace chainrule
