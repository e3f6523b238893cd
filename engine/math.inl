// exp, log and their like for 16 floats: within 2 units in the last place (power: 4), with the same bits from every
// instruction set. Zeros, infinities, nan, denormal arguments and results are as in C's functions of those names.
//
// The polynomials are minimax: Remez' exchange in long double, one coefficient after the other rounded to float32 and
// the remaining ones fitted again (polynomials.py). Where a rare argument needs more work than all others, the work is
// done for the vector that holds it, and gives the others what they would get without.
#pragma once

#include "simd.hpp"

// Without vectors every operation is a loop of 16; then one copy of a long function is enough.
#if defined(CHAINRULE_SCALAR) && defined(__GNUC__)
#define CHAINRULE_LONG __attribute__((noinline))
#else
#define CHAINRULE_LONG CHAINRULE_INLINE
#endif

namespace chainrule::simd {
namespace {

// c0 + c1 x + c2 x^2 + ...
template <typename... More>
CHAINRULE_INLINE Floats polynomial(Floats x, float c0, More... more) {
  if constexpr (sizeof...(more) == 0) {
    return broadcast(c0);
  } else {
    return fma(polynomial(x, more...), x, broadcast(c0));
  }
}

// x with the sign of another number, where x is not negative or has that sign.
CHAINRULE_INLINE Floats with_sign_of(Floats sign, Floats x) {
  return from_bits(bits(x) | (bits(sign) & broadcast_int(INT32_MIN)));
}

CHAINRULE_INLINE Floats infinity() { return from_bits(broadcast_int(0x7f800000)); }
CHAINRULE_INLINE Floats nan() { return from_bits(broadcast_int(0x7fc00000)); }

// x = n ln 2 + r, with n whole and |r| <= ln 2 / 2. n is in the low bits of `shifted`, whose unit in the last place is 1.
struct Reduced {
  Floats shifted, r;
};

CHAINRULE_LONG Reduced reduce(Floats x) {
  const Floats shifter = broadcast(0x1.8p23f);
  const Floats shifted = fma(x, broadcast(0x1.715476p+0f), shifter);
  const Floats n = shifted - shifter;
  const Floats r = fma(n, broadcast(-0x1.62e43p-1f), x);
  return {shifted, fma(n, broadcast(0x1.05c61p-29f), r)};
}

// x * 2^n for the n in the low bits of `shifted`, where the result is neither denormal nor too large.
CHAINRULE_INLINE Floats scale(Floats x, Floats shifted) { return from_bits(bits(x) + shift_left<23>(bits(shifted))); }

// x * 2^n for x near 1 and any n from -200 to 200, rounded once.
CHAINRULE_LONG Floats scale_far(Floats x, Floats shifted) {
  const Mask down = less(shifted, broadcast(0x1.8p23f));
  const Floats nearer = shifted + select(down, broadcast(100), broadcast(-100));
  return scale(x, nearer) * select(down, broadcast(0x1p-100f), broadcast(0x1p100f));
}

// exp(r) = 1 + r + e[0] r^2 + e[1] r^3 + ...
constexpr float e[] = {0x1.fffffcp-2f, 0x1.55548cp-3f, 0x1.555858p-5f, 0x1.123de0p-7f, 0x1.6ac66ap-10f};

CHAINRULE_LONG Floats exp_of_small(Floats r) { return polynomial(r, 1, 1, e[0], e[1], e[2], e[3], e[4]); }

CHAINRULE_LONG Floats exp_far(Floats x) {
  const Reduced part = reduce(maximum(broadcast(-105), minimum(broadcast(90), x)));
  return select(equal(x, x), scale_far(exp_of_small(part.r), part.shifted), x);
}

CHAINRULE_LONG Floats exp(Floats x) {
  if (any(!less(absolute(x), broadcast(87)))) [[unlikely]] return exp_far(x);
  const Reduced part = reduce(x);
  return scale(exp_of_small(part.r), part.shifted);
}

// exp(x) - 1 = 2^n (p + 1) - 1 with p = exp(r) - 1, of which r's own rounding error is a part.
CHAINRULE_INLINE Floats expm1_of_reduced(Reduced part, Floats power, Floats one) {
  const Floats r = part.r;
  const Floats q = polynomial(r, 0x1.fffffep-2f, 0x1.5554aap-3f, 0x1.55579ap-5f, 0x1.122c38p-7f, 0x1.6ac052p-10f);
  return fma(fma(q, r * r, r), power, power - one);
}

CHAINRULE_LONG Floats expm1_near(Floats x) {
  const Reduced part = reduce(x);
  return with_sign_of(x, expm1_of_reduced(part, scale(broadcast(1), part.shifted), broadcast(1)));
}

// Beyond -18 and 89 the results are those of the nearest: -1 and infinity. As 2^128 is no float32, half of it is doubled.
CHAINRULE_LONG Floats expm1_far(Floats x) {
  const Reduced part = reduce(maximum(broadcast(-18), minimum(broadcast(89), x)));
  const Floats half = expm1_of_reduced(part, scale(broadcast(0.5f), part.shifted), broadcast(0.5f));
  return select(less(absolute(x), broadcast(87)), expm1_near(x), half + half);
}

CHAINRULE_INLINE Floats expm1(Floats x) {
  if (any(!less(absolute(x), broadcast(87)))) [[unlikely]] return expm1_far(x);
  return expm1_near(x);
}

// 1 + x = 2^k (1 + f); k is given with 127 added, and 2^-k.
CHAINRULE_LONG Floats log_of_parts(Ints k_biased, Floats f) {
  const Floats k = to_floats(k_biased - broadcast_int(127));
  const Floats q = polynomial(f, -0x1.fffff8p-2f, 0x1.555558p-2f, -0x1.00044cp-2f, 0x1.999fecp-3f, -0x1.541ad8p-3f,
                              0x1.22bc6ep-3f, -0x1.0ffd6ap-3f, 0x1.06aec0p-3f, -0x1.302e5ap-4f);
  return fma(k, broadcast(0x1.62e43p-1f), fma(q, f * f, f));
}

// For a positive normal x = 2^k m with m from sqrt(1/2) to sqrt(2): k + 127.
CHAINRULE_INLINE Ints biased_exponent(Floats x) { return shift_right<23>(bits(x) + broadcast_int(0x004afb0d)); }

CHAINRULE_LONG Floats log_of_normal(Floats x) {
  const Ints k = biased_exponent(x);
  const Floats m = from_bits(bits(x) - shift_left<23>(k - broadcast_int(127)));
  return log_of_parts(k, m - broadcast(1));
}

CHAINRULE_LONG Floats log_far(Floats x) {
  const Mask denormal = less(x, broadcast(0x1p-126f));
  Floats result = log_of_normal(select(denormal, x * broadcast(0x1p23f), x));
  result = select(denormal, result - broadcast(23 * 0x1.62e43p-1f), result);
  result = select(equal(x, infinity()), x, result);
  result = select(equal(x, zeros()), -infinity(), result);
  return select(less_equal(zeros(), x), result, nan());
}

CHAINRULE_INLINE Floats log(Floats x) {
  if (any(!(less_equal(broadcast(0x1p-126f), x) & less(x, infinity())))) [[unlikely]] return log_far(x);
  return log_of_normal(x);
}

CHAINRULE_LONG Floats log1p_near(Floats x) {
  const Ints k = biased_exponent(x + broadcast(1));
  const Floats power = from_bits(shift_left<23>(broadcast_int(254) - k));  // 2^-k
  return with_sign_of(x, log_of_parts(k, fma(x, power, power - broadcast(1))));
}

CHAINRULE_LONG Floats log1p(Floats x) {
  const Mask near = less(broadcast(-1), x) & less(x, broadcast(0x1p25f));
  if (any(!near)) [[unlikely]] {
    return select(near, log1p_near(x), log_far(select(less(x, zeros()), x + broadcast(1), x)));
  }
  return log1p_near(x);
}

// Near 0 a polynomial, then 1 - 2 t / (1 + t) with t = exp(-2 |x|).
CHAINRULE_LONG Floats tanh(Floats x) {
  const Floats u = x * x;
  const Floats small = fma(polynomial(u, -0x1.555452p-2f, 0x1.10cefcp-3f, -0x1.af7d08p-5f, 0x1.0d4f82p-6f), u * x, x);
  // -2 |x| = n ln 2 - 2 r. n is small where t is not, so that one product is exact enough.
  const Floats a = minimum(broadcast(9.1f), absolute(x));
  const Floats shifter = broadcast(0x1.8p23f);
  const Floats shifted = fma(a, broadcast(-0x1.715476p+1f), shifter);
  const Floats r = fma(shifted - shifter, broadcast(0x1.62e43p-2f), a);
  const Floats twice_exp = polynomial(r, 2, -4, 8 * e[0], -16 * e[1], 32 * e[2], -64 * e[3], 128 * e[4]);
  const Floats twice_t = scale(twice_exp, shifted);
  const Floats large = broadcast(1) - twice_t / fma(twice_t, broadcast(0.5f), broadcast(1));
  return with_sign_of(x, select(less_equal(broadcast(0.55f), a), large, small));
}

// With t = exp(-|x|) it is t / (1 + t), or 1 less that; for either sign b - b (t / (1 + t)), with b = t or 1, is rounded
// less than a quotient would be.
CHAINRULE_INLINE Floats sigmoid(Floats x) {
  const Floats t = exp(-absolute(x));
  const Floats b = select(less(x, zeros()), t, broadcast(1));
  return fma(-b, t / (broadcast(1) + t), b);
}

// Near 0 a polynomial, then 1 - exp(-g(|x|)) with a polynomial g; from 4 on it is 1.
CHAINRULE_LONG Floats erf(Floats x) {
  const Floats u = x * x;
  const Floats small = fma(polynomial(u, 0x1.06eba6p-3f, -0x1.8126ecp-2f, 0x1.ce1b86p-4f, -0x1.b69b96p-6f,
                                      0x1.479ca2p-8f, -0x1.3ba9f8p-11f), x, x);
  const Floats t = minimum(broadcast(4), absolute(x));
  const Floats g = polynomial(t, 0x1.5d1198p-13f, 0x1.20b752p+0f, 0x1.4621bap-1f, 0x1.aa7322p-4f, -0x1.6d9cdap-6f,
                              0x1.91ccecp-9f, -0x1.9fb296p-13f);
  const Reduced part = reduce(-g);
  const Floats large = broadcast(1) - scale(exp_of_small(part.r), part.shifted);
  return select(less_equal(broadcast(0.9f), t), with_sign_of(x, large), small);
}

}  // namespace
}  // namespace chainrule::simd
