#define CHAINRULE_SCALAR
#include "kernels.hpp"
#include "simd.hpp"

#include "gram.inl"
#include "maps_chains.inl"
#include "products.inl"
#include "reduce.inl"

namespace chainrule {

extern const Kernels scalar_kernels;
constinit const Kernels scalar_kernels{"scalar", &simd::product_kernels, &simd::map_kernels, &simd::sum_kernels,
                                        &simd::maximum_kernels, simd::gram_tile};

}  // namespace chainrule
