// What the files of the bindings share; nothing else in the engine knows Python.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <cstdint>
#include <optional>

#include "products.hpp"
#include "program.hpp"

namespace chainrule {

// A program as chainrule/compiler/words.py writes it.
using Words = nanobind::ndarray<const std::int64_t, nanobind::ndim<1>, nanobind::c_contig, nanobind::device::cpu>;
using Constants = nanobind::ndarray<const float, nanobind::ndim<1>, nanobind::c_contig, nanobind::device::cpu>;

// Of an array's elements, where the engine reads such ones.
inline std::optional<DType> type_of(const nanobind::dlpack::dtype& type) {
  if (type == nanobind::dtype<float>()) return DType::f32;
  if (type == nanobind::dtype<double>()) return DType::f64;
  if (type == nanobind::dtype<std::uint8_t>()) return DType::u8;
  const bool is_float = type.code == static_cast<std::uint8_t>(nanobind::dlpack::dtype_code::Float);
  if (is_float && type.bits == 16 && type.lanes == 1) return DType::f16;
  return std::nullopt;
}

// Decode and verify.
Program checked_program(const Words& words, const Constants& constants);

void bind_elementwise(nanobind::module_& module);
void bind_machine(nanobind::module_& module);
void bind_products(nanobind::module_& module);
void bind_program(nanobind::module_& module);

}  // namespace chainrule
