#if defined(__x86_64__) || defined(_M_X64)
#define CHAINRULE_AVX512
#include "kernels.hpp"
#include "simd.hpp"

#include "gram.inl"
#include "maps_chains.inl"
#include "products.inl"
#include "reduce.inl"

namespace chainrule {

extern const Kernels avx512_kernels;
constinit const Kernels avx512_kernels{"avx512", &simd::product_kernels, &simd::map_kernels, &simd::sum_kernels,
                                        &simd::maximum_kernels, simd::gram_tile};

}  // namespace chainrule
#endif
