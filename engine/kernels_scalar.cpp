#define CHAINRULE_SCALAR
#include "kernels.hpp"
#include "simd.hpp"

#include "products.inl"

namespace chainrule {

extern const Kernels scalar_kernels;
constinit const Kernels scalar_kernels{"scalar", &simd::product_kernels};

}  // namespace chainrule
