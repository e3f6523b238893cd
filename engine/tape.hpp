// The calls of inner loops that a small step makes, to be made again in the next one.
//
// Where the same number of rows is gathered into the same memory, and nothing else has moved, a step is the same calls
// with the same addresses. For a network of a few neurons, finding out about them takes longer than the calls.
#pragma once

#include <algorithm>
#include <cstdint>
#include <variant>
#include <vector>

#include "chains.hpp"
#include "maps_kernels.hpp"
#include "products.hpp"
#include "products_tile.hpp"
#include "reduce_kernels.hpp"

namespace chainrule {

struct MapCall {
  MapLoop loop;
  float* out;
  const float *a, *b, *c;
  std::int64_t count;
  bool padded;
  void operator()() const { loop(out, a, b, c, count, padded); }
};

struct ChainCall {
  ChainLoop loop;
  float* out[most_chain_results];
  const float* in[most_chain_wholes + most_chain_singles];
  std::int64_t count;
  void operator()() const { loop(out, in, count); }
};

struct RepeatCall {
  RepeatLoop loop;
  float* out;
  const float* from;
  std::int64_t length, rows;
  void operator()() const { loop(out, from, length, rows); }
};

struct ReduceCall {
  ReduceLoop loop;
  Reduction reduction;
  void operator()() const { loop(reduction); }
};

struct ProductCall {
  ProductLoop loop;
  Product product;
  float* workspace;
  void operator()() const { loop(product, workspace); }
};

struct FillCall {
  float* out;
  std::int64_t count;
  float value;
  void operator()() const { std::fill_n(out, count, value); }
};

class Tape {
 public:
  // Make a call, and keep it.
  template <typename Call>
  void record(const Call& call) {
    call();
    calls_.push_back(call);
  }

  // Something is done that is no such call.
  void give_up() { complete_ = false; }
  // Whether playing it is all that a step does.
  bool is_complete() const { return complete_; }

  void play() const {
    for (const auto& call : calls_) {
      // Most are maps, and a branch is foreseen more often than the jump of a visit.
      if (const auto* map = std::get_if<MapCall>(&call)) {
        (*map)();
      } else {
        std::visit([](const auto& one) { one(); }, call);
      }
    }
  }

 private:
  bool complete_ = true;
  std::vector<std::variant<MapCall, ChainCall, RepeatCall, ReduceCall, ProductCall, TileCall, FillCall>> calls_;
};

// Make a call, and keep it where there is a tape.
template <typename Call>
void make(Tape* tape, const Call& call) {
  if (tape) {
    tape->record(call);
  } else {
    call();
  }
}

}  // namespace chainrule
