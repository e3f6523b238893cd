#include "gram.hpp"

#include <algorithm>
#include <utility>

#include "gram_kernels.hpp"
#include "pool.hpp"
#include "shares.hpp"

namespace chainrule {
namespace {

// Columns at a time: 255 * 255 * 1024 is far below 2^31. Rows of both sides at a time, which stay in the second-level cache.
constexpr std::int64_t columns_at_once = 1024, rows_at_once = 48;

std::int64_t count_of(const ByteRows& rows) { return static_cast<std::int64_t>(rows.numbers.size()); }

// Some columns of rows as 16-bit numbers; rows of zeros make their number a multiple of a tile's.
class Panel {
 public:
  explicit Panel(std::int64_t count)
      : numbers_(static_cast<std::size_t>((count + gram_tile_rows - 1) / gram_tile_rows * gram_tile_rows * columns_at_once)) {}

  // Rows `first` to before `last`.
  void fill(const ByteRows& rows, std::int64_t first, std::int64_t last, std::int64_t column, std::int64_t width) {
    for (std::int64_t i = first; i < last; ++i) {
      const std::uint8_t* from = rows.base + rows.numbers[static_cast<std::size_t>(i)] * rows.stride + column;
      std::copy(from, from + width, numbers_.begin() + i * columns_at_once);
    }
  }
  const std::int16_t* row(std::int64_t i) const { return numbers_.data() + i * columns_at_once; }

 private:
  std::vector<std::int16_t> numbers_;
};

// The table of products.
struct Table {
  double* out;
  std::int64_t rows, others;
  bool is_same;  // rows with themselves: the lower half mirrors the upper one

  void add(std::int64_t i, std::int64_t j, const std::int32_t* sums) const {
    for (std::int64_t y = i; y < std::min(i + gram_tile_rows, rows); ++y, sums += gram_tile_rows) {
      for (std::int64_t x = j; x < std::min(j + gram_tile_rows, others); ++x) out[y * others + x] += sums[x - j];
    }
  }
  void mirror() const {
    for (std::int64_t y = 1; y < rows; ++y) {
      for (std::int64_t x = 0; x < y; ++x) out[y * others + x] = out[x * others + y];
    }
  }
};

// The rows from i on with the others from j on.
void multiply(GramTile tile, const Panel& left, const Panel& right, std::int64_t width, const Table& table, std::int64_t i,
              std::int64_t j) {
  std::int32_t sums[gram_tile_rows * gram_tile_rows];
  const std::int64_t last_i = std::min(i + rows_at_once, table.rows), last_j = std::min(j + rows_at_once, table.others);
  for (std::int64_t y = i; y < last_i; y += gram_tile_rows) {
    for (std::int64_t x = table.is_same ? std::max(j, y) : j; x < last_j; x += gram_tile_rows) {
      tile(left.row(y), right.row(x), columns_at_once, width, sums);
      table.add(y, x, sums);
    }
  }
}

}  // namespace

void gram(const Kernels& kernels, const ByteRows& rows, const ByteRows* others, std::int64_t width, double* out, int threads) {
  const Table table{out, count_of(rows), count_of(others ? *others : rows), others == nullptr};
  std::fill_n(out, table.rows * table.others, 0.0);
  Panel left(table.rows), other(others ? table.others : 0);
  const Panel& right = others ? other : left;
  std::vector<std::pair<std::int64_t, std::int64_t>> blocks;
  for (std::int64_t i = 0; i < table.rows; i += rows_at_once) {
    for (std::int64_t j = table.is_same ? i : 0; j < table.others; j += rows_at_once) blocks.emplace_back(i, j);
  }
  Shares shares(threads);
  Barrier barrier(threads);
  Pool pool(threads);
  pool.run(threads, [&](int member) {
    const auto share = [&](std::int64_t of, int part) { return of * part / threads; };
    for (std::int64_t column = 0; column < width; column += columns_at_once) {
      const std::int64_t columns = std::min(columns_at_once, width - column);
      left.fill(rows, share(table.rows, member), share(table.rows, member + 1), column, columns);
      if (others) other.fill(*others, share(table.others, member), share(table.others, member + 1), column, columns);
      shares.begin(member);
      barrier.wait();
      shares.each(member, static_cast<std::int64_t>(blocks.size()), [&](std::int64_t block) {
        const auto [i, j] = blocks[static_cast<std::size_t>(block)];
        multiply(kernels.gram, left, right, columns, table, i, j);
      });
      barrier.wait();
    }
  });
  if (table.is_same) table.mirror();
}

}  // namespace chainrule
