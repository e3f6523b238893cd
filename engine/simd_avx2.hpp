// simd.hpp on AVX2, FMA and F16C: two registers of 8.
#pragma once

#include <immintrin.h>

namespace chainrule::simd {
namespace {

struct Floats { __m256 low, high; };
struct Ints { __m256i low, high; };
struct Mask { __m256 low, high; };

CHAINRULE_INLINE Floats zeros() { return {_mm256_setzero_ps(), _mm256_setzero_ps()}; }
CHAINRULE_INLINE Floats broadcast(float x) { return {_mm256_set1_ps(x), _mm256_set1_ps(x)}; }
CHAINRULE_INLINE Ints broadcast_int(std::int32_t n) { return {_mm256_set1_epi32(n), _mm256_set1_epi32(n)}; }

// All bits of the lanes first, first + 1, ... that are below n.
CHAINRULE_INLINE __m256i below(int n, int first) {
  const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(n - first), lane);
}

CHAINRULE_INLINE Floats load(const float* p) { return {_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)}; }
CHAINRULE_INLINE void store(float* p, Floats x) {
  _mm256_storeu_ps(p, x.low);
  _mm256_storeu_ps(p + 8, x.high);
}
CHAINRULE_INLINE Floats load_first(const float* p, int n) {
  return {_mm256_maskload_ps(p, below(n, 0)), _mm256_maskload_ps(p + 8, below(n, 8))};
}
// In pieces: a masked store takes some 40 cycles on several processors.
CHAINRULE_INLINE void store_first(float* p, Floats x, int n) {
  if (n >= 16) return store(p, x);
  __m256 eight = x.low;
  if (n >= 8) {
    _mm256_storeu_ps(p, x.low);
    p += 8;
    eight = x.high;
  }
  __m128 four = _mm256_castps256_ps128(eight);
  if ((n & 4) != 0) {
    _mm_storeu_ps(p, four);
    p += 4;
    four = _mm256_extractf128_ps(eight, 1);
  }
  if ((n & 2) != 0) {
    _mm_storel_pi(reinterpret_cast<__m64*>(p), four);
    p += 2;
    four = _mm_movehl_ps(four, four);
  }
  if ((n & 1) != 0) _mm_store_ss(p, four);
}

CHAINRULE_INLINE Floats load(const std::uint8_t* p) {
  const __m128i low = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(p));
  const __m128i high = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(p + 8));
  return {_mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(low)), _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(high))};
}
CHAINRULE_INLINE Floats load(const Half* p) {
  return {_mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))),
          _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p + 8)))};
}
CHAINRULE_INLINE __m256 eight_doubles(const double* p) {
  return _mm256_set_m128(_mm256_cvtpd_ps(_mm256_loadu_pd(p + 4)), _mm256_cvtpd_ps(_mm256_loadu_pd(p)));
}
CHAINRULE_INLINE Floats load(const double* p) { return {eight_doubles(p), eight_doubles(p + 8)}; }

template <typename T>
CHAINRULE_INLINE Floats load_first(const T* p, int n) {
  T copy[16] = {};
  std::memcpy(copy, p, static_cast<std::size_t>(n) * sizeof(T));
  return load(copy);
}

CHAINRULE_INLINE Floats operator+(Floats a, Floats b) {
  return {_mm256_add_ps(a.low, b.low), _mm256_add_ps(a.high, b.high)};
}
CHAINRULE_INLINE Floats operator-(Floats a, Floats b) {
  return {_mm256_sub_ps(a.low, b.low), _mm256_sub_ps(a.high, b.high)};
}
CHAINRULE_INLINE Floats operator*(Floats a, Floats b) {
  return {_mm256_mul_ps(a.low, b.low), _mm256_mul_ps(a.high, b.high)};
}
CHAINRULE_INLINE Floats operator/(Floats a, Floats b) {
  return {_mm256_div_ps(a.low, b.low), _mm256_div_ps(a.high, b.high)};
}
CHAINRULE_INLINE Floats fma(Floats a, Floats b, Floats c) {
  return {_mm256_fmadd_ps(a.low, b.low, c.low), _mm256_fmadd_ps(a.high, b.high, c.high)};
}
CHAINRULE_INLINE Floats sqrt(Floats a) { return {_mm256_sqrt_ps(a.low), _mm256_sqrt_ps(a.high)}; }
CHAINRULE_INLINE Floats minimum(Floats a, Floats b) {
  return {_mm256_min_ps(a.low, b.low), _mm256_min_ps(a.high, b.high)};
}
CHAINRULE_INLINE Floats maximum(Floats a, Floats b) {
  return {_mm256_max_ps(a.low, b.low), _mm256_max_ps(a.high, b.high)};
}
CHAINRULE_INLINE Floats round_to_even(Floats a) {
  return {_mm256_round_ps(a.low, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC),
          _mm256_round_ps(a.high, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)};
}

CHAINRULE_INLINE Ints bits(Floats a) { return {_mm256_castps_si256(a.low), _mm256_castps_si256(a.high)}; }
CHAINRULE_INLINE Floats from_bits(Ints a) { return {_mm256_castsi256_ps(a.low), _mm256_castsi256_ps(a.high)}; }
CHAINRULE_INLINE Ints to_ints(Floats a) { return {_mm256_cvtps_epi32(a.low), _mm256_cvtps_epi32(a.high)}; }
CHAINRULE_INLINE Floats to_floats(Ints a) { return {_mm256_cvtepi32_ps(a.low), _mm256_cvtepi32_ps(a.high)}; }
CHAINRULE_INLINE Ints operator+(Ints a, Ints b) {
  return {_mm256_add_epi32(a.low, b.low), _mm256_add_epi32(a.high, b.high)};
}
CHAINRULE_INLINE Ints operator-(Ints a, Ints b) {
  return {_mm256_sub_epi32(a.low, b.low), _mm256_sub_epi32(a.high, b.high)};
}
CHAINRULE_INLINE Ints operator&(Ints a, Ints b) {
  return {_mm256_and_si256(a.low, b.low), _mm256_and_si256(a.high, b.high)};
}
CHAINRULE_INLINE Ints operator|(Ints a, Ints b) {
  return {_mm256_or_si256(a.low, b.low), _mm256_or_si256(a.high, b.high)};
}
CHAINRULE_INLINE Ints operator^(Ints a, Ints b) {
  return {_mm256_xor_si256(a.low, b.low), _mm256_xor_si256(a.high, b.high)};
}
template <int n>
CHAINRULE_INLINE Ints shift_left(Ints a) {
  return {_mm256_slli_epi32(a.low, n), _mm256_slli_epi32(a.high, n)};
}
template <int n>
CHAINRULE_INLINE Ints shift_right(Ints a) {
  return {_mm256_srli_epi32(a.low, n), _mm256_srli_epi32(a.high, n)};
}

CHAINRULE_INLINE Floats operator-(Floats a) { return from_bits(bits(a) ^ broadcast_int(INT32_MIN)); }
CHAINRULE_INLINE Floats absolute(Floats a) { return from_bits(bits(a) & broadcast_int(INT32_MAX)); }

template <int relation>
CHAINRULE_INLINE Mask compare(Floats a, Floats b) {
  return {_mm256_cmp_ps(a.low, b.low, relation), _mm256_cmp_ps(a.high, b.high, relation)};
}
CHAINRULE_INLINE Mask less(Floats a, Floats b) { return compare<_CMP_LT_OQ>(a, b); }
CHAINRULE_INLINE Mask less_equal(Floats a, Floats b) { return compare<_CMP_LE_OQ>(a, b); }
CHAINRULE_INLINE Mask equal(Floats a, Floats b) { return compare<_CMP_EQ_OQ>(a, b); }
CHAINRULE_INLINE Mask equal(Ints a, Ints b) {
  return {_mm256_castsi256_ps(_mm256_cmpeq_epi32(a.low, b.low)),
          _mm256_castsi256_ps(_mm256_cmpeq_epi32(a.high, b.high))};
}
CHAINRULE_INLINE Mask operator&(Mask a, Mask b) {
  return {_mm256_and_ps(a.low, b.low), _mm256_and_ps(a.high, b.high)};
}
CHAINRULE_INLINE Mask operator|(Mask a, Mask b) {
  return {_mm256_or_ps(a.low, b.low), _mm256_or_ps(a.high, b.high)};
}
CHAINRULE_INLINE Mask operator!(Mask a) {
  const __m256 all = _mm256_castsi256_ps(_mm256_set1_epi32(-1));
  return {_mm256_andnot_ps(a.low, all), _mm256_andnot_ps(a.high, all)};
}
CHAINRULE_INLINE bool any(Mask a) { return _mm256_movemask_ps(_mm256_or_ps(a.low, a.high)) != 0; }
CHAINRULE_INLINE Floats select(Mask m, Floats a, Floats b) {
  return {_mm256_blendv_ps(b.low, a.low, m.low), _mm256_blendv_ps(b.high, a.high, m.high)};
}
CHAINRULE_INLINE Ints select(Mask m, Ints a, Ints b) { return bits(select(m, from_bits(a), from_bits(b))); }

CHAINRULE_INLINE float sum(Floats a) {
  const __m256 eight = _mm256_add_ps(a.low, a.high);
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

CHAINRULE_INLINE float largest(Floats a) {
  const __m256 eight = _mm256_max_ps(a.low, a.high);
  const __m128 four = _mm_max_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}

CHAINRULE_INLINE void transpose_8(__m256 (&x)[8]) {
  __m256 y[8], z[8];
  CHAINRULE_UNROLL
  for (int i = 0; i < 8; i += 2) {
    y[i] = _mm256_unpacklo_ps(x[i], x[i + 1]);
    y[i + 1] = _mm256_unpackhi_ps(x[i], x[i + 1]);
  }
  CHAINRULE_UNROLL
  for (int i = 0; i < 8; i += 4) {
    CHAINRULE_UNROLL
    for (int j = 0; j < 2; ++j) {
      z[i + 2 * j] = _mm256_shuffle_ps(y[i + j], y[i + j + 2], 0x44);
      z[i + 2 * j + 1] = _mm256_shuffle_ps(y[i + j], y[i + j + 2], 0xee);
    }
  }
  CHAINRULE_UNROLL
  for (int i = 0; i < 4; ++i) {
    x[i] = _mm256_permute2f128_ps(z[i], z[i + 4], 0x20);
    x[i + 4] = _mm256_permute2f128_ps(z[i], z[i + 4], 0x31);
  }
}

// Exchanges rows and columns of 16 x 16.
CHAINRULE_INLINE void transpose(Floats (&x)[16]) {
  __m256 quarters[4][8];
  for (int i = 0; i < 8; ++i) {
    quarters[0][i] = x[i].low;
    quarters[1][i] = x[i].high;
    quarters[2][i] = x[i + 8].low;
    quarters[3][i] = x[i + 8].high;
  }
  for (auto& quarter : quarters) transpose_8(quarter);
  for (int i = 0; i < 8; ++i) {
    x[i] = {quarters[0][i], quarters[2][i]};
    x[i + 8] = {quarters[1][i], quarters[3][i]};
  }
}

}  // namespace
}  // namespace chainrule::simd
