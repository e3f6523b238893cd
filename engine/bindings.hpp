// What the files of the bindings share; nothing else in the engine knows Python.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <cstdint>

#include "program.hpp"

namespace chainrule {

// A program as chainrule/compiler/words.py writes it.
using Words = nanobind::ndarray<const std::int64_t, nanobind::ndim<1>, nanobind::c_contig, nanobind::device::cpu>;
using Constants = nanobind::ndarray<const float, nanobind::ndim<1>, nanobind::c_contig, nanobind::device::cpu>;

// Decode and verify.
Program checked_program(const Words& words, const Constants& constants);

void bind_elementwise(nanobind::module_& module);
void bind_machine(nanobind::module_& module);
void bind_products(nanobind::module_& module);
void bind_program(nanobind::module_& module);

}  // namespace chainrule
