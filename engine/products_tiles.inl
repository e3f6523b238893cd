// The tile form: A in blocks that stay in the second cache, B in panels that stay in the first.
#pragma once

#include "products_pack.inl"
#include "products_tile.inl"

namespace chainrule::simd {
namespace {

// A block of A as the tiles see it.
struct Block {
  Layout layout;
  const float* a;
  std::ptrdiff_t stride;
  std::int64_t rows, depth;
};

CHAINRULE_INLINE std::int64_t ratio_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

// The block times a panel of B of at most tile_columns, into `c`.
CHAINRULE_INLINE void multiply_panel(const Block& block, const float* b, std::ptrdiff_t b_stride, std::int64_t columns,
                                     bool padded, float* c, std::ptrdiff_t c_stride, bool accumulate) {
  const auto vectors = static_cast<int>(ratio_up(columns, 16));
  const auto last = static_cast<int>(columns - 16 * (vectors - 1));
  const auto& tiles = tiles_of[static_cast<int>(block.layout)].of[!padded && last < 16 ? 1 : 0][vectors - 1];
  const std::ptrdiff_t row_stride = block.layout == Layout::columns ? 1 : block.stride;
  // Rows are dealt out evenly: a tile of few rows would wait for its own sums.
  const std::int64_t count = ratio_up(block.rows, tile_rows), height = block.rows / count, higher = block.rows % count;
  std::int64_t row = 0;
  for (std::int64_t t = 0; t < count; ++t) {
    const std::int64_t rows = height + (t < higher ? 1 : 0);
    tiles[rows - 1](Tile{block.depth, block.a + row * row_stride, block.stride, b, b_stride, c + row * c_stride,
                         c_stride, last, accumulate});
    row += rows;
  }
}

CHAINRULE_INLINE bool is_direct(const Matrix& matrix) { return matrix.type == DType::f32; }

// Packing is worth it where an operand is read again and again and does not stay in the first cache as it lies.
CHAINRULE_INLINE bool packs_a(const Product& p) {
  if (!is_direct(p.a) || (p.a.row_stride != 1 && p.a.column_stride != 1)) return true;
  return p.columns > 4 * tile_columns;
}

CHAINRULE_INLINE bool packs_b(const Product& p) {
  if (!is_direct(p.b) || p.b.column_stride != 1) return true;
  return p.rows > 2 * tile_rows;
}

void multiply_tiles(const Product& p, float* workspace) {
  const bool pack_a = packs_a(p), pack_b = packs_b(p);
  const bool by_columns = p.a.row_stride == 1;
  float* const a_block = workspace;
  float* const b_panel = workspace + (pack_a ? packed_floats(p) : 0);
  const std::int64_t depth_step = pack_a || pack_b ? ratio_up(p.depth, ratio_up(p.depth, block_depth)) : p.depth;
  const std::int64_t row_step = pack_a || pack_b ? ratio_up(p.rows, ratio_up(p.rows, block_rows)) : p.rows;
  for (std::int64_t k = 0; k < p.depth; k += depth_step) {
    const std::int64_t depth = least(depth_step, p.depth - k);
    const bool accumulate = p.accumulate || k > 0;
    for (std::int64_t i = 0; i < p.rows; i += row_step) {
      const std::int64_t rows = least(row_step, p.rows - i);
      Block block{by_columns ? Layout::columns : Layout::rows, nullptr, 0, rows, depth};
      if (pack_a) {
        if (by_columns) {
          pack(transposed(p.a), k, i, depth, rows, a_block, packed_stride);
        } else {
          pack(p.a, i, k, rows, depth, a_block, packed_stride);
          block.layout = Layout::packed;
        }
        block.a = a_block;
        block.stride = packed_stride;
      } else {
        block.a = static_cast<const float*>(p.a.data) + i * p.a.row_stride + k * p.a.column_stride;
        block.stride = by_columns ? p.a.column_stride : p.a.row_stride;
      }
      for (std::int64_t j = 0; j < p.columns; j += tile_columns) {
        const std::int64_t columns = least(tile_columns, p.columns - j);
        float* c = p.c + i * p.c_stride + j;
        if (pack_b) {
          const std::int64_t width = ratio_up(columns, 16) * 16;
          pack(p.b, k, j, depth, columns, b_panel, width);
          multiply_panel(block, b_panel, width, columns, true, c, p.c_stride, accumulate);
        } else {
          const float* b = static_cast<const float*>(p.b.data) + k * p.b.row_stride + j;
          multiply_panel(block, b, p.b.row_stride, columns, false, c, p.c_stride, accumulate);
        }
      }
    }
  }
}

}  // namespace
}  // namespace chainrule::simd
