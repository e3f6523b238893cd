// The inner loops of products.hpp, for one instruction set, and what they share with products.cpp.
#pragma once

#include "products.hpp"
#include "products_tile.hpp"

namespace chainrule {

// The strategy follows from shapes and strides alone.
enum class Form {
  tiles,   // vectors along the columns of C
  tall,    // the same sums, vectors along the rows of C: few columns, and columns of A that are contiguous
  dot,     // the dot form
  places,  // rows of B are added at the places of ones
};

Form form(const Product& product);

// A product of so few tiles may be seen as these.
constexpr std::int64_t few_tiles = 4;

// Each takes any part of a product of its form that has at least one row, column and k.
struct ProductKernels {
  ProductLoop tiles, tall, dot;
  // The calls that a product of the tile form is: how many, or 0 where there is more to do than these.
  std::int64_t (*as_tiles)(const Product& product, TileCall (&into)[few_tiles]);
  // Whether the tile form reads A as it lies, so that it may be rows that lie anywhere.
  bool (*reads_as_it_lies)(const Product& product);
};

// Packed A: blocks of at most `block_rows` x `block_depth`.
constexpr std::int64_t block_rows = 512, block_depth = 512;
constexpr std::int64_t packed_columns = 32;  // columns of a packed panel of B, at most
// Columns of B that are packed together, so that whole stretches of its rows are read; they stay in the second cache.
constexpr std::int64_t stripe_columns = 64;
// Vectors are stored whole: what is packed may be followed by 15 floats that mean nothing.
constexpr std::int64_t slack = 16;

// In the dot form: so few k that the tree over the chains is done for all columns at once.
constexpr bool is_short(const Product& product) { return product.depth <= 16; }

// A converted block of A lies as A does, and stays in the second cache. Its rows begin with a line, and no two that follow
// each other share a place of the first cache.
constexpr std::int64_t converted_numbers = 64 << 10;
constexpr std::int64_t converted_rows(std::int64_t depth) {
  const std::int64_t rows = converted_numbers / depth;
  return rows < block_rows ? rows : block_rows;
}
constexpr std::int64_t converted_stride(std::int64_t length) { return (length + 15) / 16 * 16 + 16; }

// Floats of a packed or converted block of A; what lies behind it starts with a line of the cache.
constexpr std::int64_t packed_floats(const Product& product) {
  const std::int64_t rows = product.rows < block_rows ? product.rows : block_rows;
  const std::int64_t depth = product.depth < block_depth ? product.depth : block_depth;
  const std::int64_t by_rows = rows * converted_stride(depth), by_columns = depth * converted_stride(rows);
  return (by_rows > by_columns ? by_rows : by_columns) + slack;
}

// Floats of a packed stripe of B.
constexpr std::int64_t packed_stripe(const Product& product) {
  const std::int64_t columns = product.columns < stripe_columns ? product.columns : stripe_columns;
  const std::int64_t depth = product.depth < block_depth ? product.depth : block_depth;
  return depth * ((columns + packed_columns - 1) / packed_columns * packed_columns) + slack;
}

// k that the tall form adds before it writes C: rows of A that are far apart may share one place of the first cache. More of
// them where C is read number by number. And how many rows it converts at a time.
constexpr std::int64_t tall_depth(std::int64_t columns) { return columns == 1 ? 4 : 8; }
constexpr std::int64_t tall_height = 512;

// Rows that share a stretch of B in the dot form while it is in the first cache.
constexpr int dot_group = 8;
// The chains of the dot form take 64 elements at a time.
constexpr std::int64_t dot_chunk = 64;
constexpr std::int64_t rounded(std::int64_t depth) { return (depth + dot_chunk - 1) / dot_chunk * dot_chunk; }

}  // namespace chainrule
