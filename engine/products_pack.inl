// Operands copied to where the tiles read them in order, and converted to float32 on the way.
#pragma once

namespace chainrule::simd {
namespace {

template <typename Function>
CHAINRULE_INLINE void with_elements(const Matrix& matrix, Function function) {
  switch (matrix.type) {
    case DType::f32: return function(static_cast<const float*>(matrix.data));
    case DType::f64: return function(static_cast<const double*>(matrix.data));
    case DType::f16: return function(static_cast<const Half*>(matrix.data));
    case DType::u8: return function(static_cast<const std::uint8_t*>(matrix.data));
    case DType::place: return;  // never packed
  }
}

CHAINRULE_INLINE std::int64_t least(std::int64_t a, std::int64_t b) { return a < b ? a : b; }

// As a vector, without reading beyond `count` elements.
template <typename T>
CHAINRULE_INLINE Floats load_up_to(const T* p, std::int64_t count) {
  return count >= 16 ? load(p) : load_first(p, static_cast<int>(count));
}

template <typename T>
CHAINRULE_INLINE float convert(const T* p) {
  float first[16];
  store(first, load_first(p, 1));
  return first[0];
}
CHAINRULE_INLINE float convert(const float* p) { return *p; }
CHAINRULE_INLINE float convert(const double* p) { return static_cast<float>(*p); }
CHAINRULE_INLINE float convert(const std::uint8_t* p) { return static_cast<float>(*p); }

// to[i * to_stride + j] = from[i * stride + j] of rows x width; writes whole vectors.
template <typename T>
void pack_contiguous(const T* from, std::ptrdiff_t stride, std::int64_t rows, std::int64_t width, float* to,
                     std::ptrdiff_t to_stride) {
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < width; j += 16) {
      store(to + i * to_stride + j, load_up_to(from + i * stride + j, width - j));
    }
  }
}

// to[i * to_stride + j] = from[i + j * stride]; writes whole vectors, those beyond the width as zeros.
template <typename T>
void pack_transposed(const T* from, std::ptrdiff_t stride, std::int64_t rows, std::int64_t width, float* to,
                     std::ptrdiff_t to_stride) {
  for (std::int64_t i = 0; i < rows; i += 16) {
    const std::int64_t height = least(16, rows - i);
    for (std::int64_t j = 0; j < width; j += 16) {
      Floats square[16];
      CHAINRULE_UNROLL
      for (int s = 0; s < 16; ++s) {
        square[s] = j + s < width ? load_up_to(from + i + (j + s) * stride, height) : zeros();
      }
      transpose(square);
      float* out = to + i * to_stride + j;
      if (height == 16) {
        CHAINRULE_UNROLL
        for (int s = 0; s < 16; ++s) store(out + s * to_stride, square[s]);
      } else {
        for (int s = 0; s < height; ++s) store(out + s * to_stride, square[s]);
      }
    }
  }
}

template <typename T>
void pack_strided(const T* from, std::ptrdiff_t row_stride, std::ptrdiff_t column_stride, std::int64_t rows,
                  std::int64_t width, float* to, std::ptrdiff_t to_stride) {
  for (std::int64_t i = 0; i < rows; ++i) {
    std::int64_t j = 0;
    for (; j < width; ++j) to[i * to_stride + j] = convert(from + i * row_stride + j * column_stride);
    for (; j % 16 != 0; ++j) to[i * to_stride + j] = 0;
  }
}

// to[i * to_stride + j] = element (row + i, column + j); the last vector of each row is filled up with zeros.
// Rows are written in order, so a row may run into the next one's place.
void pack(const Matrix& matrix, std::int64_t row, std::int64_t column, std::int64_t rows,
          std::int64_t width, float* to, std::ptrdiff_t to_stride) {
  with_elements(matrix, [&](const auto* data) {
    const auto* from = data + row * matrix.row_stride + column * matrix.column_stride;
    if (matrix.column_stride == 1) return pack_contiguous(from, matrix.row_stride, rows, width, to, to_stride);
    if (matrix.row_stride == 1) return pack_transposed(from, matrix.column_stride, rows, width, to, to_stride);
    pack_strided(from, matrix.row_stride, matrix.column_stride, rows, width, to, to_stride);
  });
}

CHAINRULE_INLINE Matrix transposed(const Matrix& matrix) {
  return {matrix.data, matrix.type, matrix.column_stride, matrix.row_stride};
}

}  // namespace
}  // namespace chainrule::simd
