// Scalar products of rows of bytes, exactly: whole numbers, whose sums do not depend on any order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels.hpp"

namespace chainrule {

// Rows of bytes by their numbers; what a row holds is contiguous.
struct ByteRows {
  const std::uint8_t* base;
  std::ptrdiff_t stride;
  std::vector<std::int64_t> numbers;
};

// Write the products of each of these rows with each of the others, or of the same where there are none, row by row, with
// so many threads.
void gram(const Kernels& kernels, const ByteRows& rows, const ByteRows* others, std::int64_t width, double* out, int threads);

}  // namespace chainrule
