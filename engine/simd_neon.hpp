// simd.hpp on the 64-bit ARM instructions: four registers of 4.
#pragma once

#include <arm_neon.h>

namespace chainrule::simd {
namespace {

struct Floats { float32x4_t v[4]; };
struct Ints { uint32x4_t v[4]; };
struct Mask { uint32x4_t v[4]; };

// A function that is applied to each of the four registers.
template <typename Result, typename Function>
CHAINRULE_INLINE Result each(Function function) {
  return {{function(0), function(1), function(2), function(3)}};
}

CHAINRULE_INLINE Floats broadcast(float x) {
  return each<Floats>([&](int) { return vdupq_n_f32(x); });
}
CHAINRULE_INLINE Floats zeros() { return broadcast(0); }
CHAINRULE_INLINE Ints broadcast_int(std::int32_t n) {
  return each<Ints>([&](int) { return vdupq_n_u32(static_cast<std::uint32_t>(n)); });
}

CHAINRULE_INLINE Floats load(const float* p) {
  return each<Floats>([&](int i) { return vld1q_f32(p + 4 * i); });
}
CHAINRULE_INLINE void store(float* p, Floats x) {
  for (int i = 0; i < 4; ++i) vst1q_f32(p + 4 * i, x.v[i]);
}
CHAINRULE_INLINE Floats load(const std::uint8_t* p) {
  const uint8x16_t bytes = vld1q_u8(p);
  const uint16x8_t low = vmovl_u8(vget_low_u8(bytes)), high = vmovl_u8(vget_high_u8(bytes));
  return {{vcvtq_f32_u32(vmovl_u16(vget_low_u16(low))), vcvtq_f32_u32(vmovl_u16(vget_high_u16(low))),
           vcvtq_f32_u32(vmovl_u16(vget_low_u16(high))), vcvtq_f32_u32(vmovl_u16(vget_high_u16(high)))}};
}
CHAINRULE_INLINE Floats load(const Half* p) {
  const auto* halves = reinterpret_cast<const std::uint16_t*>(p);
  return each<Floats>([&](int i) { return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(halves + 4 * i))); });
}
CHAINRULE_INLINE Floats load(const double* p) {
  return each<Floats>([&](int i) {
    return vcombine_f32(vcvt_f32_f64(vld1q_f64(p + 4 * i)), vcvt_f32_f64(vld1q_f64(p + 4 * i + 2)));
  });
}
template <typename T>
CHAINRULE_INLINE Floats load_first(const T* p, int n) {
  T copy[16] = {};
  std::memcpy(copy, p, static_cast<std::size_t>(n) * sizeof(T));
  return load(copy);
}
CHAINRULE_INLINE void store_first(float* p, Floats x, int n) {
  float copy[16];
  store(copy, x);
  std::memcpy(p, copy, static_cast<std::size_t>(n) * sizeof(float));
}

CHAINRULE_INLINE Ints bits(Floats a) {
  return each<Ints>([&](int i) { return vreinterpretq_u32_f32(a.v[i]); });
}
CHAINRULE_INLINE Floats from_bits(Ints a) {
  return each<Floats>([&](int i) { return vreinterpretq_f32_u32(a.v[i]); });
}

CHAINRULE_INLINE Floats fma(Floats a, Floats b, Floats c) {
  return each<Floats>([&](int i) { return vfmaq_f32(c.v[i], a.v[i], b.v[i]); });
}

#define CHAINRULE_EACH(Result, Argument, name, instruction)       \
  CHAINRULE_INLINE Result name(Argument a, Argument b) {          \
    return each<Result>([&](int i) { return instruction(a.v[i], b.v[i]); }); \
  }
CHAINRULE_EACH(Floats, Floats, operator+, vaddq_f32)
CHAINRULE_EACH(Floats, Floats, operator-, vsubq_f32)
CHAINRULE_EACH(Floats, Floats, operator*, vmulq_f32)
CHAINRULE_EACH(Floats, Floats, operator/, vdivq_f32)
CHAINRULE_EACH(Mask, Floats, less, vcltq_f32)
CHAINRULE_EACH(Mask, Floats, less_equal, vcleq_f32)
CHAINRULE_EACH(Mask, Floats, equal, vceqq_f32)
CHAINRULE_EACH(Mask, Ints, equal, vceqq_u32)
CHAINRULE_EACH(Mask, Mask, operator&, vandq_u32)
CHAINRULE_EACH(Mask, Mask, operator|, vorrq_u32)
CHAINRULE_EACH(Ints, Ints, operator+, vaddq_u32)
CHAINRULE_EACH(Ints, Ints, operator-, vsubq_u32)
CHAINRULE_EACH(Ints, Ints, operator&, vandq_u32)
CHAINRULE_EACH(Ints, Ints, operator|, vorrq_u32)
CHAINRULE_EACH(Ints, Ints, operator^, veorq_u32)
#undef CHAINRULE_EACH

CHAINRULE_INLINE Floats sqrt(Floats a) {
  return each<Floats>([&](int i) { return vsqrtq_f32(a.v[i]); });
}
CHAINRULE_INLINE Floats round_to_even(Floats a) {
  return each<Floats>([&](int i) { return vrndnq_f32(a.v[i]); });
}
CHAINRULE_INLINE Ints to_ints(Floats a) {
  return each<Ints>([&](int i) { return vreinterpretq_u32_s32(vcvtnq_s32_f32(a.v[i])); });
}
CHAINRULE_INLINE Floats to_floats(Ints a) {
  return each<Floats>([&](int i) { return vcvtq_f32_s32(vreinterpretq_s32_u32(a.v[i])); });
}
template <int n>
CHAINRULE_INLINE Ints shift_left(Ints a) {
  return each<Ints>([&](int i) { return vshlq_n_u32(a.v[i], n); });
}
template <int n>
CHAINRULE_INLINE Ints shift_right(Ints a) {
  return each<Ints>([&](int i) { return vshrq_n_u32(a.v[i], n); });
}
CHAINRULE_INLINE Floats operator-(Floats a) {
  return each<Floats>([&](int i) { return vnegq_f32(a.v[i]); });
}
CHAINRULE_INLINE Floats absolute(Floats a) {
  return each<Floats>([&](int i) { return vabsq_f32(a.v[i]); });
}

CHAINRULE_INLINE Mask operator!(Mask a) {
  return each<Mask>([&](int i) { return vmvnq_u32(a.v[i]); });
}
CHAINRULE_INLINE bool any(Mask a) {
  return vmaxvq_u32(vorrq_u32(vorrq_u32(a.v[0], a.v[1]), vorrq_u32(a.v[2], a.v[3]))) != 0;
}
CHAINRULE_INLINE Floats select(Mask m, Floats a, Floats b) {
  return each<Floats>([&](int i) { return vbslq_f32(m.v[i], a.v[i], b.v[i]); });
}
CHAINRULE_INLINE Ints select(Mask m, Ints a, Ints b) {
  return each<Ints>([&](int i) { return vbslq_u32(m.v[i], a.v[i], b.v[i]); });
}
CHAINRULE_INLINE Floats minimum(Floats a, Floats b) { return select(less(a, b), a, b); }
CHAINRULE_INLINE Floats maximum(Floats a, Floats b) { return select(less(b, a), a, b); }

CHAINRULE_INLINE float sum(Floats a) {
  const float32x4_t four = vaddq_f32(vaddq_f32(a.v[0], a.v[2]), vaddq_f32(a.v[1], a.v[3]));
  const float32x2_t two = vadd_f32(vget_low_f32(four), vget_high_f32(four));
  return vget_lane_f32(two, 0) + vget_lane_f32(two, 1);
}

CHAINRULE_INLINE float largest(Floats a) {
  float x[16];
  store(x, a);
  for (int half = 8; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) x[i] = x[i] > x[i + half] ? x[i] : x[i + half];
  }
  return x[0];
}

// Exchanges rows and columns of 16 x 16.
CHAINRULE_INLINE void transpose(Floats (&x)[16]) {
  float y[16][16];
  for (int i = 0; i < 16; i += 4) {
    for (int j = 0; j < 4; ++j) {
      const float32x4x2_t a = vzipq_f32(x[i].v[j], x[i + 2].v[j]), b = vzipq_f32(x[i + 1].v[j], x[i + 3].v[j]);
      const float32x4x2_t low = vzipq_f32(a.val[0], b.val[0]), high = vzipq_f32(a.val[1], b.val[1]);
      vst1q_f32(&y[4 * j][i], low.val[0]);
      vst1q_f32(&y[4 * j + 1][i], low.val[1]);
      vst1q_f32(&y[4 * j + 2][i], high.val[0]);
      vst1q_f32(&y[4 * j + 3][i], high.val[1]);
    }
  }
  for (int i = 0; i < 16; ++i) x[i] = load(y[i]);
}

}  // namespace
}  // namespace chainrule::simd
