// The machine: holds the state of a program and runs its entries, many steps in one call.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "augment.hpp"
#include "kernels.hpp"
#include "memory.hpp"
#include "plan.hpp"
#include "pool.hpp"
#include "products.hpp"
#include "program.hpp"
#include "schedule.hpp"
#include "shares.hpp"

namespace chainrule {

// Rows of numbers in memory, as someone else keeps them; what a row holds is contiguous.
struct Rows {
  const void* base = nullptr;
  DType type = DType::f32;
  std::ptrdiff_t stride = 0;  // from row to row, in elements
  std::int64_t count = 0;
  bool present = false;

  // How many numbers are kept of a row of so many.
  std::int64_t length(std::int64_t width) const { return type == DType::place ? 1 : width; }
};

// One step: its rows, its scalars, and what its random numbers depend on.
struct StepInput {
  const std::int64_t* rows;  // which rows of the data; null for the first `count`
  std::int64_t count;
  const float* scalars;  // in the order of the program's scalar buffers, one after the other
  std::uint64_t seed;
  std::int64_t number;
};

// Many steps: of each, what `at` says.
struct StepInputs {
  std::int64_t count;
  const std::int64_t* rows;    // of all steps, one after the other; null where each reads the first rows of the data
  const std::int64_t* bounds;  // step i has the rows from bounds[i] to before bounds[i + 1]
  const float* scalars;
  std::size_t scalar_numbers;  // of a step
  std::uint64_t seed;
  std::int64_t first;  // the number of the first step

  StepInput at(std::int64_t i) const {
    return {rows ? rows + bounds[i] : nullptr, bounds[i + 1] - bounds[i],
            scalars + static_cast<std::size_t>(i) * scalar_numbers, seed, first + i};
  }
};

// The numbers of the rows that steps read: none where `most` is below `least`.
struct RowRange {
  std::int64_t least = 0, most = -1;
};

class Machine {
 public:
  // The program must have been verified. `state` holds the memory of each state buffer, which stays the caller's.
  Machine(Program program, std::vector<float*> state, int threads, const Kernels& kernels);
  ~Machine();

  const Program& program() const { return program_; }
  int threads() const { return pool_.threads(); }
  // Buffers of a kind, in the order of the program.
  std::vector<int> buffers(BufferKind kind) const;

  // std::invalid_argument where an entry cannot run on these: data that are missing, or rows that they do not have.
  void check(int entry, std::span<const Rows> data, RowRange rows) const;
  // The same where an entry cannot run for many steps.
  void check_steps(int entry) const;
  // How many numbers the scalars of a step have together.
  std::size_t scalar_numbers() const;

  // Run an entry once, on what was checked. `data` belongs to the data buffers in their order (null bases for those that it does not
  // read); `rows` receives the outputs that are `rows` buffers, in the order of the outputs, null for the others.
  void run(int entry, std::span<const Rows> data, const StepInput& input, std::span<float* const> rows);

  // Run an entry for many steps, until one's first output is not finite (that step counts as done) or the time is over.
  // `outputs` receives all single-number outputs of each step. Pictures are changed at random where it is said how.
  // Returns how many steps are done.
  std::int64_t run_steps(int entry, std::span<const Rows> data, const StepInputs& inputs, float* outputs, double seconds,
                         const Augmentation* augmentation = nullptr);

  // The numbers of an output that is no `rows` buffer, as the last run left them.
  std::span<const float> output(int buffer) const;

 private:
  struct Member;
  struct Team;

  struct Prepared;
  struct Recording;
  struct ReadingInPlace;

  void step(int entry, std::span<const Rows> data, const StepInput& input, std::span<float* const> rows, Team& team,
            int member);
  void begin_step(const StepInput& input);
  bool takes_places(const PhasePlan& phase, int data) const;
  void run_section(const Items& items, const Schedule& schedule, Team& team, int member, std::int64_t rows,
                   std::span<Shares> parts = {});
  void execute_shared(const Item& item, const Item* update, Shares* parts, std::int64_t rows, int member, int members);
  void run_lanes(const EntryPlan& plan, std::size_t at, std::span<const Rows> data, const StepInput& input, Team& team,
                 int member);
  void run_blocks(const PhasePlan& phase, const PhaseSchedule& schedule, std::span<const Rows> data,
                  const StepInput& input, Team& team, int member);
  void start_sums(const PhasePlan& phase, Member& member, bool no_rows);
  void bind_sums(const PhasePlan& phase, Member& member, float* memory);
  void combine(const PhasePlan& phase, const Items& epilogue, std::int64_t lanes, Team& team, int member);
  void gather(const PhasePlan& phase, std::span<const Rows> data, const StepInput& input, Member& into,
              std::int64_t start, std::int64_t rows, int part, int of);
  void execute(const Item& item, const Item* update, Member& member, std::int64_t rows, int part, int of);
  void multiply_item(const Matmul& item, Member& member, std::int64_t rows, int part, int of);
  void multiply_and_update(const Matmul& item, const Item& update, Member& member, std::int64_t rows, int part, int of);
  void draw_item(const Draw& item, Member& member, std::int64_t rows);
  void fetch_rows(int entry, std::span<const Rows> data, const StepInput& next, const Prepared& ready);
  std::vector<bool> read_in_place(int entry, std::span<const Rows> data, const StepInput& input) const;
  Product product_of(const Matmul& item, const Member& member, std::int64_t rows) const;
  Matrix operand(int buffer, bool transposed, const Member& member, std::int64_t rows) const;
  void prepare_members(const EntrySchedule& schedule, const EntryPlan& plan);
  Prepared& prepared(int entry, std::int64_t count, bool is_lone = false);
  void small_step(int entry, std::span<const Rows> data, const StepInput& input, Prepared& ready, Team& team);
  int members_for(const EntryPlan& plan, std::int64_t count) const;

  Program program_;
  const Kernels& kernels_;
  Pool pool_;
  std::vector<EntryPlan> plans_;
  std::vector<float*> shared_;  // the memory of every buffer without the axis of examples
  std::vector<Memory<float>> owned_;
  std::vector<std::pair<float*, std::size_t>> scalars_;  // their memory, in the order of the program
  std::vector<std::unique_ptr<Member>> members_;
  Memory<float> lane_sums_;
  struct ByCount;
  std::vector<ByCount> prepared_;
  bool has_run_ = false;  // an entry, once
};

}  // namespace chainrule
