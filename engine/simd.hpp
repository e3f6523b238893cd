// Vectors of 16 floats, the same for every instruction set, so that all builds do the same sums in the same order.
//
// Include it from kernels_*.cpp alone, after defining one of CHAINRULE_AVX512, CHAINRULE_AVX2, CHAINRULE_NEON or
// CHAINRULE_SCALAR. Every set has
//
//   Floats, Ints (32 bits), Mask               16 of each
//   zeros(), broadcast(x), broadcast_int(n)
//   load(p), store(p, x)                       16 floats, any alignment
//   load_first(p, n), store_first(p, x, n)     only the first n of 16 are touched, 0 <= n <= 16; the others load as 0
//   a + b, a - b, a * b, a / b, -a             each rounded once, on Floats
//   fma(a, b, c)                               a * b + c, rounded once
//   sqrt, absolute, round_to_even
//   minimum(a, b), maximum(a, b)               a < b ? a : b and a > b ? a : b: b where one of them is nan
//   less, less_equal, equal(a, b)              Mask; false where one of them is nan
//   select(mask, a, b)                         a where the mask holds, else b
//   mask & mask, mask | mask, !mask, any(mask)
//   a + b, a - b, a & b, a | b, a ^ b          on Ints, and equal(a, b)
//   shift_left<n>, shift_right<n>              of Ints; the right one fills with zeros
//   to_ints(x), to_floats(n)                   nearest whole number, ties to even (within the range of int32)
//   bits(x), from_bits(n)                      the same 32 bits seen as the other kind
//   sum(x)                                     of the 16, lane i with i + 8, then 4, 2, 1
//   largest(x)                                 of the 16, by maximum in the same tree
//   transpose(x)                               exchanges rows and columns of Floats x[16]
//
// load and load_first also take std::uint8_t, Half and double, and convert (a double is rounded to nearest).
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#include "half.hpp"

// Sanitizers make compilers take many minutes for what is inlined and repeated, and such builds need not be quick.
#if defined(CHAINRULE_SANITIZED)
#define CHAINRULE_INLINE inline
#elif defined(_MSC_VER) && !defined(__clang__)
#define CHAINRULE_INLINE __forceinline
#else
#define CHAINRULE_INLINE inline __attribute__((always_inline))
#endif

// Before a loop whose number of iterations is known: its body is repeated that often, so that arrays become registers.
// CHAINRULE_UNROLL_SOME, before any other: few rounds in one, which then share what the loop itself takes.
#if defined(CHAINRULE_SCALAR) || defined(CHAINRULE_SANITIZED)
#define CHAINRULE_UNROLL
#define CHAINRULE_UNROLL_SOME
#elif defined(__clang__)
#define CHAINRULE_UNROLL _Pragma("clang loop unroll(full)")
#define CHAINRULE_UNROLL_SOME _Pragma("clang loop unroll_count(4)")
#elif defined(__GNUC__)
#define CHAINRULE_UNROLL _Pragma("GCC unroll 16")
#define CHAINRULE_UNROLL_SOME _Pragma("GCC unroll 4")
#else
#define CHAINRULE_UNROLL
#define CHAINRULE_UNROLL_SOME
#endif

#if defined(CHAINRULE_AVX512)
#include "simd_avx512.hpp"
#elif defined(CHAINRULE_AVX2)
#include "simd_avx2.hpp"
#elif defined(CHAINRULE_NEON)
#include "simd_neon.hpp"
#else
#include "simd_scalar.hpp"
#endif

namespace chainrule::simd {
namespace {

constexpr int lanes = 16;

// Asks for a line of memory, which need not exist: into the first cache, or into the second.
#if defined(__GNUC__)
CHAINRULE_INLINE void prefetch(const void* p) { __builtin_prefetch(p); }
CHAINRULE_INLINE void prefetch_second(const void* p) { __builtin_prefetch(p, 0, 2); }
#else
CHAINRULE_INLINE void prefetch(const void*) {}
CHAINRULE_INLINE void prefetch_second(const void*) {}
#endif

}  // namespace
}  // namespace chainrule::simd
