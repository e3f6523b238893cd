// Sums and maxima over axes, in one fixed order, which neither blocks of rows nor the processor change:
//
//   the last axes, where they are reduced   element e of a row goes to lane e % 16, and the lanes are joined in a tree;
//                                           rows of more than 4096 elements in pieces, one after the other
//   other axes                              one after the other, in increasing order
//   the examples                            one after the other, each of them reduced to what it keeps before
#pragma once

#include <cstdint>
#include <vector>

#include "extent.hpp"
#include "kernels.hpp"
#include "program.hpp"
#include "reduce_kernels.hpp"
#include "tape.hpp"

namespace chainrule {

class ReduceCode {
 public:
  // The reduction must be one of the verified program's.
  ReduceCode(const Program& program, const Reduce& reduce);

  // Reduce so many rows of examples. table[b] is where buffer b of the program lies. A reduction over the examples goes
  // on from what is in its destination. The calls go onto the tape where there is one.
  void run(const Kernels& kernels, float* const* table, std::int64_t rows, Tape* tape = nullptr) const;

 private:
  enum class Role : std::uint8_t { kept, reduced, examples };

  struct Axis {
    Role role;
    Extent length;
  };

  void add_axis(Role role, Extent length);
  bool is(std::initializer_list<Role> roles) const;
  void run_any(float* destination, const float* source, std::int64_t rows) const;

  int source_, destination_;
  bool maximum_, accumulate_;
  std::vector<Axis> axes_;  // of the source; neighbours of one role are one
  Extent size_, kept_;
};

}  // namespace chainrule
