// Whether numbers are finite, by their exponents: integers, which compilers take many at a time.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "half.hpp"

namespace chainrule {

template <typename Bits, Bits exponent, typename T>
bool all_have_less(const T* numbers, std::size_t count) {
  constexpr std::size_t at_once = 4096;
  for (std::size_t from = 0; from < count; from += at_once) {
    const std::size_t to = count - from < at_once ? count : from + at_once;
    Bits found = 0;
    for (std::size_t i = from; i < to; ++i) {
      found |= static_cast<Bits>((std::bit_cast<Bits>(numbers[i]) & exponent) == exponent);
    }
    if (found) return false;
  }
  return true;
}

inline bool all_finite(const float* numbers, std::size_t count) {
  return all_have_less<std::uint32_t, 0x7f800000u>(numbers, count);
}
inline bool all_finite(const double* numbers, std::size_t count) {
  return all_have_less<std::uint64_t, 0x7ff0000000000000u>(numbers, count);
}
inline bool all_finite(const Half* numbers, std::size_t count) {
  return all_have_less<std::uint16_t, 0x7c00u>(numbers, count);
}

}  // namespace chainrule
