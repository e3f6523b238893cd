// Uniform random numbers, and transposed copies.
#pragma once

#include <cstdint>

namespace chainrule {

// Write numbers start, start + 1, ... of the stream that seed, step and node name: those of
// chainrule.random.uniform((seed, step, node), count, start), bit for bit.
void draw_uniform(std::uint64_t seed, std::int64_t step, std::int64_t node, std::int64_t start, std::int64_t count,
                  float* out);

// Write the transpose of a matrix with so many rows and columns.
void transpose(const float* matrix, std::int64_t rows, std::int64_t columns, float* out);

}  // namespace chainrule
