// The loops of chains for one instruction set.
#pragma once

#include <array>
#include <utility>

#include "chains.hpp"
#include "maps.inl"

namespace chainrule::simd {
namespace {

template <ChainOperand operand>
CHAINRULE_INLINE Floats chain_operand(const Floats* wholes, const Floats* singles, const Floats* steps) {
  if constexpr (operand.kind == ChainOperand::Kind::whole) return wholes[operand.place];
  if constexpr (operand.kind == ChainOperand::Kind::single) return singles[operand.place];
  if constexpr (operand.kind == ChainOperand::Kind::step) return steps[operand.place];
  return zeros();
}

template <int number, std::size_t... at>
CHAINRULE_INLINE void chain_steps(const Floats* wholes, const Floats* singles, Floats* steps, std::index_sequence<at...>) {
  constexpr const Chain& chain = chains::all[number];
  ((steps[at] = apply<chain.steps[at].operation>(
        chain_operand<chain.steps[at].operands[0]>(wholes, singles, steps),
        chain_operand<chain.steps[at].operands[1]>(wholes, singles, steps),
        chain_operand<chain.steps[at].operands[2]>(wholes, singles, steps))),
   ...);
}

template <int number>
void chain_loop(float* const* out, const float* const* in, std::int64_t count) {
  constexpr const Chain& chain = chains::all[number];
  constexpr auto every = std::make_index_sequence<static_cast<std::size_t>(chain.count)>{};
  Floats wholes[most_chain_wholes], singles[most_chain_singles], steps[most_chain_steps];
  CHAINRULE_UNROLL
  for (int k = 0; k < chain.singles; ++k) singles[k] = broadcast(*in[chain.wholes + k]);
  std::int64_t i = 0;
  for (; i + 16 <= count; i += 16) {
    CHAINRULE_UNROLL
    for (int k = 0; k < chain.wholes; ++k) wholes[k] = load(in[k] + i);
    chain_steps<number>(wholes, singles, steps, every);
    CHAINRULE_UNROLL
    for (int k = 0; k < chain.result_count; ++k) store(out[k] + i, steps[chain.results[k]]);
  }
  if (i == count) return;
  const int n = static_cast<int>(count - i);
  const Mask present = first_lanes(n);
  for (int k = 0; k < chain.wholes; ++k) wholes[k] = select(present, load_first(in[k] + i, n), broadcast(1));
  chain_steps<number>(wholes, singles, steps, every);
  for (int k = 0; k < chain.result_count; ++k) store_first(out[k] + i, steps[chain.results[k]], n);
}

template <int... numbers>
constexpr MapKernels list_map_kernels(std::integer_sequence<int, numbers...>) {
  MapKernels kernels = list_step_kernels();
  ((kernels.chains[numbers] = chain_loop<numbers>), ...);
  return kernels;
}

constexpr MapKernels map_kernels = list_map_kernels(std::make_integer_sequence<int, chain_count>{});

}  // namespace
}  // namespace chainrule::simd
