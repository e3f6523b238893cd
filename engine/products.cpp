#include "products.hpp"

#include <algorithm>

#include "products_kernels.hpp"
#include "tape.hpp"

namespace chainrule {
namespace {

constexpr std::int64_t few_columns = 8;
// Below that many rows a tile wastes less than the tall form, which must scatter all columns but a single one.
constexpr std::int64_t few_rows(std::int64_t columns) { return columns == 1 ? 8 : 32; }
// So few columns beyond whole panels are quicker in the tall form, where that finds A in a cache.
constexpr std::int64_t few_last = 3, cached_numbers = 64 << 10;
// Multiplications that are worth another thread: some microseconds.
constexpr std::int64_t worth_a_thread = 1 << 17;

Matrix from(const Matrix& matrix, std::int64_t row, std::int64_t column) {
  Matrix result = matrix;
  if (matrix.type == DType::place) {
    result.offset += row;
    row = 0;
  }
  if (matrix.rows) {
    const bool by_rows = matrix.column_stride == 1;
    result.rows += by_rows ? row : column;
    result.next += by_rows ? row : column;
    result.offset += by_rows ? column : row;
    return result;
  }
  const std::ptrdiff_t offset = row * matrix.row_stride + column * matrix.column_stride;
  result.data = static_cast<const char*>(matrix.data) + offset * static_cast<std::ptrdiff_t>(item_size(matrix.type));
  return result;
}

// The product's rows from `row` on and columns from `column` on.
Product piece(const Product& product, std::int64_t row, std::int64_t rows, std::int64_t column, std::int64_t columns) {
  Product result = product;
  result.rows = rows;
  result.columns = columns;
  result.a = from(product.a, row, 0);
  result.b = from(product.b, 0, column);
  result.c = product.c + row * product.c_stride + column;
  return result;
}

// Adds `columns` elements of each row of B. What follows from places is checked here, as they are data.
inline void add_rows_at_places(const Product& product, std::int64_t columns) {
  const auto* place = static_cast<const std::int32_t*>(product.a.data);
  const auto* b = static_cast<const float*>(product.b.data);
  for (std::int64_t k = 0; k < product.depth; ++k, place += product.a.column_stride, b += product.b.row_stride) {
    const std::int64_t row = *place - product.a.offset;
    if (row < 0 || row >= product.rows) continue;
    float* const c = product.c + row * product.c_stride;
    for (std::int64_t j = 0; j < columns; ++j) c[j] += b[j * product.b.column_stride];
  }
}

void add_at_places(const Product& product, float*) {
  if (!product.accumulate) {
    const bool is_one_piece = product.c_stride == product.columns;
    const std::int64_t rows = is_one_piece ? 1 : product.rows;
    const std::int64_t length = is_one_piece ? product.rows * product.columns : product.columns;
    for (std::int64_t i = 0; i < rows; ++i) std::fill_n(product.c + i * product.c_stride, length, 0.0f);
  }
  // A loop over one column costs several times its addition.
  if (product.columns == 1) return add_rows_at_places(product, 1);
  add_rows_at_places(product, product.columns);
}

ProductLoop loop_of(Form form, const ProductKernels& loops) {
  switch (form) {
    case Form::tiles: return loops.tiles;
    case Form::tall: return loops.tall;
    case Form::dot: return loops.dot;
    case Form::places: return add_at_places;
  }
  return nullptr;
}

// The last columns that are better made in the tall form, which makes the same sums.
std::int64_t tall_last(const Kernels& kernels, const Product& product) {
  const std::int64_t last = product.columns % packed_columns;
  const bool by_columns = product.a.row_stride == 1 && product.a.column_stride != 1;
  const bool is_cached = product.rows * product.depth <= cached_numbers && kernels.products->reads_as_it_lies(product) &&
                         product.b.type == DType::f32;
  const bool is_better = last <= few_last && last < product.columns && product.rows >= few_rows(last);
  return is_better && by_columns && is_cached ? last : 0;
}

void multiply_as(Form form, const Kernels& kernels, const Product& product, Workspace& workspace, Tape* tape) {
  if (product.rows <= 0 || product.columns <= 0) return;
  if (tape && form == Form::tiles && product.depth > 0) {
    // For a network of a few neurons, finding its tiles takes longer than they do.
    TileCall calls[few_tiles];
    const std::int64_t count = kernels.products->as_tiles(product, calls);
    for (std::int64_t i = 0; i < count; ++i) make(tape, calls[i]);
    if (count > 0) return;
  }
  const std::int64_t last = form == Form::tiles ? tall_last(kernels, product) : 0;
  if (last > 0) {
    const std::int64_t first = product.columns - last;
    multiply_as(Form::tiles, kernels, piece(product, 0, product.rows, 0, first), workspace, tape);
    return multiply_as(Form::tall, kernels, piece(product, 0, product.rows, first, last), workspace, tape);
  }
  if (product.depth > 0) return make(tape, ProductCall{loop_of(form, *kernels.products), product, workspace.data()});
  if (product.accumulate) return;
  for (std::int64_t i = 0; i < product.rows; ++i) {
    make(tape, FillCall{product.c + i * product.c_stride, product.columns, 0.0f});
  }
}

// How threads share a product: `down` times `across` parts.
struct Grid {
  std::int64_t down, across;
};

// The grid whose largest part costs least: its own multiplications, and its share of A and B to pack.
Grid grid(const Product& product, Form form, std::int64_t of) {
  if (form != Form::tiles) return {of, 1};
  Grid best{of, 1};
  double least = 0;
  for (std::int64_t down = 1; down <= of; ++down) {
    if (of % down != 0) continue;
    const auto rows = static_cast<double>((product.rows + down - 1) / down);
    const std::int64_t panels = (product.columns + packed_columns - 1) / packed_columns, across = of / down;
    const auto columns = static_cast<double>((panels + across - 1) / across * packed_columns);
    const double cost = rows * columns / 16 + rows + columns;
    if (least == 0 || cost < least) {
      least = cost;
      best = {down, across};
    }
  }
  return best;
}

// Bound `part` of `of` of a range that is cut at multiples of `unit`.
std::int64_t bound(std::int64_t size, std::int64_t unit, std::int64_t part, std::int64_t of) {
  const std::int64_t units = (size + unit - 1) / unit;
  return std::min(size, units * part / of * unit);
}

}  // namespace

std::size_t item_size(DType type) {
  switch (type) {
    case DType::f32: return 4;
    case DType::f64: return 8;
    case DType::f16: return 2;
    case DType::u8: return 1;
    case DType::place: return 4;
  }
  return 0;
}

Form form(const Product& product) {
  if (product.a.type == DType::place) return Form::places;
  if (product.columns >= few_columns) return Form::tiles;
  if (product.a.column_stride == 1 && product.a.row_stride != 1) return Form::dot;
  return product.a.row_stride == 1 && product.rows >= few_rows(product.columns) ? Form::tall : Form::tiles;
}

std::size_t workspace_bytes(const Product& product) {
  std::int64_t floats = 0;
  switch (form(product)) {
    case Form::tiles:
      floats = packed_floats(product) + packed_stripe(product);
      break;
    case Form::tall:
      floats = product.depth * product.columns + tall_depth(product.columns) * tall_height + 2 * slack;
      break;
    case Form::dot:
      floats = is_short(product) ? product.rows * product.depth
                                 : rounded(product.depth) * (product.columns + dot_group);
      floats += slack;
      break;
    case Form::places: break;
  }
  return static_cast<std::size_t>(floats) * sizeof(float);
}

bool takes_rows_anywhere(const Kernels& kernels, const Product& product) {
  return form(product) == Form::tiles && kernels.products->reads_as_it_lies(product);
}

Product rows_of(const Product& product, std::int64_t row, std::int64_t rows) {
  return piece(product, row, rows, 0, product.columns);
}

void multiply(const Kernels& kernels, const Product& product, Workspace& workspace, Tape* tape) {
  multiply_as(form(product), kernels, product, workspace, tape);
}

std::int64_t parts(const Product& product) {
  const double work = static_cast<double>(product.rows) * static_cast<double>(product.columns) *
                      static_cast<double>(product.depth) / worth_a_thread;
  const std::int64_t tiles = (product.rows + 7) / 8 * ((product.columns + packed_columns - 1) / packed_columns);
  return std::max<std::int64_t>(1, std::min(tiles, static_cast<std::int64_t>(std::min(work, 1e6))));
}

void multiply_part(const Kernels& kernels, const Product& product, std::int64_t part, std::int64_t of,
                   Workspace& workspace) {
  const Form chosen = form(product);
  const Grid shared = grid(product, chosen, of);
  const std::int64_t i = part / shared.across, j = part % shared.across;
  const std::int64_t row_unit = chosen == Form::tall ? 64 : 1;
  const std::int64_t row = bound(product.rows, row_unit, i, shared.down);
  const std::int64_t column = bound(product.columns, packed_columns, j, shared.across);
  multiply_as(chosen, kernels,
              piece(product, row, bound(product.rows, row_unit, i + 1, shared.down) - row, column,
                    bound(product.columns, packed_columns, j + 1, shared.across) - column),
              workspace, nullptr);
}

}  // namespace chainrule
