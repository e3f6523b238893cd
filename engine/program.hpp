// The program: buffers, instructions, and the entries that run them, as in chainrule/compiler/program.py.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

#include "opcodes.hpp"

namespace chainrule {

// An axis is a positive number; -1 stands for m, the number of examples.
inline constexpr std::int64_t examples_axis = -1;
using Shape = std::vector<std::int64_t>;

enum class BufferKind : std::uint8_t { data, state, scalar, constant, temporary, accumulator, rows, result, view };

struct Buffer {
  BufferKind kind;
  Shape shape;
  int slot = -1;  // temporaries of one slot share memory, one after the other
  int base = -1;  // what a view shows
  std::vector<float> value;  // of a constant
};

// destination = a @ b, or += over blocks of examples.
struct Matmul {
  int destination, a, b;
  bool transpose_a, transpose_b, accumulate;
};

struct Operand {
  enum class Kind : std::uint8_t { source, step, number } kind;
  int place;      // of a source or a step
  double number;  // of a number
};

struct ScalarStep {
  Opcode opcode;
  std::vector<Operand> operands;
};

// A fused chain of elementwise operations with broadcasting; destination i gets the step results[i].
struct Map {
  std::vector<int> destinations, sources;
  std::vector<ScalarStep> steps;
  std::vector<int> results;
};

struct Reduce {
  int destination, source;
  bool maximum;  // or the sum
  std::vector<int> axes;
  bool accumulate;
};

// Uniform random numbers, keyed by seed, step, node and position.
struct Draw {
  int destination;
  std::int64_t node;
};

struct Transpose {
  int destination, source;
};

using Instruction = std::variant<Matmul, Map, Reduce, Draw, Transpose>;
using Section = std::vector<Instruction>;

struct Phase {
  Section prologue, block;
};

struct Entry {
  std::vector<Phase> phases;
  Section epilogue;
  std::vector<int> outputs;
};

struct Program {
  std::vector<Buffer> buffers;
  std::vector<Entry> entries;
};

// A program that breaks a rule.
struct MalformedProgram : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The buffers that an instruction reads and writes.
std::vector<int> sources_of(const Instruction& instruction);
std::vector<int> destinations_of(const Instruction& instruction);
bool accumulates(const Instruction& instruction);

// The buffer whose memory a buffer uses: itself, or what a view shows.
inline int memory_of(const Program& program, int buffer) {
  const int base = program.buffers[buffer].base;
  return base < 0 ? buffer : base;
}

bool has_examples(const Shape& shape);
// The number of elements with so many examples.
std::int64_t elements(const Shape& shape, std::int64_t count = 1);

}  // namespace chainrule
