// The steps of a map, as few as possible.
#pragma once

#include <vector>

#include "maps_kernels.hpp"
#include "program.hpp"

namespace chainrule {

// A step whose operation need not be an opcode.
struct FusedStep {
  Operation operation;
  std::vector<Operand> operands;
  int chain = -1;  // of Operation::chain which one, of Operation::chain_result which result
};

struct FusedMap {
  std::vector<FusedStep> steps;
  std::vector<int> results;
};

// The steps of a map with a product and a sum made one where nothing else needs the product; squares and quotients
// become products where that gives the same.
FusedMap fuse(const Map& map);

// Which steps are single numbers, as all that they read are, given which sources are.
std::vector<bool> single_steps(const FusedMap& map, const std::vector<bool>& single);

}  // namespace chainrule
