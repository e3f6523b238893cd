// The inner loops of reductions for one instruction set.
#pragma once

#include <limits>

#include "lane_masks.inl"
#include "reduce_kernels.hpp"
#include "simd.hpp"

namespace chainrule::simd {
namespace {

struct Sum {
  static constexpr float start = 0;
  CHAINRULE_INLINE static float join(float a, float b) { return a + b; }
  CHAINRULE_INLINE static Floats join(Floats a, Floats b) { return a + b; }
  CHAINRULE_INLINE static float tree(Floats a) { return sum(a); }
};

constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

// nan, once it is there, stays.
struct Maximum {
  static constexpr float start = -std::numeric_limits<float>::infinity();
  CHAINRULE_INLINE static float join(float a, float b) { return a > b || a != a ? a : b; }
  CHAINRULE_INLINE static Floats join(Floats a, Floats b) { return select(equal(a, a), maximum(a, b), a); }
  CHAINRULE_INLINE static float tree(Floats a) {
    return any(!equal(a, a)) ? not_a_number : largest(a);
  }
};

// A row of at most `longest_row` elements: element e in lane e % 16.
template <typename Kind>
CHAINRULE_INLINE float piece(const float* row, std::int64_t length) {
  Floats lane = broadcast(Kind::start);
  std::int64_t i = 0;
  for (; i + 16 <= length; i += 16) lane = Kind::join(lane, load(row + i));
  if (i < length) {
    const int n = static_cast<int>(length - i);
    lane = Kind::join(lane, select(first_lanes(n), load_first(row + i, n), broadcast(Kind::start)));
  }
  return Kind::tree(lane);
}

template <typename Kind>
CHAINRULE_INLINE float whole_row(const float* row, std::int64_t length) {
  if (length <= longest_row) return piece<Kind>(row, length);
  float result = piece<Kind>(row, longest_row);
  for (std::int64_t i = longest_row; i < length; i += longest_row) {
    const std::int64_t rest = length - i;
    result = Kind::join(result, piece<Kind>(row + i, rest < longest_row ? rest : longest_row));
  }
  return result;
}

template <typename Kind>
void reduce_each_row(const Reduction& on) {
  for (std::int64_t row = 0; row < on.rows; ++row) {
    on.destination[row] = Kind::join(on.destination[row], whole_row<Kind>(on.source + row * on.length, on.length));
  }
}

template <typename Kind>
void reduce_all_rows(const Reduction& on) {
  float result = *on.destination;
  if (on.length == 1) {
    // Each waits for the one before: of few instructions, the processor also begins with what comes after.
    CHAINRULE_UNROLL
    for (std::int64_t row = 0; row < on.rows; ++row) result = Kind::join(result, on.source[row]);
  } else {
    for (std::int64_t row = 0; row < on.rows; ++row) {
      result = Kind::join(result, whole_row<Kind>(on.source + row * on.length, on.length));
    }
  }
  *on.destination = result;
}

// Some rows for all columns, then the next rows: so memory is read in a few straight lines.
template <typename Kind, int rows>
void reduce_band(const float* source, float* destination, std::int64_t length) {
  std::int64_t first = 0;
  for (; first + 16 <= length; first += 16) {
    Floats result = load(destination + first);
    CHAINRULE_UNROLL
    for (int row = 0; row < rows; ++row) result = Kind::join(result, load(source + first + row * length));
    store(destination + first, result);
  }
  const int rest = static_cast<int>(length - first);
  if (rest == 0) return;
  Floats result = load_first(destination + first, rest);
  CHAINRULE_UNROLL
  for (int row = 0; row < rows; ++row) result = Kind::join(result, load_first(source + first + row * length, rest));
  store_first(destination + first, result, rest);
}

// Fewer columns than a vector has lanes stay in it.
template <typename Kind>
void reduce_narrow(const Reduction& on) {
  const int count = static_cast<int>(on.length);
  Floats result = load_first(on.destination, count);
  const float* row = on.source;
  for (std::int64_t i = 0; i < on.rows; ++i, row += on.length) result = Kind::join(result, load_first(row, count));
  store_first(on.destination, result, count);
}

template <typename Kind>
void reduce_each_column(const Reduction& on) {
  if (on.length < 16) return reduce_narrow<Kind>(on);
  std::int64_t row = 0;
  for (; row + 8 <= on.rows; row += 8) reduce_band<Kind, 8>(on.source + row * on.length, on.destination, on.length);
  for (; row < on.rows; ++row) reduce_band<Kind, 1>(on.source + row * on.length, on.destination, on.length);
}

template <typename Kind>
constexpr ReduceKernels list_reductions() {
  return {reduce_each_row<Kind>, reduce_all_rows<Kind>, reduce_each_column<Kind>};
}

constexpr ReduceKernels sum_kernels = list_reductions<Sum>();
constexpr ReduceKernels maximum_kernels = list_reductions<Maximum>();

}  // namespace
}  // namespace chainrule::simd
