// The inner loops exist once for each instruction set; the processor's best is chosen when the program runs.
//
// A part of the engine that has inner loops writes them in a `.inl` file on the vectors of simd.hpp, declares a
// struct of function pointers in its own header, and defines one constant of it in the `.inl`. Each kernels_*.cpp
// includes all `.inl` files, is compiled with the flags of its instruction set, and lists the constants here. All
// that a `.inl` defines must be in an unnamed namespace and must not call inline functions of others (std::min, ...)
// that the compiler may leave as calls: the linker keeps one copy of those, maybe one that this processor cannot run.
#pragma once

#include <span>
#include <string_view>

#include "gram_kernels.hpp"

namespace chainrule {

struct MapKernels;      // maps_kernels.hpp
struct ProductKernels;  // products_kernels.hpp
struct ReduceKernels;   // reduce_kernels.hpp

struct Kernels {
  std::string_view name;  // "scalar", "avx2", "avx512" or "neon"
  const ProductKernels* products;
  const MapKernels* maps;
  const ReduceKernels* sum;
  const ReduceKernels* maximum;
  GramTile gram;
};

// Those that this processor can run, the best first; the last one is "scalar".
std::span<const Kernels* const> available_kernels();

// The best, or the one of that name; throws std::invalid_argument where that is unknown or cannot run here. The
// environment variable CHAINRULE_KERNELS may name what stands for the best. All of them give the same bits.
const Kernels& kernels(std::string_view name = "");

}  // namespace chainrule
