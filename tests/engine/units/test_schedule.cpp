#include "check.hpp"
#include "schedule.hpp"

using namespace chainrule;

namespace {

// G += X.T @ X, and then W := G - W.
Program program_of(std::int64_t features) {
  Program program;
  program.buffers = {{BufferKind::data, {examples_axis, features}, -1, -1, {}},
                     {BufferKind::state, {features, features}, -1, -1, {}},
                     {BufferKind::accumulator, {features, features}, -1, -1, {}}};
  Map update{{1}, {2, 1}, {}, {0}};
  update.steps.push_back({Opcode::subtract, {{Operand::Kind::source, 0, 0.0}, {Operand::Kind::source, 1, 0.0}}});
  Entry entry;
  entry.phases.push_back({{}, {Matmul{2, 0, 0, true, false, true}}});
  entry.epilogue = {update};
  program.entries = {entry};
  return program;
}

}  // namespace

TEST(little_work_wakes_no_thread_and_much_work_all) {
  const Program program = program_of(64);
  const EntryPlan plan = plan_entry(program, program.entries[0]);
  CHECK(schedule_entry(program, plan, 10, 8).members == 1);
  CHECK(schedule_entry(program, plan, 100'000, 8).members == 8);
  CHECK(schedule_entry(program, plan, 100'000, 1).members == 1);
  CHECK(schedule_entry(program, plan, 100'000, 8, 1e12).members == 1);
}

TEST(blocks_and_lanes_do_not_depend_on_threads) {
  for (const std::int64_t features : {3, 64, 700}) {
    const Program program = program_of(features);
    const EntryPlan plan = plan_entry(program, program.entries[0]);
    for (const std::int64_t count : {0, 1, 63, 64, 1000, 100'000}) {
      const PhaseSchedule one = schedule_entry(program, plan, count, 1).phases[0];
      CHECK(one.rows_a_block >= 1 && one.lanes >= 1 && one.lanes <= 64);
      for (const int threads : {2, 5, 64}) {
        const PhaseSchedule other = schedule_entry(program, plan, count, threads).phases[0];
        CHECK(other.rows_a_block == one.rows_a_block && other.lanes == one.lanes);
      }
    }
  }
}

TEST(what_a_block_reads_and_adds_up_is_known) {
  const Program program = program_of(5);
  const EntryPlan plan = plan_entry(program, program.entries[0]);
  const PhasePlan& phase = plan.phases[0];
  CHECK(phase.data.size() == 1 && phase.data[0].buffer == 0 && phase.data[0].width == 5 && phase.data[0].matrix);
  CHECK(phase.sums.size() == 1 && phase.sums[0].buffer == 2 && phase.sums[0].elements == 25 && phase.sums[0].product);
  CHECK(phase.sum_elements == 25);
}
