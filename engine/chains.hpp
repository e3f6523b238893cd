// Chains of elementwise steps that run as one loop, in which all that lies between stays in registers.
//
// A map takes each of its steps through a piece of memory in the first-level cache. Where a square root and a quotient
// are among few other steps, as in what optimizers do, loading and storing takes longer than what is computed. These
// chains are looked for in every map; their loops give the same bits as the steps one by one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "maps_kernels.hpp"

namespace chainrule {

struct ChainOperand {
  enum class Kind : std::uint8_t { none, whole, single, step } kind = Kind::none;
  int place = 0;
};

struct ChainStep {
  Operation operation{};
  std::array<ChainOperand, 3> operands{};
};

inline constexpr int most_chain_steps = 10, most_chain_results = 3, most_chain_wholes = 4, most_chain_singles = 8;

// The last step is a result, and every other one is read by a later one.
struct Chain {
  int count, wholes, singles, result_count;
  std::array<ChainStep, most_chain_steps> steps;
  std::array<int, most_chain_results> results;  // the last step first
};

namespace chains {

constexpr ChainOperand whole(int place) { return {ChainOperand::Kind::whole, place}; }
constexpr ChainOperand single(int place) { return {ChainOperand::Kind::single, place}; }
constexpr ChainOperand step(int place) { return {ChainOperand::Kind::step, place}; }

// From a gradient g, and m, v and w: m' = b m + c g, v' = d v + e (g g), w' = r (m' / (sqrt(v') s + t)) + w.
inline constexpr Chain adam{
    9, 4, 7, 3,
    {{{operation(Opcode::multiply), {single(0), whole(0)}},
      {Operation::multiply_add, {single(1), whole(1), step(0)}},
      {operation(Opcode::multiply), {whole(0), whole(0)}},
      {operation(Opcode::multiply), {single(2), step(2)}},
      {Operation::multiply_add, {single(3), whole(2), step(3)}},
      {operation(Opcode::square_root), {step(4)}},
      {Operation::multiply_add, {step(5), single(4), single(5)}},
      {operation(Opcode::divide), {step(1), step(6)}},
      {Operation::multiply_add, {single(6), step(7), whole(3)}}}},
    {8, 1, 4}};

// The chain for a gradient, its first operand, that is itself a sum over examples times a number.
constexpr Chain of_sum(const Chain& chain) {
  Chain found{chain.count + 1, chain.wholes, chain.singles + 1, chain.result_count, {}, {}};
  found.steps[0] = {operation(Opcode::multiply), {single(chain.singles), whole(0)}};
  for (std::size_t at = 0; at < static_cast<std::size_t>(chain.count); ++at) {
    ChainStep moved = chain.steps[at];
    for (ChainOperand& operand : moved.operands) {
      if (operand.kind == ChainOperand::Kind::step) ++operand.place;
      if (operand.kind == ChainOperand::Kind::whole && operand.place == 0) operand = step(0);
    }
    found.steps[at + 1] = moved;
  }
  for (std::size_t which = 0; which < static_cast<std::size_t>(chain.result_count); ++which) {
    found.results[which] = chain.results[which] + 1;
  }
  return found;
}

// Longer ones before those that they contain.
inline constexpr std::array<Chain, chain_count> all{of_sum(adam), adam};

}  // namespace chains
}  // namespace chainrule
