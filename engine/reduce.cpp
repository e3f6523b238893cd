#include "reduce.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace chainrule {
namespace {

float joined(bool maximum, float a, float b) {
  if (maximum) return a > b || a != a ? a : b;
  return a + b;
}

float start_of(bool maximum) { return maximum ? -std::numeric_limits<float>::infinity() : 0.0f; }

// Axes that are gone through together, the innermost added first.
struct Loops {
  std::int64_t size = 1;
  std::array<std::int64_t, 8> length{}, stride{};
  std::size_t count = 0;

  void add(std::int64_t axis_length, std::int64_t axis_stride) {
    length[count] = axis_length;
    stride[count++] = axis_stride;
    size *= axis_length;
  }

  std::int64_t offset(std::int64_t index) const {
    std::int64_t sum = 0;
    for (std::size_t axis = 0; axis < count; ++axis) {
      sum += index % length[axis] * stride[axis];
      index /= length[axis];
    }
    return sum;
  }
};

// A row whose elements lie anywhere, in the order of the kernels.
float row_of(bool maximum, const float* row, const Loops& elements) {
  float result = start_of(maximum);
  for (std::int64_t from = 0; from < elements.size; from += longest_row) {
    std::array<float, 16> lane;
    lane.fill(start_of(maximum));
    const std::int64_t count = std::min(longest_row, elements.size - from);
    for (std::int64_t e = 0; e < count; ++e) {
      float& one = lane[static_cast<std::size_t>(e % 16)];
      one = joined(maximum, one, row[elements.offset(from + e)]);
    }
    for (std::size_t half = 8; half > 0; half /= 2) {
      for (std::size_t i = 0; i < half; ++i) lane[i] = joined(maximum, lane[i], lane[i + half]);
    }
    result = joined(maximum, result, lane[0]);
  }
  return result;
}

}  // namespace

ReduceCode::ReduceCode(const Program& program, const Reduce& reduce)
    : source_(reduce.source),
      destination_(reduce.destination),
      maximum_(reduce.maximum),
      accumulate_(reduce.accumulate) {
  const Shape& shape = program.buffers[static_cast<std::size_t>(source_)].shape;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    if (shape[axis] == 1) continue;
    const bool kept = std::find(reduce.axes.begin(), reduce.axes.end(), static_cast<int>(axis)) == reduce.axes.end();
    const bool examples = !kept && shape[axis] == examples_axis;
    add_axis(kept ? Role::kept : examples ? Role::examples : Role::reduced, extent_of(shape[axis]));
  }
}

void ReduceCode::add_axis(Role role, Extent length) {
  size_ = size_ * length;
  if (role == Role::kept) kept_ = kept_ * length;
  if (!axes_.empty() && axes_.back().role == role) {
    axes_.back().length = axes_.back().length * length;
  } else {
    axes_.push_back({role, length});
  }
}

bool ReduceCode::is(std::initializer_list<Role> roles) const {
  return std::equal(axes_.begin(), axes_.end(), roles.begin(), roles.end(),
                    [](const Axis& axis, Role role) { return axis.role == role; });
}

void ReduceCode::run(const Kernels& kernels, float* const* table, std::int64_t rows, Tape* tape) const {
  float* destination = table[destination_];
  const float* source = table[source_];
  if (!accumulate_) make(tape, FillCall{destination, kept_.at(rows), start_of(maximum_)});
  const std::int64_t size = size_.at(rows);
  if (size == 0) return;
  const ReduceKernels& loops = maximum_ ? *kernels.maximum : *kernels.sum;
  const std::int64_t last = axes_.empty() ? 1 : axes_.back().length.at(rows);
  if (is({Role::reduced}) || is({Role::kept, Role::reduced})) {
    make(tape, ReduceCall{loops.each_row, {source, destination, size / last, last}});
  } else if (is({}) || is({Role::examples})) {
    make(tape, ReduceCall{loops.all_rows, {source, destination, size, 1}});
  } else if (is({Role::examples, Role::reduced})) {
    make(tape, ReduceCall{loops.all_rows, {source, destination, size / last, last}});
  } else if (is({Role::kept}) || is({Role::reduced, Role::kept}) || is({Role::examples, Role::kept})) {
    make(tape, ReduceCall{loops.each_column, {source, destination, size / last, last}});
  } else {
    if (tape) tape->give_up();
    run_any(destination, source, rows);
  }
}

// Any other order of axes, element by element.
void ReduceCode::run_any(float* destination, const float* source, std::int64_t rows) const {
  Loops examples, kept, reduced, row;
  std::int64_t stride = 1;
  bool kept_inside = false;
  for (auto axis = axes_.rbegin(); axis != axes_.rend(); ++axis) {
    const std::int64_t length = axis->length.at(rows);
    kept_inside = kept_inside || axis->role == Role::kept;
    Loops& outer = kept_inside ? reduced : row;
    (axis->role == Role::examples ? examples : axis->role == Role::kept ? kept : outer).add(length, stride);
    stride *= length;
  }
  for (std::int64_t i = 0; i < examples.size; ++i) {
    for (std::int64_t k = 0; k < kept.size; ++k) {
      float value = start_of(maximum_);
      for (std::int64_t j = 0; j < reduced.size; ++j) {
        const float* from = source + examples.offset(i) + kept.offset(k) + reduced.offset(j);
        value = joined(maximum_, value, row_of(maximum_, from, row));
      }
      destination[k] = joined(maximum_, destination[k], value);
    }
  }
}

}  // namespace chainrule
