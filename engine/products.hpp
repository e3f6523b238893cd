// Matrix products in float32, C = A @ B or C += A @ B.
//
// Every element of C is one chain of fused multiply-adds in increasing k, whatever the processor, the position and the
// number of threads (the tile form); with fewer than 8 columns it is a sum of 64 such chains in a fixed tree (the dot
// form).
#pragma once

#include <cstddef>
#include <cstdint>

namespace chainrule {

enum class DType : std::uint8_t { f32, f64, f16, u8 };

// Strides in elements, so that a transposed matrix is one with its strides exchanged.
struct Matrix {
  const void* data;
  DType type;
  std::ptrdiff_t row_stride, column_stride;
};

struct Product {
  std::int64_t rows, columns, depth;
  Matrix a, b;
  float* c;
  std::ptrdiff_t c_stride;
  bool accumulate;
};

}  // namespace chainrule
