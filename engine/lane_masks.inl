// Masks of the first lanes of a vector.
#pragma once

#include "simd.hpp"

namespace chainrule::simd {
namespace {

constexpr float lane_numbers[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

CHAINRULE_INLINE Mask first_lanes(int n) { return less(load(lane_numbers), broadcast(static_cast<float>(n))); }

}  // namespace
}  // namespace chainrule::simd
