// The tile form: A in blocks that stay in the second cache, B in panels that stay in the first.
#pragma once

#include "products_pack.inl"
#include "products_tile.inl"

namespace chainrule::simd {
namespace {

CHAINRULE_INLINE std::int64_t ratio_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

// Rows dealt out evenly to tiles, as a tile of few rows would wait for its own sums: the first ones have one more. It
// divides once, as a tile may take less time than some divisions.
struct Heights {
  std::int64_t low, taller;

  CHAINRULE_INLINE Heights(std::int64_t rows, std::int64_t tiles) : low(rows / tiles), taller(rows - low * tiles) {}
  CHAINRULE_INLINE std::int64_t operator()(std::int64_t tile) const { return tile < taller ? low + 1 : low; }
};

// A block of A as the tiles see it.
struct Block {
  Layout layout;
  const float* a;
  std::ptrdiff_t stride;
  std::int64_t rows, depth;
  const float *const *anywhere = nullptr, *const *next = nullptr;
  std::ptrdiff_t offset = 0;

  bool by_rows() const { return layout == Layout::rows || layout == Layout::rows_anywhere; }
  std::int64_t tiles(std::int64_t highest = tile_rows) const { return ratio_up(rows, highest); }
  const float* at(std::int64_t row) const {
    return a + row * (layout == Layout::packed ? depth : layout == Layout::columns ? 1 : stride);
  }
};

// A panel of B as the tiles see it, and the columns of C that it makes.
struct Panel {
  const float* b;
  std::ptrdiff_t stride;
  std::int64_t columns;
  bool padded;  // whole vectors may be read
  float* c;
  std::ptrdiff_t c_stride;
  bool accumulate, is_first, is_last;
};

constexpr std::int64_t line_bytes = 64;

// Memory that will be read next: `runs` of `lines` each. Tiles that compute meanwhile ask for some lines each.
struct Ahead {
  const char* data = nullptr;
  std::ptrdiff_t stride = 0;
  std::int64_t runs = 0, lines = 0;
};

CHAINRULE_INLINE void fetch(const Ahead& ahead, std::int64_t part, std::int64_t of) {
  if (ahead.runs == 0) return;
  const std::int64_t all = ahead.runs * ahead.lines, last = all * (part + 1) / of;
  for (std::int64_t i = all * part / of; i < last; ++i) {
    const std::int64_t run = i / ahead.lines;
    prefetch_second(ahead.data + run * ahead.stride + (i - run * ahead.lines) * line_bytes);
  }
}

// A stripe of B that will be packed, and still lies as the caller has it.
CHAINRULE_INLINE Ahead stripe_ahead(const Product& p, std::int64_t k, std::int64_t depth, std::int64_t column) {
  const Matrix& b = p.b;
  const std::int64_t width = least(stripe_columns, p.columns - column);
  const auto size = static_cast<std::ptrdiff_t>(item_size(b.type));
  const char* data = static_cast<const char*>(b.data) + (k * b.row_stride + column * b.column_stride) * size;
  if (b.column_stride == 1) return {data, b.row_stride * size, depth, ratio_up(width * size, line_bytes)};
  if (b.row_stride == 1) return {data, b.column_stride * size, width, ratio_up(depth * size, line_bytes)};
  return {};
}

// k from which on a tile takes long enough for the next one's C to be fetched meanwhile.
constexpr std::int64_t worth_fetching = 64;

// Each tile's rows in one piece, in the order in which it reads them.
CHAINRULE_INLINE void pack_block(const Matrix& a, std::int64_t row, std::int64_t k, const Block& block, float* to) {
  const std::int64_t count = block.tiles();
  const Heights heights(block.rows, count);
  for (std::int64_t t = 0; t < count; ++t) {
    const std::int64_t height = heights(t);
    pack(transposed(a), k, row, block.depth, height, to, height);
    row += height;
    to += height * block.depth;
  }
}

// The block as it lies, in float32.
CHAINRULE_INLINE void convert_block(const Matrix& a, std::int64_t row, std::int64_t k, Block& block, float* to) {
  const bool by_rows = block.layout == Layout::rows;
  block.a = to;
  block.stride = converted_stride(by_rows ? block.depth : block.rows);
  if (by_rows) return pack(a, row, k, block.rows, block.depth, to, block.stride);
  pack(transposed(a), k, row, block.depth, block.rows, to, block.stride);
}

// Rows that lie anywhere, seen as columns: fetch what the next product will read in the place of the tile's rows, a line
// of each, where the tile before has not.
CHAINRULE_INLINE void fetch_next(const Block& block, std::int64_t row, std::int64_t before) {
  constexpr std::int64_t line = 16;
  if (row > 0 && row / line == before / line) return;
  for (std::int64_t k = 0; k < block.depth; ++k) prefetch_second(block.next[k] + block.offset + row);
}

// Panels of columns side by side: some k of all where rows of B are read, each by itself where columns are.
CHAINRULE_INLINE void pack_stripe(const Matrix& b, std::int64_t k, std::int64_t depth, std::int64_t column,
                                  std::int64_t columns, std::int64_t panel, float* to) {
  const std::int64_t step = b.column_stride == 1 ? 16 : depth;
  for (std::int64_t first = 0; first < depth; first += step) {
    for (std::int64_t j = 0; j < columns; j += panel) {
      const std::int64_t width = least(panel, columns - j), stride = ratio_up(width, 16) * 16;
      pack(b, k + first, column + j, least(step, depth - first), width, to + j * depth + first * stride, stride);
    }
  }
}

// The loops for the block's tiles with this panel, by rows - 1, with the most of these; and the columns in their last vector.
struct Loops {
  const TileLoop* of_rows;
  int highest, vectors, last;
};

CHAINRULE_INLINE Loops loops_for(const Block& block, const Panel& panel) {
  const auto vectors = static_cast<int>(ratio_up(panel.columns, 16));
  const auto last = static_cast<int>(panel.columns - 16 * (vectors - 1));
  const bool narrow = panel.columns <= narrow_columns;
  const int masked = !panel.padded && last < (narrow ? narrow_columns : 16) ? 1 : 0;
  const TileTable& table = tiles_of[static_cast<int>(block.layout)];
  if (single_rows > 0 && panel.columns == 1 && block.by_rows()) return {table.single, single_rows, vectors, last};
  return {narrow ? table.narrow[masked] : table.of[masked][vectors - 1], tile_rows, vectors, last};
}

// The block times the panel, which is `part` of `of` that ask for what is ahead.
CHAINRULE_INLINE void multiply_panel(const Block& block, const Panel& panel, const Ahead& ahead, std::int64_t part,
                                     std::int64_t of) {
  const auto [tiles, highest, vectors, last] = loops_for(block, panel);
  const std::int64_t count = block.tiles(highest);
  const Heights heights(block.rows, count);
  std::int64_t row = 0, before = 0;
  for (std::int64_t t = 0; t < count; ++t) {
    const std::int64_t rows = heights(t);
    float* const c = panel.c + row * panel.c_stride;
    fetch(ahead, part * count + t, of * count);
    if (block.layout == Layout::columns_anywhere && panel.is_first) fetch_next(block, row, before);
    if (block.depth >= worth_fetching && (t + 1 < count || !panel.is_last)) {
      const float* next = t + 1 < count ? c + rows * panel.c_stride : panel.c + panel.columns;
      for (std::int64_t i = 0; i < rows; ++i) {
        for (int v = 0; v < vectors; ++v) prefetch(next + i * panel.c_stride + 16 * v);
      }
    }
    Tile tile{block.depth, nullptr, block.stride, panel.b, panel.stride, c, panel.c_stride, last, panel.accumulate};
    if (!block.anywhere) {
      tile.a = block.at(row);
    } else {
      const bool by_rows = block.layout == Layout::rows_anywhere;
      tile.a_rows = block.anywhere + (by_rows ? row : 0);
      tile.a_offset = block.offset + (by_rows ? 0 : row);
    }
    tiles[rows - 1](tile);
    before = row;
    row += rows;
  }
}

CHAINRULE_INLINE bool is_direct(const Matrix& matrix) { return matrix.type == DType::f32; }

// Packing is worth it where an operand is read again and again and does not stay in the first cache as it lies. Where tiles
// read columns of A, each k lies in a line of its own, which other tiles read too: few lines are still there then.
constexpr std::int64_t few_lines = 128;

CHAINRULE_INLINE std::int64_t columns_worth_packing_a(const Product& p) {
  if (p.a.column_stride == 1) return 256;
  return p.depth <= few_lines ? 160 : 4 * tile_columns;
}

// Columns of A whose lines all belong in one place of the first cache, where there is room for few of them.
CHAINRULE_INLINE bool crowds(const Product& p) {
  constexpr std::int64_t numbers_a_page = 1024, many = 32;
  return p.a.column_stride != 1 && !p.a.rows && p.a.column_stride % numbers_a_page == 0 && p.depth >= many;
}

// What tiles read of A: A itself, a block of it in float32, or a block in the order in which they read it.
enum class Reading { as_it_lies, converted, packed };

CHAINRULE_INLINE Reading reading_of_a(const Product& p) {
  const bool is_contiguous = p.a.row_stride == 1 || p.a.column_stride == 1;
  if (!is_contiguous || p.columns > columns_worth_packing_a(p)) return Reading::packed;
  return is_direct(p.a) && !crowds(p) ? Reading::as_it_lies : Reading::converted;
}

CHAINRULE_INLINE bool packs_b(const Product& p) {
  if (!is_direct(p.b) || p.b.column_stride != 1) return true;
  return p.rows > 2 * tile_rows;
}

bool reads_as_it_lies(const Product& p) { return reading_of_a(p) == Reading::as_it_lies; }

// Without packing, fetching, or rows that lie anywhere, in one panel.
std::int64_t as_tiles(const Product& p, TileCall (&into)[few_tiles]) {
  const Block block{p.a.row_stride == 1 ? Layout::columns : Layout::rows, static_cast<const float*>(p.a.data),
                    p.a.row_stride == 1 ? p.a.column_stride : p.a.row_stride, p.rows, p.depth};
  if (!reads_as_it_lies(p) || packs_b(p) || p.a.rows || p.columns > tile_columns || p.depth >= worth_fetching) return 0;
  const Panel panel{static_cast<const float*>(p.b.data), p.b.row_stride, p.columns, false, p.c, p.c_stride, p.accumulate,
                    true, true};
  const Loops loops = loops_for(block, panel);
  const std::int64_t count = block.tiles(loops.highest);
  if (count > few_tiles) return 0;
  const Heights heights(block.rows, count);
  std::int64_t row = 0;
  for (std::int64_t t = 0; t < count; ++t) {
    const std::int64_t rows = heights(t);
    into[t] = {loops.of_rows[rows - 1], {p.depth, block.at(row), block.stride, panel.b, panel.stride,
                                         panel.c + row * panel.c_stride, panel.c_stride, loops.last, panel.accumulate}};
    row += rows;
  }
  return count;
}

// Rows of A from `row` on and k from `k` on; where they are copied, to `place`.
CHAINRULE_INLINE Block block_of(const Product& p, Reading reading, std::int64_t row, std::int64_t rows, std::int64_t k,
                                std::int64_t depth, float* place) {
  const bool by_columns = p.a.row_stride == 1;
  Block block{by_columns ? Layout::columns : Layout::rows, nullptr, 0, rows, depth};
  if (reading == Reading::packed) {
    block.layout = Layout::packed;
    block.a = place;
    pack_block(p.a, row, k, block, place);
  } else if (reading == Reading::converted) {
    convert_block(p.a, row, k, block, place);
  } else if (p.a.rows) {
    block.layout = by_columns ? Layout::columns_anywhere : Layout::rows_anywhere;
    block.anywhere = p.a.rows + (by_columns ? k : row);
    block.next = p.a.next + (by_columns ? k : row);
    block.offset = p.a.offset + (by_columns ? row : k);
  } else {
    block.a = static_cast<const float*>(p.a.data) + row * p.a.row_stride + k * p.a.column_stride;
    block.stride = by_columns ? p.a.column_stride : p.a.row_stride;
  }
  return block;
}

void multiply_tiles(const Product& p, float* workspace) {
  const Reading reading = reading_of_a(p);
  const bool as_it_lies = reading == Reading::as_it_lies, pack_b = packs_b(p);
  const std::int64_t panel_columns = p.rows <= wide_rows ? 16 * wide_vectors : tile_columns;
  float* const b_stripe = workspace + (as_it_lies ? 0 : packed_floats(p));
  const bool whole = as_it_lies && !pack_b;
  const std::int64_t depth_step = whole ? p.depth : ratio_up(p.depth, ratio_up(p.depth, block_depth));
  const std::int64_t highest = reading == Reading::converted ? converted_rows(depth_step) : block_rows;
  const std::int64_t row_step = whole ? p.rows : ratio_up(p.rows, ratio_up(p.rows, highest));
  for (std::int64_t k = 0; k < p.depth; k += depth_step) {
    const std::int64_t depth = least(depth_step, p.depth - k);
    const bool accumulate = p.accumulate || k > 0;
    for (std::int64_t i = 0; i < p.rows; i += row_step) {
      const std::int64_t rows = least(row_step, p.rows - i);
      const Block block = block_of(p, reading, i, rows, k, depth, workspace);
      for (std::int64_t j = 0; j < p.columns; j += stripe_columns) {
        const std::int64_t width = least(stripe_columns, p.columns - j), panels = ratio_up(width, panel_columns);
        Ahead ahead;
        // A single stripe is still there from the rows before.
        if (pack_b && (i == 0 || p.columns > stripe_columns)) {
          pack_stripe(p.b, k, depth, j, width, panel_columns, b_stripe);
          const std::int64_t next = j + stripe_columns;
          if (next < p.columns) ahead = stripe_ahead(p, k, depth, next);
        }
        for (std::int64_t at = 0; at < panels; ++at) {
          const std::int64_t column = j + at * panel_columns, columns = least(panel_columns, p.columns - column);
          Panel panel{b_stripe + at * panel_columns * depth, ratio_up(columns, 16) * 16, columns, pack_b,
                      p.c + i * p.c_stride + column, p.c_stride, accumulate, column == 0, column + columns == p.columns};
          if (!pack_b) {
            panel.b = static_cast<const float*>(p.b.data) + k * p.b.row_stride + column;
            panel.stride = p.b.row_stride;
          }
          multiply_panel(block, panel, ahead, at, panels);
        }
      }
    }
  }
}

}  // namespace
}  // namespace chainrule::simd
