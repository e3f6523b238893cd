// What is ready for steps of a number of rows.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <vector>

#include "machine.hpp"
#include "tape.hpp"

namespace chainrule {

// Whether steps with so many rows, gathered from anywhere, are the same calls each time: one thread, one block.
bool is_small(const EntrySchedule& schedule, std::int64_t count);

struct Machine::Prepared {
  EntrySchedule schedule;
  bool is_small = false;
  std::unique_ptr<Tape> tape;  // of a small step
  // Where these were, and of which types the data, when it was recorded.
  const float *scratch = nullptr, *workspace = nullptr;
  std::vector<DType> types;

  // Forget the tape where these data are of other types.
  void see(std::span<const Rows> data);
};

// A training has two of them, for its batches and for the last, shorter one.
struct Machine::ByCount {
  std::map<std::int64_t, std::unique_ptr<Prepared>> by_count;
};

}  // namespace chainrule
