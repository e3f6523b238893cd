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
// Loops that repeat rows write whole vectors, beyond their end; threads share whole vectors.
constexpr std::int64_t vector_floats = 16;

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
  std::int64_t rows, first, last;

  void steps(const std::vector<MapStep>& steps, std::int64_t count) const {
    for (const MapStep& step : steps) {
      const MapLoop loop = kernels.loops[step.operation][step.singles];
      loop(at[step.out], at[step.in[0]], at[step.in[1]], at[step.in[2]], count);
    }
  }

  void steps_in_a_row(const std::vector<MapStep>& steps, std::int64_t count) const {
    for (const MapStep& step : steps) {
      const MapLoop loop = kernels.loops[step.operation][step.singles_by_row];
      loop(at[step.out], at[step.in[0]], at[step.in[1]], at[step.in[2]], count);
    }
  }

  void move_to(std::int64_t element) const {
    for (const Placed& one : code.whole_) at[one.place] = table[one.buffer] + element;
  }

  // Where a partial source has its first element of a row.
  float* row_of(const Partial& source, std::int64_t row) const {
    std::int64_t offset = 0;
    for (std::size_t axis = source.strides.size(); axis-- > 0;) {
      const std::int64_t length = axis == 0 ? row + 1 : code.axes_[axis].at(rows);
      offset += row % length * source.strides[axis].at(rows);
      row /= length;
    }
    return table[source.buffer] + offset;
  }

  // Write rows of a source one after the other, so that they go element by element with the destinations.
  void repeat(const Partial& source, std::int64_t row, std::int64_t count, float* out) const {
    const std::int64_t inner = code.inner_.at(rows);
    const auto write = source.inner ? kernels.repeat_row : kernels.repeat_numbers;
    if (source.inner ? source.same_each_row : source.strides.size() == 1) {
      write(out, row_of(source, row), inner, count);
      return;
    }
    for (std::int64_t i = 0; i < count; ++i) write(out + i * inner, row_of(source, row + i), inner, 1);
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
    size_ = size_ * extent_of(shape[axis]);
    if (!has.empty() && has.back() == sources) {
      axes_.back() = axes_.back() * extent_of(shape[axis]);
    } else {
      axes_.push_back(extent_of(shape[axis]));
      has.push_back(std::move(sources));
    }
  }
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
      spreads.push_back(partial.inner ? Spread::inner : Spread::outer);
      partial_.push_back(std::move(partial));
    }
  }
  for (std::size_t target = 0; target < map.destinations.size(); ++target) {
    whole_.push_back({static_cast<int>(map.sources.size() + target), map.destinations[target]});
  }
  return spreads;
}

void MapCode::run(const Kernels& kernels, float* const* table, std::int64_t rows, int part, int of,
                  Scratch& scratch) const {
  const std::int64_t size = size_.at(rows), inner = inner_.at(rows);
  if (size == 0) return;
  const bool short_rows = !partial_.empty() && inner < short_row;
  // Threads share whole vectors, or whole rows where these are short.
  const std::int64_t unit = short_rows ? inner : vector_floats;
  const std::int64_t units = (size + unit - 1) / unit;
  const std::int64_t first = units * part / of * unit, last = std::min(units * (part + 1) / of * unit, size);
  if (first >= last) return;

  const std::int64_t singles = steps_.first_register - steps_.first_single;
  const std::int64_t single_floats = (singles + vector_floats - 1) / vector_floats * vector_floats;
  const std::int64_t registers = steps_.registers() * piece_;
  const auto repeated = static_cast<std::int64_t>(partial_.size()) * (piece_ + vector_floats);
  float* memory = scratch.floats(static_cast<std::size_t>(single_floats + registers + repeated));
  float** at = scratch.places(static_cast<std::size_t>(steps_.places));
  for (const Placed& one : single_) at[one.place] = table[one.buffer];
  for (std::size_t i = 0; i < steps_.numbers.size(); ++i) {
    at[steps_.first_number + static_cast<int>(i)] = const_cast<float*>(&steps_.numbers[i]);  // only read
  }
  for (int i = 0; i < singles; ++i) at[steps_.first_single + i] = memory + i;
  for (int i = 0; i < steps_.registers(); ++i) at[steps_.first_register + i] = memory + single_floats + i * piece_;

  const Run run{*kernels.maps, *this, table, at, memory + single_floats + registers, rows, first, last};
  run.steps(steps_.once, 1);
  if (partial_.empty()) {
    run_flat(run);
  } else if (short_rows) {
    run_short_rows(run);
  } else {
    run_by_row(run);
  }
}

void MapCode::run_flat(const Run& run) const {
  for (std::int64_t from = run.first; from < run.last; from += piece_) {
    run.move_to(from);
    run.steps(steps_.steps, std::min(piece_, run.last - from));
  }
}

void MapCode::run_by_row(const Run& run) const {
  const std::int64_t inner = inner_.at(run.rows);
  for (std::int64_t from = run.first; from < run.last;) {
    const std::int64_t row = from / inner, column = from % inner;
    const std::int64_t count = std::min({piece_, inner - column, run.last - from});
    run.move_to(from);
    for (const Partial& source : partial_) {
      run.at[source.place] = run.row_of(source, row) + (source.inner ? column : 0);
    }
    run.steps_in_a_row(steps_.steps, count);
    from += count;
  }
}

void MapCode::run_short_rows(const Run& run) const {
  const std::int64_t inner = inner_.at(run.rows), rows_a_piece = piece_ / inner;
  const std::int64_t last_row = run.last / inner;
  for (std::int64_t row = run.first / inner; row < last_row; row += rows_a_piece) {
    const std::int64_t rows = std::min(rows_a_piece, last_row - row);
    run.move_to(row * inner);
    float* memory = run.repeated;
    for (const Partial& source : partial_) {
      // The rows of the first piece serve all others where they are the same.
      if (row == run.first / inner || !source.same_each_row) run.repeat(source, row, rows, memory);
      run.at[source.place] = memory;
      memory += piece_ + vector_floats;
    }
    run.steps(steps_.steps, rows * inner);
  }
}

}  // namespace chainrule
