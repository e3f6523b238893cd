// The inner loops of maps, for one instruction set.
#pragma once

#include <cstdint>

#include "opcodes.hpp"

namespace chainrule {

// What a step of a compiled map does: an opcode, or several that were made one.
enum class Operation : std::uint8_t {
  multiply_add = opcodes.size(),  // a * b + c, rounded once
  multiply_subtract,              // a * b - c
  subtract_product,               // c - a * b
  count,
  // Of these there are no loops among those of the steps.
  chain,         // several steps in one loop, with the value of their first result
  chain_result,  // another result of the chain before
};

// How many chains have loops of their own (chains.hpp).
inline constexpr int chain_count = 2;

constexpr Operation operation(Opcode opcode) { return static_cast<Operation>(opcode); }

// out[i] = f(a[i], b[i], c[i]) for i < count. Operands that are there may be single numbers: then a[0] stands for all.
// `out` may be the same as an operand that is no single number. Nothing before or after is read or written, except that
// `out` may be `padded` with 15 more elements, which are overwritten: a vector that is stored whole can be loaded again
// at once.
using MapLoop = void (*)(float* out, const float* a, const float* b, const float* c, std::int64_t count, bool padded);

// The same for a chain: its results in their order, from operands with all elements and then single numbers.
using ChainLoop = void (*)(float* const* out, const float* const* in, std::int64_t count);

// Write `rows` rows of so many elements: in each of them the same elements, or a single number, which lies at from[row].
// Up to 15 elements after the last row are overwritten too.
using RepeatLoop = void (*)(float* out, const float* from, std::int64_t length, std::int64_t rows);

struct MapKernels {
  // By operation, and by which operands are single numbers: 1 for a, 2 for b, 4 for c, added up.
  MapLoop loops[static_cast<int>(Operation::count)][8];
  ChainLoop chains[chain_count];
  RepeatLoop repeat_row, repeat_numbers;
};

}  // namespace chainrule
