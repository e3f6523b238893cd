// simd.hpp without any particular instructions: arrays of 16, for processors that have nothing better.
#pragma once

#include <bit>

namespace chainrule::simd {
namespace {

struct Floats { float v[16]; };
struct Ints { std::uint32_t v[16]; };
struct Mask { bool v[16]; };

// A function that is applied to each of 16, in the order of its arguments.
template <typename Result, typename Function>
CHAINRULE_INLINE Result each(Function function) {
  Result result;
  for (int i = 0; i < 16; ++i) result.v[i] = function(i);
  return result;
}

CHAINRULE_INLINE float as_float(float x) { return x; }
CHAINRULE_INLINE float as_float(double x) { return static_cast<float>(x); }
CHAINRULE_INLINE float as_float(std::uint8_t x) { return x; }
CHAINRULE_INLINE float as_float(Half x) { return to_float(x); }

CHAINRULE_INLINE Floats broadcast(float x) {
  return each<Floats>([&](int) { return x; });
}
CHAINRULE_INLINE Floats zeros() { return broadcast(0); }
CHAINRULE_INLINE Ints broadcast_int(std::int32_t n) {
  return each<Ints>([&](int) { return static_cast<std::uint32_t>(n); });
}

template <typename T>
CHAINRULE_INLINE Floats load(const T* p) {
  return each<Floats>([&](int i) { return as_float(p[i]); });
}
template <typename T>
CHAINRULE_INLINE Floats load_first(const T* p, int n) {
  return each<Floats>([&](int i) { return i < n ? as_float(p[i]) : 0.0f; });
}
CHAINRULE_INLINE void store_first(float* p, const Floats& x, int n) {
  for (int i = 0; i < n; ++i) p[i] = x.v[i];
}
CHAINRULE_INLINE void store(float* p, const Floats& x) { store_first(p, x, 16); }

#define CHAINRULE_EACH(Result, Argument, name, expression)                     \
  CHAINRULE_INLINE Result name(const Argument& a, const Argument& b) {        \
    return each<Result>([&](int i) {                                           \
      const auto x = a.v[i], y = b.v[i];                                       \
      return expression;                                                       \
    });                                                                        \
  }
CHAINRULE_EACH(Floats, Floats, operator+, x + y)
CHAINRULE_EACH(Floats, Floats, operator-, x - y)
CHAINRULE_EACH(Floats, Floats, operator*, x * y)
CHAINRULE_EACH(Floats, Floats, operator/, x / y)
CHAINRULE_EACH(Floats, Floats, minimum, x < y ? x : y)
CHAINRULE_EACH(Floats, Floats, maximum, x > y ? x : y)
CHAINRULE_EACH(Mask, Floats, less, x < y)
CHAINRULE_EACH(Mask, Floats, less_equal, x <= y)
CHAINRULE_EACH(Mask, Floats, equal, x == y)
CHAINRULE_EACH(Mask, Ints, equal, x == y)
CHAINRULE_EACH(Mask, Mask, operator&, x && y)
CHAINRULE_EACH(Mask, Mask, operator|, x || y)
CHAINRULE_EACH(Ints, Ints, operator+, x + y)
CHAINRULE_EACH(Ints, Ints, operator-, x - y)
CHAINRULE_EACH(Ints, Ints, operator&, x & y)
CHAINRULE_EACH(Ints, Ints, operator|, x | y)
CHAINRULE_EACH(Ints, Ints, operator^, x ^ y)
#undef CHAINRULE_EACH

CHAINRULE_INLINE Floats fma(const Floats& a, const Floats& b, const Floats& c) {
  return each<Floats>([&](int i) { return std::fma(a.v[i], b.v[i], c.v[i]); });
}
CHAINRULE_INLINE Floats sqrt(const Floats& a) {
  return each<Floats>([&](int i) { return std::sqrt(a.v[i]); });
}
CHAINRULE_INLINE Floats round_to_even(const Floats& a) {
  return each<Floats>([&](int i) { return std::nearbyint(a.v[i]); });
}
CHAINRULE_INLINE Ints to_ints(const Floats& a) {
  return each<Ints>([&](int i) {
    return static_cast<std::uint32_t>(static_cast<std::int32_t>(std::nearbyint(a.v[i])));
  });
}
CHAINRULE_INLINE Floats to_floats(const Ints& a) {
  return each<Floats>([&](int i) { return static_cast<float>(static_cast<std::int32_t>(a.v[i])); });
}
CHAINRULE_INLINE Ints bits(const Floats& a) { return std::bit_cast<Ints>(a); }
CHAINRULE_INLINE Floats from_bits(const Ints& a) { return std::bit_cast<Floats>(a); }
template <int n>
CHAINRULE_INLINE Ints shift_left(const Ints& a) {
  return each<Ints>([&](int i) { return a.v[i] << n; });
}
template <int n>
CHAINRULE_INLINE Ints shift_right(const Ints& a) {
  return each<Ints>([&](int i) { return a.v[i] >> n; });
}
CHAINRULE_INLINE Floats operator-(const Floats& a) { return from_bits(bits(a) ^ broadcast_int(INT32_MIN)); }
CHAINRULE_INLINE Floats absolute(const Floats& a) { return from_bits(bits(a) & broadcast_int(INT32_MAX)); }

CHAINRULE_INLINE Mask operator!(const Mask& a) {
  return each<Mask>([&](int i) { return !a.v[i]; });
}
CHAINRULE_INLINE bool any(const Mask& a) {
  bool result = false;
  for (int i = 0; i < 16; ++i) result = result || a.v[i];
  return result;
}
template <typename T>
CHAINRULE_INLINE T select(const Mask& m, const T& a, const T& b) {
  return each<T>([&](int i) { return m.v[i] ? a.v[i] : b.v[i]; });
}

CHAINRULE_INLINE float sum(Floats a) {
  for (int half = 8; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) a.v[i] = a.v[i] + a.v[i + half];
  }
  return a.v[0];
}

CHAINRULE_INLINE float largest(Floats a) {
  for (int half = 8; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) a.v[i] = a.v[i] > a.v[i + half] ? a.v[i] : a.v[i + half];
  }
  return a.v[0];
}

// Exchanges rows and columns of 16 x 16.
CHAINRULE_INLINE void transpose(Floats (&x)[16]) {
  for (int i = 0; i < 16; ++i) {
    for (int j = 0; j < i; ++j) {
      const float moved = x[i].v[j];
      x[i].v[j] = x[j].v[i];
      x[j].v[i] = moved;
    }
  }
}

}  // namespace
}  // namespace chainrule::simd
