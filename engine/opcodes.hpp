// The scalar operations of maps, in the order of chainrule/opcodes.py; a test compares both.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace chainrule {

enum class Opcode : std::uint8_t {
  copy, negate, add, subtract, multiply, divide, power, maximum, minimum, greater, greater_equal, equal, where,
  absolute, sign, square_root, exp, log, log1p, expm1, tanh, sigmoid, erf,
};

struct OpcodeInfo {
  std::string_view name;
  int arity;
};

inline constexpr std::array<OpcodeInfo, 23> opcodes{{
    {"copy", 1}, {"negate", 1}, {"add", 2}, {"subtract", 2}, {"multiply", 2}, {"divide", 2}, {"power", 2},
    {"maximum", 2}, {"minimum", 2}, {"greater", 2}, {"greater_equal", 2}, {"equal", 2}, {"where", 3},
    {"absolute", 1}, {"sign", 1}, {"square_root", 1}, {"exp", 1}, {"log", 1}, {"log1p", 1}, {"expm1", 1},
    {"tanh", 1}, {"sigmoid", 1}, {"erf", 1},
}};

inline const OpcodeInfo& info(Opcode opcode) { return opcodes[static_cast<std::size_t>(opcode)]; }

}  // namespace chainrule
