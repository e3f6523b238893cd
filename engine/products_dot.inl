// The dot form: few columns, rows of A that are contiguous. Reads A once, at the speed of memory.
#pragma once

#include "products_pack.inl"

namespace chainrule::simd {
namespace {

// Rows and columns whose sums are in registers together: 4 vectors for each pair.
#if defined(CHAINRULE_AVX512)
constexpr int dot_rows(int columns) { return columns == 1 ? 4 : columns == 2 ? 3 : columns == 3 ? 2 : 1; }
constexpr int dot_columns = 7;
#else
constexpr int dot_rows(int) { return 1; }
constexpr int dot_columns = 1;
#endif

// Elements of B in a stretch of k, all columns together.
constexpr std::int64_t dot_stretch = 64 * 64;

// Adds 64 products, or fewer at the end, to the sums of `rows` x `columns` pairs.
template <typename T, int rows, int columns>
CHAINRULE_INLINE void add_products(const T* a, std::ptrdiff_t a_stride, const float* b, std::ptrdiff_t b_stride,
                                   std::int64_t count, Floats (&sums)[rows][columns][4]) {
  CHAINRULE_UNROLL
  for (int v = 0; v < 4; ++v) {
    if (count <= 16 * v) break;
    const std::int64_t n = count - 16 * v;
    Floats y[columns];
    CHAINRULE_UNROLL
    for (int j = 0; j < columns; ++j) y[j] = load_up_to(b + j * b_stride + 16 * v, n);
    CHAINRULE_UNROLL
    for (int i = 0; i < rows; ++i) {
      const Floats x = load_up_to(a + i * a_stride + 16 * v, n);
      CHAINRULE_UNROLL
      for (int j = 0; j < columns; ++j) sums[i][j][v] = fma(x, y[j], sums[i][j][v]);
    }
  }
}

struct Dots {
  std::int64_t first, last, depth;  // the range of k, of all k
  std::ptrdiff_t a_stride;
  const float* b;  // column j at b + j * b_stride
  std::ptrdiff_t b_stride;
  float* c;
  std::ptrdiff_t c_stride;
  bool accumulate;
};

// Sums of a stretch of k, or of the whole of it. Between stretches they wait in `waiting`.
template <typename T, int rows, int columns, bool whole>
void dot_tile(const T* a, const Dots& d, float* waiting) {
  Floats sums[rows][columns][4];
  const bool starts = whole || d.first == 0, ends = whole || d.last == d.depth;
  CHAINRULE_UNROLL
  for (int i = 0; i < rows; ++i) {
    CHAINRULE_UNROLL
    for (int j = 0; j < columns; ++j) {
      CHAINRULE_UNROLL
      for (int v = 0; v < 4; ++v) {
        sums[i][j][v] = starts ? zeros() : load(waiting + ((i * columns + j) * 4 + v) * 16);
      }
    }
  }
  std::int64_t k = d.first;
  for (; k + 64 <= d.last; k += 64) {
    CHAINRULE_UNROLL
    for (int i = 0; i < rows; ++i) {
      const T* const ahead = a + i * d.a_stride + k + 512;
      for (std::size_t line = 0; line < sizeof(T); ++line) prefetch(ahead + line * (64 / sizeof(T)));
    }
    add_products(a + k, d.a_stride, d.b + k, d.b_stride, 64, sums);
  }
  if (k < d.last) add_products(a + k, d.a_stride, d.b + k, d.b_stride, d.last - k, sums);
  CHAINRULE_UNROLL
  for (int i = 0; i < rows; ++i) {
    CHAINRULE_UNROLL
    for (int j = 0; j < columns; ++j) {
      Floats(&s)[4] = sums[i][j];
      if (ends) {
        float* c = d.c + i * d.c_stride + j;
        const float total = sum((s[0] + s[1]) + (s[2] + s[3]));
        *c = d.accumulate ? *c + total : total;
      } else {
        CHAINRULE_UNROLL
        for (int v = 0; v < 4; ++v) store(waiting + ((i * columns + j) * 4 + v) * 16, s[v]);
      }
    }
  }
}

// A stretch of k of some rows.
template <typename T, int columns, bool whole>
void dot_rows_of(const T* a, std::ptrdiff_t a_stride, std::int64_t rows, Dots d, float* waiting) {
  constexpr int height = dot_rows(columns);
  std::int64_t i = 0;
  for (; i + height <= rows; i += height, a += height * a_stride, d.c += height * d.c_stride) {
    dot_tile<T, height, columns, whole>(a, d, whole ? waiting : waiting + i * columns * 64);
  }
  for (; i < rows; ++i, a += a_stride, d.c += d.c_stride) {
    dot_tile<T, 1, columns, whole>(a, d, whole ? waiting : waiting + i * columns * 64);
  }
}

// All rows with `columns` columns.
template <typename T, int columns>
void dot_columns_of(const T* a, std::ptrdiff_t a_stride, std::int64_t rows, Dots d) {
  const std::int64_t stretch = dot_stretch / columns / 64 * 64;
  if (d.depth <= stretch) {
    d.last = d.depth;
    return dot_rows_of<T, columns, true>(a, a_stride, rows, d, nullptr);
  }
  float waiting[dot_group * columns * 64];
  for (std::int64_t i = 0; i < rows; i += dot_group, a += dot_group * a_stride, d.c += dot_group * d.c_stride) {
    for (d.first = 0; d.first < d.depth; d.first += stretch) {
      d.last = least(d.depth, d.first + stretch);
      dot_rows_of<T, columns, false>(a, a_stride, least(dot_group, rows - i), d, waiting);
    }
  }
}

template <typename T, int columns = dot_columns>
void dot_any(const T* a, std::ptrdiff_t a_stride, std::int64_t rows, std::int64_t wanted, const Dots& d) {
  if constexpr (columns > 0) {
    if (wanted == columns) return dot_columns_of<T, columns>(a, a_stride, rows, d);
    dot_any<T, columns - 1>(a, a_stride, rows, wanted, d);
  }
}

template <typename T>
void dot_all(const T* a, std::ptrdiff_t a_stride, std::int64_t rows, std::int64_t columns, Dots d) {
  for (std::int64_t j = 0; j < columns; j += dot_columns) {
    dot_any(a, a_stride, rows, least(dot_columns, columns - j), d);
    d.b += dot_columns * d.b_stride;
    d.c += dot_columns;
  }
}

// So few k that only the first of the four vectors has elements, and its tree is done for all columns at once.
template <int width>
void dot_short(const float* a, std::ptrdiff_t a_stride, const float* b, const Product& p) {
  const auto columns = static_cast<int>(p.columns), depth = static_cast<int>(p.depth);
  Floats y[width];
  CHAINRULE_UNROLL
  for (int k = 0; k < width; ++k) y[k] = k < depth ? load_first(b + k * columns, columns) : zeros();
  for (std::int64_t i = 0; i < p.rows; ++i) {
    Floats sums[width];
    CHAINRULE_UNROLL
    for (int k = 0; k < width; ++k) {
      sums[k] = k < depth ? fma(broadcast(a[i * a_stride + k]), y[k], zeros()) : zeros();
    }
    CHAINRULE_UNROLL
    for (int half = width / 2; half > 0; half /= 2) {
      CHAINRULE_UNROLL
      for (int k = 0; k < half; ++k) sums[k] = sums[k] + sums[k + half];
    }
    float* c = p.c + i * p.c_stride;
    store_first(c, p.accumulate ? load_first(c, columns) + sums[0] : sums[0], columns);
  }
}

void multiply_short(const Product& p, float* workspace) {
  const float* a = static_cast<const float*>(p.a.data);
  const float* b = static_cast<const float*>(p.b.data);
  std::ptrdiff_t a_stride = p.a.row_stride;
  float copy[16 * 8 + slack];
  if (p.b.type != DType::f32 || p.b.column_stride != 1 || p.b.row_stride != p.columns) {
    pack(p.b, 0, 0, p.depth, p.columns, copy, p.columns);
    b = copy;
  }
  if (p.a.type != DType::f32) {
    a_stride = p.depth;
    pack(p.a, 0, 0, p.rows, p.depth, workspace, a_stride);
    a = workspace;
  }
  if (p.depth <= 2) return dot_short<2>(a, a_stride, b, p);
  if (p.depth <= 4) return dot_short<4>(a, a_stride, b, p);
  if (p.depth <= 8) return dot_short<8>(a, a_stride, b, p);
  dot_short<16>(a, a_stride, b, p);
}

void multiply_dot(const Product& p, float* workspace) {
  if (is_short(p)) return multiply_short(p, workspace);
  Dots d{0, 0, p.depth, p.a.row_stride, static_cast<const float*>(p.b.data), 0, p.c, p.c_stride, p.accumulate};
  if (p.b.type != DType::f32 || p.columns > 1 || p.b.row_stride != 1) {
    d.b_stride = rounded(p.depth);
    pack(transposed(p.b), 0, 0, p.columns, p.depth, workspace, d.b_stride);
    d.b = workspace;
    workspace += p.columns * d.b_stride;
  }
  if (p.a.type == DType::f32) return dot_all(static_cast<const float*>(p.a.data), d.a_stride, p.rows, p.columns, d);
  if (p.a.type == DType::u8) {
    return dot_all(static_cast<const std::uint8_t*>(p.a.data), d.a_stride, p.rows, p.columns, d);
  }
  d.a_stride = rounded(p.depth);
  for (std::int64_t i = 0; i < p.rows; i += dot_group) {
    const std::int64_t rows = least(dot_group, p.rows - i);
    pack(p.a, i, 0, rows, p.depth, workspace, d.a_stride);
    dot_all(workspace, d.a_stride, rows, p.columns, d);
    d.c += rows * p.c_stride;
  }
}

}  // namespace
}  // namespace chainrule::simd
