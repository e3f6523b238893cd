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

// A piece of all lanes, which lie `stride` apart, into that of the first.
void add_lanes(float* piece, std::int64_t length, std::int64_t lanes, std::int64_t stride, bool maximum) {
  for (std::int64_t step = 1; step < lanes; step *= 2) {
    for (std::int64_t lane = 0; lane + step < lanes; lane += 2 * step) {
      float* into = piece + lane * stride;
      const float* other = piece + (lane + step) * stride;
      if (maximum) {
        for (std::int64_t k = 0; k < length; ++k) into[k] = larger(into[k], other[k]);
      } else {
        for (std::int64_t k = 0; k < length; ++k) into[k] += other[k];
      }
    }
  }
}

}  // namespace

// Many lanes: each member takes whole lanes, block by block, in its own memory. Which lanes it takes changes no bit of the
// result, since each has sums of its own.
void Machine::run_lanes(const EntryPlan& plan, std::size_t at, std::span<const Rows> data, const StepInput& input,
                        Team& team, int member) {
  const PhasePlan& phase = plan.phases[at];
  const PhaseSchedule& schedule = team.schedule.phases[at];
  Member& own = *members_[member];
  own.use(own.memory);
  team.lanes.each(member, schedule.lanes, [&](std::int64_t lane) {
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
  });
  for (const Sum& sum : phase.sums) own.point(sum.buffer, shared_[sum.buffer]);
  team.barrier.wait();
  team.lanes.begin(member);
  combine(phase, plan.epilogue, schedule.lanes, team, member);
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

// Add up the lanes in a fixed binary tree: 0 and 1, 2 and 3, ..., then 0 and 2, ... What follows a sum at once does so while
// a piece of it is in the first cache.
void Machine::combine(const PhasePlan& phase, const Items& epilogue, std::int64_t lanes, Team& team, int member) {
  constexpr std::int64_t piece = 2048;  // of so many numbers all lanes stay in the cache
  const std::int64_t of = team.schedule.members;
  Member& own = *members_[member];
  float* sums = lane_sums_.data();
  for (const Sum& sum : phase.sums) {
    for (std::int64_t from = member * piece; from < sum.elements; from += of * piece) {
      const std::int64_t length = std::min(piece, sum.elements - from);
      float* total = sums + from;
      add_lanes(total, length, lanes, phase.sum_elements, sum.maximum);
      if (sum.update >= 0) {
        const MapCode& update = *epilogue[static_cast<std::size_t>(sum.update)].map;
        update.run_piece(kernels_, own.table(), {from, length, sum.buffer, total}, own.scratch, own.tape);
      } else {
        std::memcpy(shared_[sum.buffer] + from, total, static_cast<std::size_t>(length) * sizeof(float));
      }
    }
    sums += sum.elements;
  }
}

}  // namespace chainrule
