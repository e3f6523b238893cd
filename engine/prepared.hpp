// What is ready for steps of a number of rows.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "machine.hpp"
#include "tape.hpp"

namespace chainrule {

// Whether steps with so many rows are the same calls each time: one thread, one block.
bool is_small(const EntrySchedule& schedule, std::int64_t count);

struct Machine::Prepared {
  EntrySchedule schedule;
  bool is_small = false;
  std::unique_ptr<Tape> tape;  // of a small step
  // How often the member's memory had moved, and what the data were like, when it was recorded.
  std::int64_t moves = 0;
  std::vector<Rows> data;
  bool gathered = false;
  std::vector<bool> in_place;  // by buffer: whether products read its drawn rows where they lie

  // Forget the tape where these data are not read alike: gathered rows by their type, others where they lie.
  void see(std::span<const Rows> now, bool are_gathered);
};

// By the number of rows, and whether it is for a lone run. A training has two of them, for its batches and for the last,
// shorter one.
struct Machine::ByCount {
  std::map<std::pair<std::int64_t, bool>, std::unique_ptr<Prepared>> by_count;
};

}  // namespace chainrule
