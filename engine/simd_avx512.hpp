// simd.hpp on AVX-512 (F, BW, DQ, VL): one register.
#pragma once

// GCC takes registers that its own header leaves undefined on purpose for mistakes (its bug 105593).
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include <immintrin.h>
#pragma GCC diagnostic pop
#else
#include <immintrin.h>
#endif

namespace chainrule::simd {
namespace {

struct Floats { __m512 v; };
struct Ints { __m512i v; };
struct Mask { __mmask16 v; };

CHAINRULE_INLINE __mmask16 first(int n) { return static_cast<__mmask16>((1u << n) - 1u); }

CHAINRULE_INLINE Floats zeros() { return {_mm512_setzero_ps()}; }
CHAINRULE_INLINE Floats broadcast(float x) { return {_mm512_set1_ps(x)}; }
CHAINRULE_INLINE Ints broadcast_int(std::int32_t n) { return {_mm512_set1_epi32(n)}; }

CHAINRULE_INLINE Floats load(const float* p) { return {_mm512_loadu_ps(p)}; }
CHAINRULE_INLINE void store(float* p, Floats x) { _mm512_storeu_ps(p, x.v); }
CHAINRULE_INLINE Floats load_first(const float* p, int n) { return {_mm512_maskz_loadu_ps(first(n), p)}; }
CHAINRULE_INLINE void store_first(float* p, Floats x, int n) { _mm512_mask_storeu_ps(p, first(n), x.v); }

CHAINRULE_INLINE Floats from_bytes(__m128i bytes) { return {_mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(bytes))}; }
CHAINRULE_INLINE Floats from_doubles(__m512d low, __m512d high) {
  return {_mm512_insertf32x8(_mm512_castps256_ps512(_mm512_cvtpd_ps(low)), _mm512_cvtpd_ps(high), 1)};
}

CHAINRULE_INLINE Floats load(const std::uint8_t* p) {
  return from_bytes(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}
CHAINRULE_INLINE Floats load(const Half* p) {
  return {_mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)))};
}
CHAINRULE_INLINE Floats load(const double* p) { return from_doubles(_mm512_loadu_pd(p), _mm512_loadu_pd(p + 8)); }
CHAINRULE_INLINE Floats load_first(const std::uint8_t* p, int n) {
  return from_bytes(_mm_maskz_loadu_epi8(first(n), p));
}
CHAINRULE_INLINE Floats load_first(const Half* p, int n) {
  return {_mm512_cvtph_ps(_mm256_maskz_loadu_epi16(first(n), p))};
}
CHAINRULE_INLINE Floats load_first(const double* p, int n) {
  const __mmask16 mask = first(n);
  return from_doubles(_mm512_maskz_loadu_pd(static_cast<__mmask8>(mask), p),
                      _mm512_maskz_loadu_pd(static_cast<__mmask8>(mask >> 8), p + 8));
}

CHAINRULE_INLINE Floats operator+(Floats a, Floats b) { return {_mm512_add_ps(a.v, b.v)}; }
CHAINRULE_INLINE Floats operator-(Floats a, Floats b) { return {_mm512_sub_ps(a.v, b.v)}; }
CHAINRULE_INLINE Floats operator*(Floats a, Floats b) { return {_mm512_mul_ps(a.v, b.v)}; }
CHAINRULE_INLINE Floats operator/(Floats a, Floats b) { return {_mm512_div_ps(a.v, b.v)}; }
CHAINRULE_INLINE Floats fma(Floats a, Floats b, Floats c) { return {_mm512_fmadd_ps(a.v, b.v, c.v)}; }
CHAINRULE_INLINE Floats sqrt(Floats a) { return {_mm512_sqrt_ps(a.v)}; }
CHAINRULE_INLINE Floats minimum(Floats a, Floats b) { return {_mm512_min_ps(a.v, b.v)}; }
CHAINRULE_INLINE Floats maximum(Floats a, Floats b) { return {_mm512_max_ps(a.v, b.v)}; }
CHAINRULE_INLINE Floats round_to_even(Floats a) { return {_mm512_roundscale_ps(a.v, _MM_FROUND_TO_NEAREST_INT)}; }

CHAINRULE_INLINE Ints bits(Floats a) { return {_mm512_castps_si512(a.v)}; }
CHAINRULE_INLINE Floats from_bits(Ints a) { return {_mm512_castsi512_ps(a.v)}; }
CHAINRULE_INLINE Ints to_ints(Floats a) { return {_mm512_cvtps_epi32(a.v)}; }
CHAINRULE_INLINE Floats to_floats(Ints a) { return {_mm512_cvtepi32_ps(a.v)}; }
CHAINRULE_INLINE Ints operator+(Ints a, Ints b) { return {_mm512_add_epi32(a.v, b.v)}; }
CHAINRULE_INLINE Ints operator-(Ints a, Ints b) { return {_mm512_sub_epi32(a.v, b.v)}; }
CHAINRULE_INLINE Ints operator&(Ints a, Ints b) { return {_mm512_and_si512(a.v, b.v)}; }
CHAINRULE_INLINE Ints operator|(Ints a, Ints b) { return {_mm512_or_si512(a.v, b.v)}; }
CHAINRULE_INLINE Ints operator^(Ints a, Ints b) { return {_mm512_xor_si512(a.v, b.v)}; }
template <int n>
CHAINRULE_INLINE Ints shift_left(Ints a) {
  return {_mm512_slli_epi32(a.v, n)};
}
template <int n>
CHAINRULE_INLINE Ints shift_right(Ints a) {
  return {_mm512_srli_epi32(a.v, n)};
}

CHAINRULE_INLINE Floats operator-(Floats a) { return from_bits(bits(a) ^ broadcast_int(INT32_MIN)); }
CHAINRULE_INLINE Floats absolute(Floats a) { return from_bits(bits(a) & broadcast_int(INT32_MAX)); }

CHAINRULE_INLINE Mask less(Floats a, Floats b) { return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_LT_OQ)}; }
CHAINRULE_INLINE Mask less_equal(Floats a, Floats b) { return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_LE_OQ)}; }
CHAINRULE_INLINE Mask equal(Floats a, Floats b) { return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_EQ_OQ)}; }
CHAINRULE_INLINE Mask equal(Ints a, Ints b) { return {_mm512_cmpeq_epi32_mask(a.v, b.v)}; }
CHAINRULE_INLINE Mask operator&(Mask a, Mask b) { return {static_cast<__mmask16>(a.v & b.v)}; }
CHAINRULE_INLINE Mask operator|(Mask a, Mask b) { return {static_cast<__mmask16>(a.v | b.v)}; }
CHAINRULE_INLINE Mask operator!(Mask a) { return {static_cast<__mmask16>(~a.v)}; }
CHAINRULE_INLINE bool any(Mask a) { return a.v != 0; }
CHAINRULE_INLINE Floats select(Mask m, Floats a, Floats b) { return {_mm512_mask_blend_ps(m.v, b.v, a.v)}; }
CHAINRULE_INLINE Ints select(Mask m, Ints a, Ints b) { return {_mm512_mask_blend_epi32(m.v, b.v, a.v)}; }

CHAINRULE_INLINE __m256 low_half(Floats a) { return _mm512_castps512_ps256(a.v); }
CHAINRULE_INLINE __m256 high_half(Floats a) { return _mm512_extractf32x8_ps(a.v, 1); }

CHAINRULE_INLINE float sum(Floats a) {
  const __m256 eight = _mm256_add_ps(low_half(a), high_half(a));
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

CHAINRULE_INLINE float largest(Floats a) {
  const __m256 eight = _mm256_max_ps(low_half(a), high_half(a));
  const __m128 four = _mm_max_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}

// Exchanges rows and columns of 16 x 16.
CHAINRULE_INLINE void transpose(Floats (&x)[16]) {
  __m512 y[16];
  CHAINRULE_UNROLL
  for (int i = 0; i < 16; i += 2) {
    y[i] = _mm512_unpacklo_ps(x[i].v, x[i + 1].v);
    y[i + 1] = _mm512_unpackhi_ps(x[i].v, x[i + 1].v);
  }
  __m512 z[16];
  CHAINRULE_UNROLL
  for (int i = 0; i < 16; i += 4) {
    CHAINRULE_UNROLL
    for (int j = 0; j < 2; ++j) {
      const __m512d low = _mm512_castps_pd(y[i + j]), high = _mm512_castps_pd(y[i + j + 2]);
      z[i + 2 * j] = _mm512_castpd_ps(_mm512_unpacklo_pd(low, high));
      z[i + 2 * j + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(low, high));
    }
  }
  CHAINRULE_UNROLL
  for (int i = 0; i < 4; ++i) {
    const __m512 a = _mm512_shuffle_f32x4(z[i], z[i + 4], 0x88), b = _mm512_shuffle_f32x4(z[i], z[i + 4], 0xdd);
    const __m512 c = _mm512_shuffle_f32x4(z[i + 8], z[i + 12], 0x88);
    const __m512 d = _mm512_shuffle_f32x4(z[i + 8], z[i + 12], 0xdd);
    x[i].v = _mm512_shuffle_f32x4(a, c, 0x88);
    x[i + 4].v = _mm512_shuffle_f32x4(b, d, 0x88);
    x[i + 8].v = _mm512_shuffle_f32x4(a, c, 0xdd);
    x[i + 12].v = _mm512_shuffle_f32x4(b, d, 0xdd);
  }
}

}  // namespace
}  // namespace chainrule::simd
