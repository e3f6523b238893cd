// A tile of a product: what its loop takes.
#pragma once

#include <cstddef>
#include <cstdint>

namespace chainrule {

// The layout of A is part of the loop.
struct Tile {
  std::int64_t depth;
  const float* a;
  std::ptrdiff_t a_stride;
  const float* b;
  std::ptrdiff_t b_stride;
  float* c;
  std::ptrdiff_t c_stride;
  int last;  // columns in the last vector, 1 to 16
  bool accumulate;
  const float* const* a_rows = nullptr;
  std::ptrdiff_t a_offset = 0;
};

using TileLoop = void (*)(const Tile&);

struct TileCall {
  TileLoop loop;
  Tile tile;
  void operator()() const { loop(tile); }
};

}  // namespace chainrule
