// Few columns of C, and columns of A that are contiguous, as in X.T @ dZ: vectors along the rows of C.
#pragma once

#include <type_traits>

#include "products_pack.inl"

namespace chainrule::simd {
namespace {

// Vectors of rows whose sums are in registers together, for every column.
#if defined(CHAINRULE_AVX512)
constexpr int tall_vectors(int) { return 4; }
#elif defined(CHAINRULE_SCALAR)
constexpr int tall_vectors(int) { return 1; }
#else
constexpr int tall_vectors(int columns) { return columns == 1 ? 4 : columns <= 3 ? 2 : 1; }
#endif

// A matrix of at most so many bytes is in a cache: there is no need to read it in order.
constexpr std::int64_t tall_small = 256 << 10;

// Each of these k reads another stretch of memory; how far ahead, in bytes, it is fetched.
constexpr std::ptrdiff_t tall_ahead = 256;

struct Tall {
  std::int64_t depth;
  std::ptrdiff_t a_stride;
  const float* b;
  std::ptrdiff_t b_row, b_column;
  float* c;
  std::ptrdiff_t c_stride;
  bool accumulate;
  bool continues;
  std::ptrdiff_t ahead;  // in bytes, from what is read to what is fetched
  // Where A is rows that lie anywhere, seen as columns.
  const float* const* anywhere = nullptr;
  std::ptrdiff_t offset = 0;
};

// sums[j] holds column j of 16 rows of C, `count` of which exist.
template <int columns>
CHAINRULE_INLINE void load_rows(const float* c, std::ptrdiff_t c_stride, std::int64_t count,
                                Floats (&sums)[columns]) {
  if (columns == 1 && c_stride == 1) {
    sums[0] = load_up_to(c, count);
    return;
  }
  float rows[columns][16] = {};
  for (std::int64_t i = 0; i < least(count, 16); ++i) {
    for (int j = 0; j < columns; ++j) rows[j][i] = c[i * c_stride + j];
  }
  for (int j = 0; j < columns; ++j) sums[j] = load(rows[j]);
}

template <int columns>
CHAINRULE_INLINE void store_rows(float* c, std::ptrdiff_t c_stride, std::int64_t count,
                                 const Floats (&sums)[columns]) {
  if (columns == 1 && c_stride == 1) {
    if (count >= 16) return store(c, sums[0]);
    return store_first(c, sums[0], static_cast<int>(count));
  }
  float rows[columns][16];
  for (int j = 0; j < columns; ++j) store(rows[j], sums[j]);
  for (std::int64_t i = 0; i < least(count, 16); ++i) {
    for (int j = 0; j < columns; ++j) c[i * c_stride + j] = rows[j][i];
  }
}

// What the next block will read, or the next tile.
template <std::size_t bytes>
CHAINRULE_INLINE void fetch_ahead(const void* from, const Tall& t) {
  const char* const next = static_cast<const char*>(from) + t.ahead;
  CHAINRULE_UNROLL
  for (std::size_t byte = 0; byte < bytes; byte += 64) {
    if (t.continues) {
      prefetch_second(next + byte);
    } else {
      prefetch(next + byte);
    }
  }
}

// `rows` of C: 16 for each vector, but for the last one where they are not whole.
template <typename T, int vectors, int columns, bool whole>
void tall_tile(const T* a, const Tall& t, std::int64_t rows) {
  const auto last = static_cast<int>(rows - 16 * (vectors - 1));
  Floats sums[vectors][columns];
  CHAINRULE_UNROLL
  for (int v = 0; v < vectors; ++v) {
    CHAINRULE_UNROLL
    for (int j = 0; j < columns; ++j) sums[v][j] = zeros();
    if (t.accumulate) load_rows(t.c + 16 * v * t.c_stride, t.c_stride, rows - 16 * v, sums[v]);
  }
  const float* b = t.b;
  for (std::int64_t k = 0; k < t.depth; ++k) {
    if constexpr (std::is_same_v<T, float>) {
      if (t.anywhere) a = t.anywhere[k] + t.offset;
    }
    if constexpr (whole) fetch_ahead<16 * vectors * sizeof(T)>(a, t);
    CHAINRULE_UNROLL
    for (int v = 0; v < vectors; ++v) {
      const Floats x = whole || v + 1 < vectors ? load(a + 16 * v) : load_first(a + 16 * v, last);
      CHAINRULE_UNROLL
      for (int j = 0; j < columns; ++j) sums[v][j] = fma(x, broadcast(b[j * t.b_column]), sums[v][j]);
    }
    a += t.a_stride;
    b += t.b_row;
  }
  CHAINRULE_UNROLL
  for (int v = 0; v < vectors; ++v) store_rows(t.c + 16 * v * t.c_stride, t.c_stride, rows - 16 * v, sums[v]);
}

// The most common case on its own, as compilers keep its sums in registers then: whole vectors of a single column in one
// piece of C.
template <typename T, int vectors>
void tall_column(const T* a, const Tall& t) {
  Floats sums[vectors];
  CHAINRULE_UNROLL
  for (int v = 0; v < vectors; ++v) sums[v] = t.accumulate ? load(t.c + 16 * v) : zeros();
  const float* b = t.b;
  for (std::int64_t k = 0; k < t.depth; ++k, a += t.a_stride, b += t.b_row) {
    fetch_ahead<16 * vectors * sizeof(T)>(a, t);
    const Floats y = broadcast(*b);
    CHAINRULE_UNROLL
    for (int v = 0; v < vectors; ++v) sums[v] = fma(load(a + 16 * v), y, sums[v]);
  }
  CHAINRULE_UNROLL
  for (int v = 0; v < vectors; ++v) store(t.c + 16 * v, sums[v]);
}

// The last rows, fewer than fill so many vectors.
template <typename T, int vectors, int columns>
void tall_rest(const T* a, std::int64_t rows, const Tall& t) {
  if constexpr (vectors > 0) {
    if (rows > 16 * (vectors - 1)) return tall_tile<T, vectors, columns, false>(a, t, rows);
    tall_rest<T, vectors - 1, columns>(a, rows, t);
  }
}

template <typename T, int columns>
void tall_rows(const T* a, std::int64_t rows, Tall t) {
  constexpr int vectors = tall_vectors(columns), height = 16 * vectors;
  for (; rows >= height; rows -= height, a += height) {
    if (columns == 1 && t.c_stride == 1 && !t.anywhere) {
      tall_column<T, vectors>(a, t);
    } else {
      tall_tile<T, vectors, columns, true>(a, t, height);
    }
    t.c += height * t.c_stride;
    t.offset += height;
  }
  tall_rest<T, vectors, columns>(a, rows, t);
}

template <typename T, int columns = 7>
void tall_columns(const T* a, std::int64_t rows, std::int64_t wanted, const Tall& t) {
  if constexpr (columns > 0) {
    if (wanted == columns) return tall_rows<T, columns>(a, rows, t);
    tall_columns<T, columns - 1>(a, rows, wanted, t);
  }
}

void multiply_tall(const Product& p, float* workspace) {
  Tall t{0,   p.a.column_stride, static_cast<const float*>(p.b.data), p.b.row_stride, p.b.column_stride,
         p.c, p.c_stride,        p.accumulate,                        p.continues,    tall_ahead};
  if (p.b.type != DType::f32) {
    pack(p.b, 0, 0, p.depth, p.columns, workspace, p.columns);
    t.b = workspace;
    t.b_row = p.columns;
    t.b_column = 1;
    workspace += p.depth * p.columns + slack;
  }
  if (p.a.rows) {
    t.depth = p.depth;
    t.anywhere = p.a.rows;
    t.offset = p.a.offset;
    return tall_columns(static_cast<const float*>(p.a.data), p.rows, p.columns, t);
  }
  const bool is_direct = p.a.type == DType::f32 || p.a.type == DType::u8;
  const bool is_small = p.depth * p.a.column_stride * static_cast<std::int64_t>(sizeof(float)) <= tall_small;
  const std::int64_t depth_step = is_direct && is_small ? p.depth : tall_depth(p.columns);
  for (std::int64_t k = 0; k < p.depth; k += depth_step) {
    t.depth = least(depth_step, p.depth - k);
    if (p.continues) t.ahead = p.depth * p.a.column_stride * (p.a.type == DType::f32 ? 4 : 1);
    if (p.a.type == DType::f32) {
      tall_columns(static_cast<const float*>(p.a.data) + k * p.a.column_stride, p.rows, p.columns, t);
    } else if (p.a.type == DType::u8) {
      tall_columns(static_cast<const std::uint8_t*>(p.a.data) + k * p.a.column_stride, p.rows, p.columns, t);
    } else {
      Tall part = t;
      part.a_stride = tall_height;
      part.continues = false;
      part.ahead = tall_ahead;
      for (std::int64_t i = 0; i < p.rows; i += tall_height) {
        const std::int64_t rows = least(tall_height, p.rows - i);
        pack(transposed(p.a), k, i, t.depth, rows, workspace, tall_height);
        part.c = t.c + i * t.c_stride;
        tall_columns(workspace, rows, p.columns, part);
      }
    }
    t.b += depth_step * t.b_row;
    t.accumulate = true;
  }
}

}  // namespace
}  // namespace chainrule::simd
