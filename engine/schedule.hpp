// Which instructions of a section threads share, and where they must meet.
#pragma once

#include <cstdint>
#include <vector>

#include "plan.hpp"

namespace chainrule {

struct Scheduled {
  bool shared = false;  // all members do a part of it; otherwise member 0 does it alone
  bool meet = false;    // before it, all members wait for each other
  const Item* update = nullptr;  // what follows each part of it at once
  bool is_done = false;          // it was such an update
};

using Schedule = std::vector<Scheduled>;

struct PhaseSchedule {
  Schedule prologue, block, last_block;  // the last block may have fewer rows, and updates
  std::int64_t lanes = 1, rows_a_block = 1;
};

struct EntrySchedule {
  std::vector<PhaseSchedule> phases;
  Schedule epilogue;
  int members = 1;
};

// The schedule of an entry for a number of rows; less work than `least` is for one thread. Nothing in it changes a result.
EntrySchedule schedule_entry(const Program& program, const EntryPlan& plan, std::int64_t count, int threads,
                             double least = least_step);

}  // namespace chainrule
