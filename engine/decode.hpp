// Programs from the words that chainrule/compiler/words.py writes.
#pragma once

#include <cstdint>
#include <span>

#include "program.hpp"

namespace chainrule {

// Read a program; MalformedProgram where the words are not one. Its rules are checked by `verify`.
Program decode(std::span<const std::int64_t> words, std::span<const float> constants);

}  // namespace chainrule
