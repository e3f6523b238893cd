// The inner loops of products for one instruction set.
#pragma once

#include "products_kernels.hpp"

#include "products_dot.inl"
#include "products_tall.inl"
#include "products_tiles.inl"

namespace chainrule::simd {
namespace {

constexpr ProductKernels product_kernels{multiply_tiles, multiply_tall, multiply_dot, as_tiles, reads_as_it_lies};

}  // namespace
}  // namespace chainrule::simd
