// The inner loops of the steps of maps for one instruction set.
#pragma once

#include "lane_masks.inl"
#include "maps_kernels.hpp"
#include "math.inl"
#include "math_power.inl"

namespace chainrule::simd {
namespace {

CHAINRULE_INLINE Floats as_number(Mask holds) { return select(holds, broadcast(1), zeros()); }

// The scalar operations, on 16 at a time; as NumPy's of those names.
template <Operation name>
CHAINRULE_INLINE Floats apply(Floats a, Floats b, Floats c) {
  constexpr bool is_opcode = name < operation(Opcode{opcodes.size()});
  if constexpr (is_opcode) {
    constexpr auto op = static_cast<Opcode>(name);
    if constexpr (op == Opcode::copy) return a;
    if constexpr (op == Opcode::negate) return -a;
    if constexpr (op == Opcode::add) return a + b;
    if constexpr (op == Opcode::subtract) return a - b;
    if constexpr (op == Opcode::multiply) return a * b;
    if constexpr (op == Opcode::divide) return a / b;
    if constexpr (op == Opcode::power) return power(a, b);
    if constexpr (op == Opcode::maximum) return select(equal(a, a), maximum(a, b), a);
    if constexpr (op == Opcode::minimum) return select(equal(a, a), minimum(a, b), a);
    if constexpr (op == Opcode::greater) return as_number(less(b, a));
    if constexpr (op == Opcode::greater_equal) return as_number(less_equal(b, a));
    if constexpr (op == Opcode::equal) return as_number(equal(a, b));
    if constexpr (op == Opcode::where) return select(equal(a, zeros()), c, b);
    if constexpr (op == Opcode::absolute) return absolute(a);
    if constexpr (op == Opcode::sign) {
      const Floats one = with_sign_of(a, broadcast(1));
      return select(equal(a, zeros()), zeros(), select(equal(a, a), one, a));
    }
    if constexpr (op == Opcode::square_root) return sqrt(a);
    if constexpr (op == Opcode::exp) return exp(a);
    if constexpr (op == Opcode::log) return log(a);
    if constexpr (op == Opcode::log1p) return log1p(a);
    if constexpr (op == Opcode::expm1) return expm1(a);
    if constexpr (op == Opcode::tanh) return tanh(a);
    if constexpr (op == Opcode::sigmoid) return sigmoid(a);
    if constexpr (op == Opcode::erf) return erf(a);
  } else {
    if constexpr (name == Operation::multiply_add) return fma(a, b, c);
    if constexpr (name == Operation::multiply_subtract) return fma(a, b, -c);
    if constexpr (name == Operation::subtract_product) return fma(-a, b, c);
  }
}

template <Operation name>
constexpr int arity() {
  return name < operation(Opcode{opcodes.size()}) ? opcodes[static_cast<std::size_t>(name)].arity : 3;
}

// Elements i ... i + 15 of an operand, or the first n of them with 1 in the place of the others, which suits every
// function; `all` where the operand is a single number.
template <bool used, bool single>
struct Reader {
  const float* from;
  Floats all;

  CHAINRULE_INLINE explicit Reader(const float* pointer) : from(pointer), all(zeros()) {
    if constexpr (used && single) all = broadcast(*pointer);
  }
  CHAINRULE_INLINE Floats operator()(std::int64_t i) const {
    if constexpr (used && !single) return load(from + i);
    return all;
  }
  CHAINRULE_INLINE Floats operator()(std::int64_t i, int n, Mask present) const {
    if constexpr (used && !single) return select(present, load_first(from + i, n), broadcast(1));
    return all;
  }
};

template <Operation name, int singles>
void map_loop(float* out, const float* a, const float* b, const float* c, std::int64_t count, bool padded) {
  constexpr int operands = arity<name>();
  const Reader<true, (singles & 1) != 0> read_a(a);
  const Reader<(operands > 1), (singles & 2) != 0> read_b(b);
  const Reader<(operands > 2), (singles & 4) != 0> read_c(c);
  std::int64_t i = 0;
  for (; i + 16 <= count; i += 16) store(out + i, apply<name>(read_a(i), read_b(i), read_c(i)));
  if (i == count) return;
  const int n = static_cast<int>(count - i);
  const Mask present = first_lanes(n);
  const Floats last = apply<name>(read_a(i, n, present), read_b(i, n, present), read_c(i, n, present));
  if (padded) {
    store(out + i, last);
  } else {
    store_first(out + i, last, n);
  }
}

void fill(float* out, const float* number, std::int64_t count) {
  const Floats all = broadcast(*number);
  std::int64_t i = 0;
  for (; i + 16 <= count; i += 16) store(out + i, all);
  for (; i < count; ++i) out[i] = *number;
}

// All operands are single numbers, and so is the result.
template <Operation name>
void map_single(float* out, const float* a, const float* b, const float* c, std::int64_t count, bool) {
  constexpr int operands = arity<name>();
  float wide[4][16];
  store(wide[0], broadcast(*a));
  store(wide[1], broadcast(operands > 1 ? *b : *a));
  store(wide[2], broadcast(operands > 2 ? *c : *a));
  map_loop<name, 0>(wide[3], wide[0], wide[1], wide[2], 16, true);
  fill(out, wide[3], count);
}

template <Operation name, int singles>
constexpr MapLoop choose_loop() {
  constexpr int all = (1 << arity<name>()) - 1;
  if constexpr (name == operation(Opcode::copy) && singles == all) {
    return [](float* out, const float* a, const float*, const float*, std::int64_t count, bool) { fill(out, a, count); };
  } else if constexpr (singles == all) {
    return map_single<name>;
  } else if constexpr (singles < all) {
    return map_loop<name, singles>;
  } else {
    return nullptr;
  }
}

template <int name>
constexpr void list_loops(MapKernels& kernels) {
  constexpr auto each = static_cast<Operation>(name);
  if constexpr (each < Operation::count) {
    MapLoop* loops = kernels.loops[name];
    loops[0] = choose_loop<each, 0>();
    loops[1] = choose_loop<each, 1>();
    loops[2] = choose_loop<each, 2>();
    loops[3] = choose_loop<each, 3>();
    loops[4] = choose_loop<each, 4>();
    loops[5] = choose_loop<each, 5>();
    loops[6] = choose_loop<each, 6>();
    loops[7] = choose_loop<each, 7>();
    list_loops<name + 1>(kernels);
  }
}

void repeat_row(float* out, const float* row, std::int64_t length, std::int64_t rows) {
  const std::int64_t whole = length / 16 * 16;
  const int rest = static_cast<int>(length - whole);
  const Floats last = load_first(row + whole, rest);
  for (; rows > 0; --rows, out += length) {
    for (std::int64_t i = 0; i < whole; i += 16) store(out + i, load(row + i));
    store(out + whole, last);
  }
}

void repeat_numbers(float* out, const float* numbers, std::int64_t length, std::int64_t rows) {
  for (; rows > 0; --rows, out += length) {
    const Floats all = broadcast(*numbers++);
    for (std::int64_t i = 0; i < length; i += 16) store(out + i, all);
  }
}

constexpr MapKernels list_step_kernels() {
  MapKernels kernels{};
  list_loops<0>(kernels);
  kernels.repeat_row = repeat_row;
  kernels.repeat_numbers = repeat_numbers;
  return kernels;
}

}  // namespace
}  // namespace chainrule::simd
