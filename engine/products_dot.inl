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

constexpr int dot_group = 8;                   // rows that share a stretch of B while it is in the first cache
constexpr std::int64_t dot_stretch = 64 * 64;  // elements of that stretch, all columns together

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

// Sums of a stretch of k. Between stretches they wait in `waiting`.
template <typename T, int rows, int columns>
void dot_tile(const T* a, const Dots& d, float* waiting) {
  Floats sums[rows][columns][4];
  const bool starts = d.first == 0, ends = d.last == d.depth;
  CHAINRULE_UNROLL
  for (int i = 0; i < rows; ++i) {
    CHAINRULE_UNROLL
    for (int j = 0; j < columns; ++j) {
      CHAINRULE_UNROLL
      for (int v = 0; v < 4; ++v) sums[i][j][v] = starts ? zeros() : load(waiting + ((i * columns + j) * 4 + v) * 16);
    }
  }
  std::int64_t k = d.first;
  for (; k + 64 <= d.last; k += 64) {
    CHAINRULE_UNROLL
    for (int i = 0; i < rows; ++i) {
      for (std::size_t line = 0; line < sizeof(T); ++line) prefetch(a + i * d.a_stride + k + 512 + line * (64 / sizeof(T)));
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

// All rows with `columns` columns.
template <typename T, int columns>
void dot_columns_of(const T* a, std::ptrdiff_t a_stride, std::int64_t rows, Dots d) {
  constexpr int height = dot_rows(columns);
  const std::int64_t stretch = dot_stretch / columns / 64 * 64;
  float waiting[dot_group * columns * 64];
  float* const c = d.c;
  for (std::int64_t group = 0; group < rows; group += dot_group) {
    const std::int64_t end = least(rows, group + dot_group);
    for (d.first = 0; d.first < d.depth; d.first += stretch) {
      d.last = least(d.depth, d.first + stretch);
      std::int64_t i = group;
      for (; i + height <= end; i += height) {
        d.c = c + i * d.c_stride;
        dot_tile<T, height, columns>(a + i * a_stride, d, waiting + (i - group) * columns * 64);
      }
      for (; i < end; ++i) {
        d.c = c + i * d.c_stride;
        dot_tile<T, 1, columns>(a + i * a_stride, d, waiting + (i - group) * columns * 64);
      }
    }
  }
}

template <typename T, int columns = dot_columns>
void dot_any(const T* a, const Product& p, Dots d) {
  if constexpr (columns > 0) {
    if (p.columns == columns) return dot_columns_of<T, columns>(a, p.a.row_stride, p.rows, d);
    dot_any<T, columns - 1>(a, p, d);
  }
}

template <typename T>
void dot_all(const T* a, const Product& p, Dots d) {
  if (dot_columns > 1) return dot_any(a, p, d);
  for (std::int64_t j = 0; j < p.columns; ++j) {
    dot_columns_of<T, 1>(a, p.a.row_stride, p.rows, d);
    d.b += d.b_stride;
    d.c += 1;
  }
}

// At most 16 k: only the first of the four vectors has elements, and its tree is done for all columns at once.
template <int width, typename T>
void dot_short(const T* a, const Product& p, const float* b) {
  const auto columns = static_cast<int>(p.columns), depth = static_cast<int>(p.depth);
  Floats y[width];
  CHAINRULE_UNROLL
  for (int k = 0; k < width; ++k) y[k] = k < depth ? load_first(b + k * columns, columns) : zeros();
  for (std::int64_t i = 0; i < p.rows; ++i) {
    Floats sums[width];
    CHAINRULE_UNROLL
    for (int k = 0; k < width; ++k) {
      sums[k] = k < depth ? fma(broadcast(convert(a + i * p.a.row_stride + k)), y[k], zeros()) : zeros();
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

void multiply_dot(const Product& p, float* workspace) {
  const bool is_plain = p.b.type == DType::f32;
  if (p.depth <= 16 && p.columns > 1) {
    float copy[16 * 8 + slack];
    const float* b = static_cast<const float*>(p.b.data);
    if (!is_plain || p.b.column_stride != 1 || p.b.row_stride != p.columns) {
      pack(p.b, 0, 0, p.depth, p.columns, copy, p.columns);
      b = copy;
    }
    return with_elements(p.a, [&](const auto* a) {
      if (p.depth <= 2) return dot_short<2>(a, p, b);
      if (p.depth <= 4) return dot_short<4>(a, p, b);
      if (p.depth <= 8) return dot_short<8>(a, p, b);
      dot_short<16>(a, p, b);
    });
  }
  Dots d{0, 0, p.depth, p.a.row_stride, static_cast<const float*>(p.b.data), 0, p.c, p.c_stride, p.accumulate};
  if (!is_plain || p.columns > 1 || p.b.row_stride != 1) {
    d.b_stride = rounded(p.depth);
    pack(transposed(p.b), 0, 0, p.columns, p.depth, workspace, d.b_stride);
    d.b = workspace;
  }
  with_elements(p.a, [&](const auto* a) { dot_all(a, p, d); });
}

}  // namespace
}  // namespace chainrule::simd
