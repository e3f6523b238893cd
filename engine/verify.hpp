// What a program must fulfil before it may run: every rule that the machine relies on, as in
// chainrule/compiler/verify.py, with the same words; only names stay with Python.
#pragma once

#include <cstddef>
#include <cstdint>

#include "program.hpp"

namespace chainrule {

// What machines may rely on when they count axes and bytes.
inline constexpr std::size_t most_axes = 8;
inline constexpr std::int64_t most_elements = std::int64_t{1} << 40;

// Check a program; MalformedProgram names the first rule that it breaks.
void verify(const Program& program);

}  // namespace chainrule
