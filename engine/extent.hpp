// Numbers of elements that may depend on the number of examples.
#pragma once

#include <cstdint>

#include "program.hpp"

namespace chainrule {

// A known number, perhaps times the number of examples.
struct Extent {
  std::int64_t known = 1;
  bool by_row = false;

  std::int64_t at(std::int64_t rows) const { return by_row ? known * rows : known; }
  Extent operator*(Extent other) const { return {known * other.known, by_row || other.by_row}; }
};

inline Extent extent_of(std::int64_t axis) {
  return axis == examples_axis ? Extent{1, true} : Extent{axis, false};
}

}  // namespace chainrule
