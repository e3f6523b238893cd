// The steps of a compiled map: what to do with values at numbered places.
#pragma once

#include <cstdint>
#include <vector>

#include "program.hpp"

namespace chainrule {

// How a source lies along the elements of the destinations.
enum class Spread : std::uint8_t {
  whole,   // element by element
  inner,   // it has the innermost axis, but not all others
  outer,   // it is one number in each row of the innermost axis
  single,  // it is one number
};

struct MapStep {
  std::uint8_t operation;
  // Which operands are single numbers, as in MapKernels::loops: in all rows, or in the row that is being worked on.
  std::uint8_t singles, singles_by_row;
  bool padded;  // it writes to a register, which has room for whole vectors
  int out, in[3];  // of Operation::chain, `out` is its number among MapSteps::chains
};

// A chain (chains.hpp), and the places of its operands and results.
struct MapChain {
  int number;
  std::vector<int> in, out;
};

// Places are numbered: sources, destinations, numbers, single values, registers.
struct MapSteps {
  std::vector<float> numbers;
  std::vector<MapStep> once;   // those of single numbers, which run before all others
  std::vector<MapChain> chains;
  std::vector<MapStep> steps;  // those that run for each piece
  int first_number = 0, first_single = 0, first_register = 0, places = 0;

  int registers() const { return places - first_register; }
};

// A step writes straight to its destination where no later step reads a source that may lie there.
MapSteps compile_steps(const Program& program, const Map& map, const std::vector<Spread>& sources);

}  // namespace chainrule
