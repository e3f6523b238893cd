// Numbers of other types as float32.
#pragma once

#include <cstdint>
#include <cstring>

#include "half.hpp"
#include "products.hpp"

namespace chainrule {

// Write `count` numbers that lie one after the other.
inline void convert(const void* from, DType type, std::int64_t count, float* to) {
  switch (type) {
    case DType::f32:
      std::memcpy(to, from, static_cast<std::size_t>(count) * sizeof(float));
      break;
    case DType::f64:
      for (std::int64_t i = 0; i < count; ++i) to[i] = static_cast<float>(static_cast<const double*>(from)[i]);
      break;
    case DType::f16:
      for (std::int64_t i = 0; i < count; ++i) to[i] = to_float(static_cast<const Half*>(from)[i]);
      break;
    case DType::u8:
      for (std::int64_t i = 0; i < count; ++i) to[i] = static_cast<float>(static_cast<const std::uint8_t*>(from)[i]);
      break;
    case DType::place:  // such rows are read by products alone
      break;
  }
}

}  // namespace chainrule
