// float16 of IEEE 754, as it lies in memory.
#pragma once

#include <bit>
#include <cstdint>

namespace chainrule {

struct Half {
  std::uint16_t bits;
};

// Exact, without help from the processor.
static inline float to_float(Half half) {
  const std::uint32_t sign = (half.bits & 0x8000u) << 16;
  const std::uint32_t rest = half.bits & 0x7fffu;
  if (rest >= 0x7c00u) return std::bit_cast<float>(sign | 0x7f800000u | (rest & 0x3ffu) << 13);  // infinity, nan
  if (rest >= 0x400u) return std::bit_cast<float>(sign | ((rest << 13) + (112u << 23)));
  const float denormal = static_cast<float>(rest) * 0x1p-24f;
  return sign != 0 ? -denormal : denormal;
}

}  // namespace chainrule
