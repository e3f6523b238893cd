// The power of 16 floats, within 4 units in the last place; see math.inl. The logarithm of the base is a sum of two floats.
#pragma once

#include "math.inl"

namespace chainrule::simd {
namespace {

// A number as the sum of two floats, of which the second one is below half a unit in the last place of the first.
struct Pair {
  Floats high, low;
};

// log2 x for positive normal x = 2^k m: with s = (m - 1) / (m + 1) it is k + c s + s^3 R(s^2), c = 2 / ln 2.
CHAINRULE_LONG Pair log2_of_normal(Floats x) {
  const Ints biased = biased_exponent(x);
  const Floats m = from_bits(bits(x) - shift_left<23>(biased - broadcast_int(127)));
  const Floats f = m - broadcast(1);
  const Floats d = f + broadcast(2);
  const Floats d_low = f - (d - broadcast(2));
  const Floats inverse = broadcast(1) / d;
  const Floats s = f * inverse;
  const Floats s_low = (fma(-s, d, f) - s * d_low) * inverse;
  const Floats u = s * s;
  const Floats square = polynomial(u, 0x1.ec70d2p-1f, 0x1.274ca0p-1f, 0x1.b94740p-2f) * u;
  const Floats c = broadcast(0x1.715476p+1f);
  const Floats first = c * s;
  const Floats cubic = square * s;
  const Floats slope = fma(square, broadcast(3), c);
  const Floats first_low = fma(slope, s_low, fma(s, broadcast(0x1.4ae0c0p-25f), fma(c, s, -first)));
  const Floats k = to_floats(biased - broadcast_int(127));
  const Floats sum = k + first;
  const Floats high = sum + cubic;
  return {high, ((sum - high) + cubic) + (((k - sum) + first) + first_low)};
}

// 2^(y * log2), for any y but nan.
CHAINRULE_LONG Floats power_of_log2(Pair log2, Floats y) {
  const Floats product = y * log2.high;
  const Floats z = maximum(broadcast(-190), minimum(broadcast(190), product));
  const Floats z_low = select(equal(z, product), fma(y, log2.low, fma(y, log2.high, -product)), zeros());
  const Floats shifter = broadcast(0x1.8p23f);
  const Floats shifted = z + shifter;
  const Floats r = (z - (shifted - shifter)) + z_low;
  const Floats p = polynomial(r, 1, 0x1.62e430p-1f, 0x1.ebfbe0p-3f, 0x1.c6b06ep-5f, 0x1.3b2a3cp-7f, 0x1.5da80cp-10f,
                              0x1.443592p-13f, 0x1.daa2c6p-17f);
  return scale_far(p, shifted);
}

CHAINRULE_INLINE Mask is_whole(Floats y) { return equal(round_to_even(y), y); }

CHAINRULE_LONG Floats power_far(Floats x, Floats y) {
  const Floats one = broadcast(1);
  const Floats size = absolute(x);
  const Mask denormal = less(size, broadcast(0x1p-126f));
  Pair log2 = log2_of_normal(select(denormal, size * broadcast(0x1p32f), size));
  const Floats nearer = log2.high - select(denormal, broadcast(32), zeros());
  log2.low = select(denormal, (log2.high - nearer - broadcast(32)) + log2.low, log2.low);
  log2.high = select(equal(size, zeros()), -infinity(), select(equal(size, infinity()), size, nearer));

  Floats result = select(equal(size, one), one, power_of_log2(log2, y));
  const Mask odd = is_whole(y) & !is_whole(y * broadcast(0.5f));
  result = select(odd, from_bits(bits(result) | (bits(x) & broadcast_int(INT32_MIN))), result);
  const Mask no_root = less(x, zeros()) & less(size, infinity()) & !is_whole(y);
  result = select(no_root | !equal(x, x) | !equal(y, y), nan(), result);
  return select(equal(x, one) | equal(y, zeros()), one, result);
}

CHAINRULE_LONG Floats power(Floats x, Floats y) {
  const Mask near = less_equal(broadcast(0x1p-126f), x) & less(x, infinity()) & less(absolute(y), broadcast(0x1p30f));
  if (any(!near)) [[unlikely]] return power_far(x, y);
  return power_of_log2(log2_of_normal(x), y);
}

}  // namespace
}  // namespace chainrule::simd
