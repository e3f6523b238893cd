#if defined(__aarch64__) || defined(_M_ARM64)
#define CHAINRULE_NEON
#include "kernels.hpp"
#include "simd.hpp"

#include "gram.inl"
#include "maps_chains.inl"
#include "products.inl"
#include "reduce.inl"

namespace chainrule {

extern const Kernels neon_kernels;
constinit const Kernels neon_kernels{"neon", &simd::product_kernels, &simd::map_kernels, &simd::sum_kernels,
                                        &simd::maximum_kernels, simd::gram_tile};

}  // namespace chainrule
#endif
