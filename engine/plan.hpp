// What a machine has to know of an entry before it runs it: what each instruction does to which shapes, how much work
// that is, how many lanes there are, and how many rows go through a block at a time. All of it follows from shapes.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "maps.hpp"
#include "program.hpp"
#include "reduce.hpp"

namespace chainrule {

// An instruction, made ready.
struct Item {
  const Instruction* instruction;
  std::optional<MapCode> map;
  std::optional<ReduceCode> reduce;
  // Fused multiply-adds or the like: by row of a block, or in all where there is no axis of examples.
  double work;
  bool by_row;
  int update = -1;  // of a product: the map of the epilogue that may use each part of it at once
};

using Items = std::vector<Item>;

// How a block reads data: as the matrix of a product, which takes any type, or as float32 numbers.
struct DataUse {
  int buffer;
  int place = 0;           // among the data of the program
  std::int64_t width = 0;  // numbers in a row
  bool matrix = false, floats = false;
};

// An accumulator that a block adds to.
struct Sum {
  int buffer;
  std::int64_t elements;
  bool product, maximum;  // what adds to it: a product, or a reduction that takes the maximum
  int update = -1;        // the map of the epilogue that may follow at once where it is whole, if there is one
};

struct PhasePlan {
  Items prologue, block;
  std::vector<Sum> sums;          // what the block adds up
  std::vector<DataUse> data;      // what the block reads of the data
  std::int64_t sum_elements = 0;  // of all sums together
  std::int64_t width = 0;         // numbers a row that a block keeps
  double read_by_row = 0;         // numbers a row that products read
  std::int64_t weights = 0;       // numbers that products read in each block, whatever its rows
  double row_work = 0;            // work a row
};

struct EntryPlan {
  std::vector<PhasePlan> phases;
  Items epilogue;
  std::vector<int> outputs;
  double fixed_work = 0;  // of prologues and epilogue
};

EntryPlan plan_entry(const Program& program, const Entry& entry);

// Below so much work (fused multiply-adds, or numbers that a map moves) a step wakes no other thread.
inline constexpr double least_step = 1 << 20;

// How many lanes share the rows of a phase: about one for every 64 rows, at most 64, and one where there is little work,
// or where the lanes' sums would move more numbers than the products read.
std::int64_t lanes_of(const PhasePlan& phase, std::int64_t count);

// How many rows go through a block at a time.
std::int64_t block_rows(const PhasePlan& phase, std::int64_t rows, bool one_lane);

}  // namespace chainrule
