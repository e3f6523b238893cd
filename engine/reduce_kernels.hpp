// The inner loops of reductions, for one instruction set.
#pragma once

#include <cstdint>

namespace chainrule {

// Rows of the last axes longer than this are reduced in pieces of this length, one after the other: so long a chain in
// one lane would lose digits.
constexpr std::int64_t longest_row = 4096;

struct Reduction {
  const float* source;
  float* destination;
  std::int64_t rows, length;
};

// For the sum and the maximum. All go on from what is in the destination.
struct ReduceKernels {
  // destination[r] takes row r, in 16 lanes and a tree.
  void (*each_row)(const Reduction& reduction);
  // The one destination takes the rows one after the other, each of them first in 16 lanes and a tree.
  void (*all_rows)(const Reduction& reduction);
  // destination[c] takes column c, row after row.
  void (*each_column)(const Reduction& reduction);
};

}  // namespace chainrule
