// A tile of C in registers: its sums run over a range of k and go back to memory once.
#pragma once

#include <cmath>

#include "products_kernels.hpp"

namespace chainrule::simd {
namespace {

#if defined(CHAINRULE_AVX512)
constexpr int tile_rows = 14, tile_vectors = 2;  // 28 sums, 2 of B and 1 of A in 32 registers
#elif defined(CHAINRULE_SCALAR)
constexpr int tile_rows = 4, tile_vectors = 1;
#else
constexpr int tile_rows = 6, tile_vectors = 1;  // 12 registers of 16, or 24 of 32 on ARM
#endif
constexpr int tile_columns = 16 * tile_vectors;

// Tiles of one or two rows would wait for their own sums: where registers are left, they are wider.
#if defined(CHAINRULE_AVX2)
constexpr int wide_rows = 2, wide_vectors = 2;
#else
constexpr int wide_rows = 0, wide_vectors = tile_vectors;
#endif

// Where a vector is two registers, the last columns of a product may need but one.
#if defined(CHAINRULE_AVX2)
constexpr int narrow_columns = 8;
#else
constexpr int narrow_columns = 0;
#endif

// Rows of a single column that are made together.
#if defined(CHAINRULE_AVX2)
constexpr int single_rows = 10;
#else
constexpr int single_rows = 0;
#endif

// A load under a mask costs nothing on AVX-512, so one kind of tile will do.
#if defined(CHAINRULE_AVX512)
constexpr bool always_masked = true;
#else
constexpr bool always_masked = false;
#endif

// How A lies in memory: element (i, k) of the tile's rows is at
enum class Layout {
  columns,  // a[i + k * a_stride]
  rows,     // a[i * a_stride + k]
  packed,   // a[i + k * rows of the tile]
  rows_anywhere,     // a_rows[i][k + a_offset]
  columns_anywhere,  // a_rows[k][i + a_offset]
};

// `masked`: B may not be read beyond its last column.
template <int rows, int vectors, Layout layout, bool masked>
void multiply_tile(const Tile& t) {
  Floats sums[rows][vectors];
  const int last = t.last;
  CHAINRULE_UNROLL
  for (int i = 0; i < rows; ++i) {
    const float* c = t.c + i * t.c_stride;
    CHAINRULE_UNROLL
    for (int v = 0; v < vectors; ++v) {
      if (!t.accumulate) {
        sums[i][v] = zeros();
      } else {
        sums[i][v] = v + 1 < vectors ? load(c + 16 * v) : load_first(c + 16 * v, last);
      }
    }
  }
  const float* a = t.a;
  const float* b = t.b;
  const std::ptrdiff_t a_stride = layout == Layout::packed ? rows : t.a_stride;
  const float* starts[rows];
  if constexpr (layout == Layout::rows_anywhere) {
    CHAINRULE_UNROLL
    for (int i = 0; i < rows; ++i) starts[i] = t.a_rows[i] + t.a_offset;
  }
  CHAINRULE_UNROLL_SOME
  for (std::int64_t k = 0; k < t.depth; ++k) {
    if constexpr (layout == Layout::columns_anywhere) a = t.a_rows[k] + t.a_offset;
    Floats row[vectors];
    CHAINRULE_UNROLL
    for (int v = 0; v < vectors; ++v) {
      row[v] = v + 1 < vectors || !masked ? load(b + 16 * v) : load_first(b + 16 * v, last);
    }
    CHAINRULE_UNROLL
    for (int i = 0; i < rows; ++i) {
      const Floats x = broadcast(layout == Layout::rows_anywhere ? starts[i][k]
                                 : layout == Layout::rows        ? a[i * a_stride]
                                                                 : a[i]);
      CHAINRULE_UNROLL
      for (int v = 0; v < vectors; ++v) sums[i][v] = fma(x, row[v], sums[i][v]);
    }
    a += layout == Layout::rows ? 1 : a_stride;
    b += t.b_stride;
  }
  CHAINRULE_UNROLL
  for (int i = 0; i < rows; ++i) {
    float* c = t.c + i * t.c_stride;
    CHAINRULE_UNROLL
    for (int v = 0; v < vectors; ++v) {
      if (v + 1 < vectors) {
        store(c + 16 * v, sums[i][v]);
      } else {
        store_first(c + 16 * v, sums[i][v], last);
      }
    }
  }
}

#if defined(CHAINRULE_AVX2)
// The same for at most 8 columns.
template <int rows, Layout layout, bool masked>
void multiply_narrow(const Tile& t) {
  __m256 sums[rows];
  const int last = t.last;
  CHAINRULE_UNROLL
  for (int i = 0; i < rows; ++i) {
    sums[i] = t.accumulate ? load_first(t.c + i * t.c_stride, last).low : _mm256_setzero_ps();
  }
  const float* a = t.a;
  const float* b = t.b;
  const std::ptrdiff_t a_stride = layout == Layout::packed ? rows : t.a_stride;
  const float* starts[rows];
  CHAINRULE_UNROLL
  for (int i = 0; i < rows; ++i) {
    if constexpr (layout == Layout::rows_anywhere) starts[i] = t.a_rows[i] + t.a_offset;
    if constexpr (layout == Layout::rows) starts[i] = a + i * a_stride;
  }
  CHAINRULE_UNROLL_SOME
  for (std::int64_t k = 0; k < t.depth; ++k) {
    if constexpr (layout == Layout::columns_anywhere) a = t.a_rows[k] + t.a_offset;
    const __m256 row = masked ? load_first(b, last).low : _mm256_loadu_ps(b);
    CHAINRULE_UNROLL
    for (int i = 0; i < rows; ++i) {
      const bool by_row = layout == Layout::rows_anywhere || layout == Layout::rows;
      sums[i] = _mm256_fmadd_ps(_mm256_broadcast_ss(by_row ? starts[i] + k : a + i), row, sums[i]);
    }
    a += a_stride;
    b += t.b_stride;
  }
  CHAINRULE_UNROLL
  for (int i = 0; i < rows; ++i) store_first(t.c + i * t.c_stride, {sums[i], sums[i]}, last);
}

// One column of rows that lie in one piece each: single numbers need no broadcast, and more rows fit.
template <int rows, Layout layout>
void multiply_single(const Tile& t) {
  float sums[rows];
  const float* starts[rows];
  CHAINRULE_UNROLL
  for (int i = 0; i < rows; ++i) {
    sums[i] = t.accumulate ? t.c[i * t.c_stride] : 0.0f;
    starts[i] = layout == Layout::rows_anywhere ? t.a_rows[i] + t.a_offset : t.a + i * t.a_stride;
  }
  const float* b = t.b;
  for (std::int64_t k = 0; k < t.depth; ++k, b += t.b_stride) {
    const float y = *b;
    CHAINRULE_UNROLL
    for (int i = 0; i < rows; ++i) sums[i] = std::fma(starts[i][k], y, sums[i]);
  }
  CHAINRULE_UNROLL
  for (int i = 0; i < rows; ++i) t.c[i * t.c_stride] = sums[i];
}
#endif

struct TileTable {
  TileLoop of[2][wide_vectors][tile_rows];  // by masked, vectors - 1, rows - 1
  TileLoop narrow[2][tile_rows];            // by masked, rows - 1
  TileLoop single[single_rows + 1];         // by rows - 1
};

template <Layout layout, int rows>
constexpr void fill(TileTable& table) {
  if constexpr (rows > 0) {
    table.of[0][0][rows - 1] = multiply_tile<rows, 1, layout, always_masked>;
    table.of[1][0][rows - 1] = multiply_tile<rows, 1, layout, true>;
    if constexpr (tile_vectors > 1 || rows <= wide_rows) {
      table.of[0][1][rows - 1] = multiply_tile<rows, 2, layout, always_masked>;
      table.of[1][1][rows - 1] = multiply_tile<rows, 2, layout, true>;
    }
#if defined(CHAINRULE_AVX2)
    table.narrow[0][rows - 1] = multiply_narrow<rows, layout, false>;
    table.narrow[1][rows - 1] = multiply_narrow<rows, layout, true>;
#endif
    fill<layout, rows - 1>(table);
  }
}

#if defined(CHAINRULE_AVX2)
template <Layout layout, int rows>
constexpr void fill_single(TileTable& table) {
  if constexpr (rows > 0) {
    table.single[rows - 1] = multiply_single<rows, layout>;
    fill_single<layout, rows - 1>(table);
  }
}
#endif

template <Layout layout>
constexpr TileTable table() {
  TileTable result{};
  fill<layout, tile_rows>(result);
#if defined(CHAINRULE_AVX2)
  if constexpr (layout == Layout::rows || layout == Layout::rows_anywhere) fill_single<layout, single_rows>(result);
#endif
  return result;
}

constexpr TileTable tiles_of[] = {table<Layout::columns>(), table<Layout::rows>(), table<Layout::packed>(),
                                  table<Layout::rows_anywhere>(), table<Layout::columns_anywhere>()};

}  // namespace
}  // namespace chainrule::simd
