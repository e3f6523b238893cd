#include "draw.hpp"

#include <algorithm>

namespace chainrule {
namespace {

constexpr std::uint64_t golden = 0x9E3779B97F4A7C15;

// The finaliser of SplitMix64, as in chainrule/random.py.
std::uint64_t mix(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

}  // namespace

void draw_uniform(std::uint64_t seed, std::int64_t step, std::int64_t node, std::int64_t start, std::int64_t count,
                  float* out) {
  std::uint64_t key = 0;
  for (const std::uint64_t part : {seed, static_cast<std::uint64_t>(step), static_cast<std::uint64_t>(node)}) {
    key = mix(key + golden + part);
  }
  std::uint64_t at = key + golden * (static_cast<std::uint64_t>(start) + 1);
  for (std::int64_t i = 0; i < count; ++i, at += golden) {
    out[i] = static_cast<float>(static_cast<std::int32_t>(mix(at) >> 40)) * 0x1p-24f;
  }
}

void transpose(const float* matrix, std::int64_t rows, std::int64_t columns, float* out) {
  constexpr std::int64_t tile = 16;  // a line of the cache
  for (std::int64_t row = 0; row < rows; row += tile) {
    const std::int64_t last_row = std::min(row + tile, rows);
    for (std::int64_t column = 0; column < columns; column += tile) {
      const std::int64_t last_column = std::min(column + tile, columns);
      for (std::int64_t j = column; j < last_column; ++j) {
        for (std::int64_t i = row; i < last_row; ++i) out[j * rows + i] = matrix[i * columns + j];
      }
    }
  }
}

}  // namespace chainrule
