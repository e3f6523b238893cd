#include "maps.hpp"

#include <algorithm>

#include "maps_kernels.hpp"

namespace chainrule {
namespace {

// Floats of all registers together: half of a first-level cache, as sources and destinations pass through it too.
constexpr std::int64_t register_floats = 4096;
constexpr std::int64_t least_piece = 128, largest_piece = 1024;
// Rows shorter than this are worked on many at a time, as if they were one.
constexpr std::int64_t short_row = 64;
// Loops that repeat rows write whole vectors, beyond their end; threads share whole vectors. A line of the cache has as
// many floats.
constexpr std::int64_t vector_floats = 16;
// From so many elements and steps on, what comes next is fetched while a piece is being worked on; with fewer steps the
// processor does so by itself.
constexpr std::int64_t far_elements = 1 << 15;
constexpr std::size_t long_chain = 3;

std::int64_t rounded_up(std::int64_t count) { return (count + vector_floats - 1) / vector_floats * vector_floats; }

// Part `part` of `of`, of so many units.
struct Share {
  std::int64_t first, last;
};

Share share(std::int64_t units, int part, int of) {
  if (of == 1) return {0, units};
  return {units * part / of, units * (part + 1) / of};
}

void fetch(const float* from) {
#if defined(__GNUC__)
  __builtin_prefetch(from);
#else
  (void)from;
#endif
}

// Whether a source has an axis of the destination that is not of length 1; axes are aligned from the last one on.
bool has_axis(const Shape& source, const Shape& destination, std::size_t axis) {
  const std::size_t missing = destination.size() - source.size();
  return axis >= missing && source[axis - missing] == destination[axis];
}

}  // namespace

// One run: what it works on, and where the values at the numbered places are.
struct MapCode::Run {
  const MapKernels& kernels;
  const MapCode& code;
  float* const* table;
  float** at;
  float* repeated;  // memory in which partial sources are repeated for short rows
  std::int64_t rows;
  Tape* tape;

  void chain(const MapChain& chain, std::int64_t count) const {
    ChainCall call{kernels.chains[chain.number], {}, {}, count};
    std::transform(chain.out.begin(), chain.out.end(), call.out, [this](int place) { return at[place]; });
    std::transform(chain.in.begin(), chain.in.end(), call.in, [this](int place) { return at[place]; });
    make(tape, call);
  }

  void one_step(const MapStep& step, std::uint8_t singles, std::int64_t count) const {
    if (step.operation == static_cast<std::uint8_t>(Operation::chain)) {
      return chain(code.steps_.chains[static_cast<std::size_t>(step.out)], count);
    }
    make(tape, MapCall{kernels.loops[step.operation][singles], at[step.out], at[step.in[0]], at[step.in[1]],
                       at[step.in[2]], count, step.padded});
  }

  void steps(const std::vector<MapStep>& steps, std::int64_t count) const {
    for (const MapStep& step : steps) one_step(step, step.singles, count);
  }

  void steps_in_a_row(std::int64_t count) const {
    for (const MapStep& step : code.steps_.steps) one_step(step, step.singles_by_row, count);
  }

  // The same as `steps`, and between them fetch the `next` elements that follow. Otherwise the memory would rest while
  // steps work in the cache.
  void steps_and_fetch(std::int64_t count, std::int64_t next) const {
    const std::vector<MapStep>& steps = code.steps_.steps;
    const std::int64_t each = rounded_up(next / static_cast<std::int64_t>(steps.size()) + 1);
    std::int64_t from = 0;
    for (const MapStep& step : steps) {
      const std::int64_t to = std::min(from + each, next);
      for (const Placed& one : code.whole_) {
        for (std::int64_t i = from; i < to; i += vector_floats) fetch(at[one.place] + count + i);
      }
      from = to;
      one_step(step, step.singles, count);
    }
  }

  // Some of the elements that are left of a flat map.
  void flat_piece(std::int64_t count, std::int64_t left) const {
    if (code.inner_.at(rows) < far_elements || code.steps_.steps.size() < long_chain) {
      steps(code.steps_.steps, count);
    } else {
      steps_and_fetch(count, std::min(code.piece_, left - count));
    }
  }

  void move_to(std::int64_t element) const {
    for (const Placed& one : code.whole_) at[one.place] = table[one.buffer] + element;
  }

  // Where a partial source has its first element of a row.
  float* row_of(const Partial& source, std::int64_t row) const {
    std::int64_t offset = 0;
    for (std::size_t axis = source.strides.size() - 1; axis > 0; --axis) {
      const std::int64_t length = code.axes_[axis].at(rows);
      offset += row % length * source.strides[axis].at(rows);
      row /= length;
    }
    return table[source.buffer] + offset + row * source.strides[0].at(rows);
  }

  // Write rows of a source one after the other, so that they go element by element with the destinations.
  void repeat(const Partial& source, std::int64_t row, std::int64_t count, float* out) const {
    const std::int64_t inner = code.inner_.at(rows);
    const auto write = source.inner ? kernels.repeat_row : kernels.repeat_numbers;
    if (source.inner ? source.same_each_row : source.strides.size() == 1) {
      make(tape, RepeatCall{write, out, row_of(source, row), inner, count});
      return;
    }
    for (std::int64_t i = 0; i < count; ++i) make(tape, RepeatCall{write, out + i * inner, row_of(source, row + i), inner, 1});
  }
};

MapCode::MapCode(const Program& program, const Map& map) {
  steps_ = compile_steps(program, map, find_axes(program, map));
  const std::int64_t registers = steps_.registers() + static_cast<std::int64_t>(partial_.size());
  const std::int64_t fit = register_floats / std::max<std::int64_t>(registers, 1) / vector_floats * vector_floats;
  piece_ = std::clamp(fit, least_piece, largest_piece);
}

std::vector<Spread> MapCode::find_axes(const Program& program, const Map& map) {
  const auto shape_of = [&](int buffer) -> const Shape& { return program.buffers[static_cast<std::size_t>(buffer)].shape; };
  const Shape& shape = shape_of(map.destinations[0]);
  std::vector<std::vector<bool>> has;  // by axis and source
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    if (shape[axis] == 1) continue;
    std::vector<bool> sources;
    for (const int source : map.sources) sources.push_back(has_axis(shape_of(source), shape, axis));
    if (!has.empty() && has.back() == sources) {
      axes_.back() = axes_.back() * extent_of(shape[axis]);
    } else {
      axes_.push_back(extent_of(shape[axis]));
      has.push_back(std::move(sources));
    }
  }
  for (std::size_t axis = 0; axis + 1 < axes_.size(); ++axis) outer_ = outer_ * axes_[axis];
  inner_ = axes_.empty() ? Extent{} : axes_.back();

  std::vector<Spread> spreads;
  for (std::size_t source = 0; source < map.sources.size(); ++source) {
    const auto there = std::count_if(has.begin(), has.end(), [&](const auto& sources) { return sources[source]; });
    const int place = static_cast<int>(source), buffer = map.sources[source];
    if (there == 0) {
      spreads.push_back(Spread::single);
      single_.push_back({place, buffer});
    } else if (there == static_cast<std::ptrdiff_t>(has.size())) {
      spreads.push_back(Spread::whole);
      whole_.push_back({place, buffer});
    } else {
      Partial partial{place, buffer, has.back()[source], there == 1 && has.back()[source],
                      std::vector<Extent>(has.size() - 1, Extent{0})};
      Extent stride = partial.inner ? inner_ : Extent{};
      for (std::size_t axis = has.size() - 1; axis-- > 0;) {
        if (!has[axis][source]) continue;
        partial.strides[axis] = stride;
        stride = stride * axes_[axis];
      }
      rows_repeat_ = rows_repeat_ && partial.same_each_row;
      spreads.push_back(partial.inner ? Spread::inner : Spread::outer);
      partial_.push_back(std::move(partial));
    }
  }
  for (std::size_t target = 0; target < map.destinations.size(); ++target) {
    whole_.push_back({static_cast<int>(map.sources.size() + target), map.destinations[target]});
  }
  return spreads;
}

MapCode::Run MapCode::begin(const Kernels& kernels, float* const* table, std::int64_t rows, Scratch& scratch,
                            Tape* tape) const {
  const std::int64_t singles = steps_.first_register - steps_.first_single;
  const std::int64_t registers = rounded_up(singles);
  const std::int64_t repeated = registers + steps_.registers() * piece_;
  const std::int64_t all = repeated + static_cast<std::int64_t>(partial_.size()) * (piece_ + vector_floats);
  float* memory = scratch.floats(static_cast<std::size_t>(all));
  float** at = scratch.places(static_cast<std::size_t>(steps_.places));
  for (const Placed& one : single_) at[one.place] = table[one.buffer];
  for (std::size_t i = 0; i < steps_.numbers.size(); ++i) {
    at[steps_.first_number + static_cast<int>(i)] = const_cast<float*>(&steps_.numbers[i]);  // only read
  }
  for (int i = 0; i < singles; ++i) at[steps_.first_single + i] = memory + i;
  for (int i = 0; i < steps_.registers(); ++i) at[steps_.first_register + i] = memory + registers + i * piece_;

  const Run run{*kernels.maps, *this, table, at, memory + repeated, rows, tape};
  run.steps(steps_.once, 1);
  return run;
}

void MapCode::run(const Kernels& kernels, float* const* table, std::int64_t rows, int part, int of,
                  Scratch& scratch, Tape* tape) const {
  const Run run = begin(kernels, table, rows, scratch, tape);
  const std::int64_t inner = inner_.at(rows);
  if (partial_.empty()) {
    run_flat(run, part, of);
  } else if (inner < short_row || (rows_repeat_ && 2 * inner <= piece_)) {
    run_short_rows(run, part, of);
  } else {
    run_by_row(run, part, of);
  }
}

void MapCode::run_piece(const Kernels& kernels, float* const* table, const Piece& piece, Scratch& scratch,
                        Tape* tape) const {
  const Run run = begin(kernels, table, 1, scratch, tape);
  for (std::int64_t from = 0; from < piece.count; from += piece_) {
    run.move_to(piece.first + from);
    for (const Placed& one : whole_) {
      if (one.buffer == piece.source) run.at[one.place] = piece.there + from;
    }
    run.flat_piece(std::min(piece_, piece.count - from), piece.count - from);
  }
}

void MapCode::run_flat(const Run& run, int part, int of) const {
  const std::int64_t size = inner_.at(run.rows);
  const Share lines = share((size + vector_floats - 1) / vector_floats, part, of);
  const std::int64_t last = std::min(lines.last * vector_floats, size);
  for (std::int64_t from = lines.first * vector_floats; from < last; from += piece_) {
    run.move_to(from);
    run.flat_piece(std::min(piece_, last - from), last - from);
  }
}

void MapCode::run_by_row(const Run& run, int part, int of) const {
  const std::int64_t inner = inner_.at(run.rows), size = outer_.at(run.rows) * inner;
  const Share lines = share((size + vector_floats - 1) / vector_floats, part, of);
  const std::int64_t last = std::min(lines.last * vector_floats, size);
  for (std::int64_t from = lines.first * vector_floats; from < last;) {
    const std::int64_t row = from / inner, column = from % inner;
    const std::int64_t count = std::min({piece_, inner - column, last - from});
    run.move_to(from);
    for (const Partial& source : partial_) {
      run.at[source.place] = run.row_of(source, row) + (source.inner ? column : 0);
    }
    run.steps_in_a_row(count);
    from += count;
  }
}

void MapCode::run_short_rows(const Run& run, int part, int of) const {
  const std::int64_t inner = inner_.at(run.rows);
  if (inner == 0) return;
  const std::int64_t rows_a_piece = piece_ / inner;
  const Share rows = share(outer_.at(run.rows), part, of);
  for (std::int64_t row = rows.first; row < rows.last; row += rows_a_piece) {
    const std::int64_t count = std::min(rows_a_piece, rows.last - row);
    run.move_to(row * inner);
    float* memory = run.repeated;
    for (const Partial& source : partial_) {
      // The rows of the first piece serve all others where they are the same.
      if (row == rows.first || !source.same_each_row) run.repeat(source, row, count, memory);
      run.at[source.place] = memory;
      memory += piece_ + vector_floats;
    }
    run.steps(steps_.steps, count * inner);
  }
}

}  // namespace chainrule
