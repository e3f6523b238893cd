// One member of a machine's team: where it finds each buffer, and the memory in which it works on blocks of rows.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "machine.hpp"
#include "memory.hpp"
#include "scratch.hpp"
#include "shares.hpp"
#include "tape.hpp"

namespace chainrule {

// The values of one block of rows: temporaries, and rows of the data that were gathered or converted.
class BlockMemory {
 public:
  explicit BlockMemory(std::size_t buffers) : slots(buffers), matrices(buffers), floats(buffers) {}

  // Make room for blocks of so many rows.
  void grow(const Program& program, const PhasePlan& phase, std::int64_t rows);

  // By slot, and by data buffer: gathered rows in the type of the data, and rows converted to float32.
  std::vector<Memory<float>> slots;
  std::vector<Memory<unsigned char>> matrices;
  std::vector<Memory<float>> floats;
};

struct Machine::Member {
  Member(const Program& program, const std::vector<float*>& shared);

  float* at(int buffer) const { return table_[static_cast<std::size_t>(buffer)]; }
  float* const* table() const { return table_.data(); }

  // Work on a step: the random numbers' key, and where the outputs that are rows go.
  void begin(const std::vector<int>& outputs, std::span<float* const> rows, const StepInput& input);
  // Work in a memory: one's own, or that of member 0.
  void use(BlockMemory& block);
  // Sizes have changed: point to everything anew.
  void forget() { used_ = nullptr; }
  // Begin a block at a row of the batch; it may be the first that adds to its sums.
  void set_block(std::int64_t at, bool first_of_sums);
  // Point to a buffer's memory, and so do its views.
  void point(int buffer, float* memory);
  // Bring the block's rows of some data into the memory in use: one part of `of`, but point to all of them.
  void take(const DataUse& use, const Rows& source, const StepInput& input, std::int64_t first, std::int64_t rows,
            int part, int of);
  // Note where the rows of the next step will lie, of data that are read in place; so many were, in an earlier step.
  void expect(int data, const Rows& source, std::span<const std::int64_t> indices);
  // How often memory has moved that calls on a tape work in.
  std::int64_t moves() const { return workspace.moves() + scratch.moves() + row_moves_; }
  // Data as the operand of a product, with so many columns.
  Matrix matrix(int data, std::int64_t columns) const;

  BlockMemory memory;
  Workspace workspace;
  Scratch scratch;
  Tape* tape = nullptr;  // onto which the calls of a step go
  // By data buffer, whether products read its drawn rows where they lie; null where all are gathered.
  const std::vector<bool>* in_place = nullptr;
  const Augmentation* augmentation = nullptr;  // how pictures are changed as they are gathered
  std::uint64_t seed = 0;
  std::int64_t number = 0, start = 0;
  bool first = true;     // whether the block is the first that adds to its sums
  bool goes_on = false;  // whether as many rows follow right after it, to be read next

 private:
  struct Taking;
  struct Output {
    int buffer;
    float* base;
    std::int64_t width;
  };

  Matrix point_to_rows(std::size_t data, const Taking& taking, std::int64_t rows);

  const Program& program_;
  std::vector<float*> table_;
  std::vector<std::vector<int>> views_;
  std::vector<Matrix> matrices_;
  // By data buffer that is read in place: where the rows of this step and of the next one begin.
  std::vector<std::vector<const float*>> rows_, next_;
  std::int64_t row_moves_ = 0;  // of these lists
  std::vector<std::uint8_t> pictures_;  // that were changed, before they are numbers
  std::vector<Output> outputs_;
  BlockMemory* used_ = nullptr;
};

// While it lasts, the calls of a member go onto a tape.
struct Machine::Recording {
  Recording(Member& member, Tape& tape) : member_(member) { member_.tape = &tape; }
  ~Recording() { member_.tape = nullptr; }
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

 private:
  Member& member_;
};

// What the members of a team share for one call.
struct Machine::Team {
  explicit Team(const EntrySchedule& chosen) : schedule(chosen), barrier(chosen.members), lanes(chosen.members) {
    std::size_t most = 0;
    for (const PhaseSchedule& phase : chosen.phases) most = std::max(most, phase.block.size());
    for (std::size_t i = 0; chosen.members > 1 && i < most; ++i) parts.emplace_back(chosen.members);
  }

  const EntrySchedule& schedule;
  Barrier barrier;
  Shares lanes;
  std::vector<Shares> parts;  // of each instruction of a block
  bool stops = false;  // written by member 0 before a meeting, read by all after it

  // A member's work; where it fails, the others do not wait for it.
  template <typename Work>
  void take_part(const Work& work) {
    try {
      work();
    } catch (...) {
      barrier.give_up();
      throw;
    }
  }
};

}  // namespace chainrule
