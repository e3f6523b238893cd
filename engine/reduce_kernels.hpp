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

// All go on from what is in the destination.
using ReduceLoop = void (*)(const Reduction& reduction);

// For the sum and the maximum.
struct ReduceKernels {
  // destination[r] takes row r, in 16 lanes and a tree.
  ReduceLoop each_row;
  // The one destination takes the rows one after the other, each of them first in 16 lanes and a tree.
  ReduceLoop all_rows;
  // destination[c] takes column c, row after row.
  ReduceLoop each_column;
};

}  // namespace chainrule
