// Products of rows of whole numbers, for one instruction set.
#pragma once

#include "gram_kernels.hpp"
#include "simd.hpp"

namespace chainrule::simd {
namespace {

// Compilers know this sum of products of 16-bit numbers: two of them in each lane are added at once.
void gram_tile(const std::int16_t* a, const std::int16_t* b, std::ptrdiff_t stride, std::int64_t count, std::int32_t* sums) {
  std::int32_t found[gram_tile_rows][gram_tile_rows] = {};
  for (std::int64_t k = 0; k < count; ++k) {
    CHAINRULE_UNROLL
    for (int i = 0; i < gram_tile_rows; ++i) {
      CHAINRULE_UNROLL
      for (int j = 0; j < gram_tile_rows; ++j) {
        found[i][j] += static_cast<std::int32_t>(a[i * stride + k]) * static_cast<std::int32_t>(b[j * stride + k]);
      }
    }
  }
  for (int i = 0; i < gram_tile_rows; ++i) {
    for (int j = 0; j < gram_tile_rows; ++j) sums[i * gram_tile_rows + j] = found[i][j];
  }
}

}  // namespace
}  // namespace chainrule::simd
