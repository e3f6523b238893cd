// The inner loop of gram.hpp, for one instruction set.
#pragma once

#include <cstddef>
#include <cstdint>

namespace chainrule {

// Rows of each side that are multiplied together.
inline constexpr int gram_tile_rows = 3;

// sums[i * gram_tile_rows + j] = the sum of a[i][k] * b[j][k] for k < count; rows lie `stride` apart on both sides.
using GramTile = void (*)(const std::int16_t* a, const std::int16_t* b, std::ptrdiff_t stride, std::int64_t count,
                          std::int32_t* sums);

}  // namespace chainrule
