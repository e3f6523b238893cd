// Products whose sums become an update at once.
#include <algorithm>

#include "member.hpp"

namespace chainrule {
namespace {

// Floats of B that are packed anew for each band of rows at next to no cost, and of C that stay in the second cache.
constexpr std::int64_t small_operand = 4096, small_band = 12288;
constexpr std::int64_t least_rows = 16, rows_of_large = 512;

// Rows of C that are made, and used, one after the other.
std::int64_t band_rows(const Product& product) {
  if (product.depth * product.columns > small_operand) return rows_of_large;
  return std::max(least_rows, small_band / product.columns);
}

}  // namespace

void Machine::multiply_and_update(const Matmul& item, const Item& update, Member& member, std::int64_t rows, int part,
                                  int of) {
  const Product whole = product_of(item, member, rows);
  const std::int64_t first = whole.rows * part / of, last = whole.rows * (part + 1) / of, height = band_rows(whole);
  // Where no block came before, all bands may be made in the same place.
  float* const place = whole.accumulate ? nullptr : whole.c + first * whole.c_stride;
  for (std::int64_t row = first; row < last; row += height) {
    Product band = rows_of(whole, row, std::min(height, last - row));
    if (place) band.c = place;
    // A band of few rows may take another form than the whole.
    member.workspace.reserve(workspace_bytes(band));
    multiply(kernels_, band, member.workspace, member.tape);
    const MapCode::Piece piece{row * whole.columns, band.rows * whole.columns, item.destination, band.c};
    update.map->run_piece(kernels_, member.table(), piece, member.scratch, member.tape);
  }
}

}  // namespace chainrule
