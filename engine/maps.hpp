// A map, compiled: a chain of scalar operations that runs over its elements in pieces that stay in the first-level cache.
#pragma once

#include <cstdint>
#include <vector>

#include "extent.hpp"
#include "kernels.hpp"
#include "maps_steps.hpp"
#include "program.hpp"
#include "scratch.hpp"
#include "tape.hpp"

namespace chainrule {

// Elements do not depend on each other, so no bit of a result depends on the pieces, or on who computes which of them.
class MapCode {
 public:
  // The map must be one of the verified program's.
  MapCode(const Program& program, const Map& map);

  // Compute part `part` of `of` with so many rows of examples. table[b] is where buffer b of the program lies.
  // The calls go onto the tape where there is one.
  void run(const Kernels& kernels, float* const* table, std::int64_t rows, int part, int of, Scratch& scratch,
           Tape* tape = nullptr) const;

  // Some elements, one of whose sources lies elsewhere.
  struct Piece {
    std::int64_t first, count;
    int source;
    float* there;  // its element `first`
  };
  // Compute a piece of a map that is flat.
  void run_piece(const Kernels& kernels, float* const* table, const Piece& piece, Scratch& scratch, Tape* tape) const;
  // Whether each source has all elements of the destinations, or is a single number.
  bool is_flat() const { return partial_.empty(); }

  const MapSteps& steps() const { return steps_; }

 private:
  struct Placed {
    int place, buffer;
  };

  // A source that has some axes of the destinations, not all.
  struct Partial {
    int place, buffer;
    bool inner;                   // it has the innermost axis; otherwise it is a single number in each row
    bool same_each_row;           // it has no other axis
    std::vector<Extent> strides;  // along the outer axes; 0 where it has not
  };

  struct Run;

  Run begin(const Kernels& kernels, float* const* table, std::int64_t rows, Scratch& scratch, Tape* tape) const;
  std::vector<Spread> find_axes(const Program& program, const Map& map);
  void run_flat(const Run& run, int part, int of) const;
  void run_by_row(const Run& run, int part, int of) const;
  void run_short_rows(const Run& run, int part, int of) const;

  std::vector<Extent> axes_;  // of the destinations; neighbours that every source has or has not are one
  Extent outer_, inner_;      // elements along all axes but the innermost one, and along that one
  bool rows_repeat_ = true;   // each partial source is the same in each row
  std::vector<Placed> whole_, single_;
  std::vector<Partial> partial_;
  MapSteps steps_;
  std::int64_t piece_ = 0;
};

}  // namespace chainrule
