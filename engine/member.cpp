#include "member.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "convert.hpp"

namespace chainrule {
namespace {

// How many bytes a number of the data has at most.
constexpr std::size_t widest = 8;

}  // namespace

// Rows of a step that are brought into a block: those from `from` to before `to`.
struct Machine::Member::Taking {
  const Rows& source;
  const StepInput& input;
  std::int64_t first, from, to, width;
  std::ptrdiff_t item, bytes;  // bytes of a number, and of a row

  std::int64_t number(std::int64_t i) const { return input.rows ? input.rows[first + i] : first + i; }
  const unsigned char* row(std::int64_t i) const {
    return static_cast<const unsigned char*>(source.base) + number(i) * source.stride * item;
  }
  template <std::size_t size>
  void copy_short(unsigned char* into) const {
    const std::ptrdiff_t stride = source.stride * item;
    const auto* base = static_cast<const unsigned char*>(source.base);
    for (std::int64_t i = from; i < to; ++i) std::memcpy(into + i * bytes, base + number(i) * stride, size);
  }
  // Rows of one or two numbers are common, and quicker to copy than to call for.
  void copy(unsigned char* into) const {
    if (bytes == 4) return copy_short<4>(into);
    if (bytes == 8) return copy_short<8>(into);
    for (std::int64_t i = from; i < to; ++i) std::memcpy(into + i * bytes, row(i), static_cast<std::size_t>(bytes));
  }
  void change(const Augmentation& how, unsigned char* into) const {
    const std::int64_t epoch = (input.number - 1) / how.steps_an_epoch;
    for (std::int64_t i = from; i < to; ++i) augment(how, input.seed, epoch, number(i), row(i), into + i * bytes);
  }
};

void BlockMemory::grow(const Program& program, const PhasePlan& phase, std::int64_t rows) {
  const auto enough = [](auto& memory, std::int64_t size) {
    if (memory.size() < static_cast<std::size_t>(size)) memory.resize(static_cast<std::size_t>(size));
  };
  for (const Item& item : phase.block) {
    for (const int buffer : destinations_of(*item.instruction)) {
      const Buffer& one = program.buffers[buffer];
      if (one.slot >= 0 && has_examples(one.shape)) {
        enough(slots[static_cast<std::size_t>(one.slot)], elements(one.shape, rows));
      }
    }
  }
  for (const DataUse& use : phase.data) {
    const auto at = static_cast<std::size_t>(use.buffer);
    const std::int64_t size = elements(program.buffers[at].shape, rows);
    if (use.floats) enough(floats[at], size);
    if (use.matrix) enough(matrices[at], size * static_cast<std::int64_t>(widest));
  }
}

Machine::Member::Member(const Program& program, const std::vector<float*>& shared)
    : memory(program.buffers.size()), program_(program), table_(shared), views_(shared.size()), matrices_(shared.size()),
      rows_(shared.size()), next_(shared.size()) {
  for (std::size_t at = 0; at < program.buffers.size(); ++at) {
    const int base = program.buffers[at].base;
    if (base >= 0) views_[static_cast<std::size_t>(base)].push_back(static_cast<int>(at));
  }
}

void Machine::Member::begin(const std::vector<int>& outputs, std::span<float* const> rows, const StepInput& input) {
  seed = input.seed;
  number = input.number;
  outputs_.clear();
  if (rows.empty()) return;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (rows[i]) outputs_.push_back({outputs[i], rows[i], elements(program_.buffers[outputs[i]].shape)});
  }
}

void Machine::Member::use(BlockMemory& block) {
  if (used_ == &block) return;
  used_ = &block;
  for (std::size_t at = 0; at < program_.buffers.size(); ++at) {
    const Buffer& buffer = program_.buffers[at];
    if (buffer.slot < 0 || !has_examples(buffer.shape)) continue;
    point(static_cast<int>(at), block.slots[static_cast<std::size_t>(buffer.slot)].data());
  }
}

void Machine::Member::set_block(std::int64_t at, bool first_of_sums) {
  start = at;
  first = first_of_sums;
  for (const Output& output : outputs_) point(output.buffer, output.base + start * output.width);
}

void Machine::Member::point(int buffer, float* memory) {
  table_[static_cast<std::size_t>(buffer)] = memory;
  for (const int view : views_[static_cast<std::size_t>(buffer)]) table_[static_cast<std::size_t>(view)] = memory;
}

void Machine::Member::take(const DataUse& use, const Rows& source, const StepInput& input, std::int64_t first,
                           std::int64_t rows, int part, int of) {
  const auto at = static_cast<std::size_t>(use.buffer);
  const auto item = static_cast<std::ptrdiff_t>(item_size(source.type));
  const std::int64_t width = source.length(use.width);
  const Taking taking{source, input, first, rows * part / of, rows * (part + 1) / of, width, item, width * item};
  const bool changed = augmentation && augmentation->data == use.place;
  if (use.matrix) {
    Matrix& found = matrices_[at];
    if (in_place && (*in_place)[at]) {
      found = point_to_rows(at, taking, rows);
    } else if (!input.rows && !changed) {
      found = {taking.row(0), source.type, source.stride, 1};
    } else {
      unsigned char* into = used_->matrices[at].data();
      if (changed) {
        taking.change(*augmentation, into);
      } else {
        taking.copy(into);
      }
      found = {into, source.type, width, 1};
    }
  }
  if (!use.floats) return;
  if (source.type == DType::f32 && !input.rows && source.stride == use.width) {
    // Only read: data is never written.
    return point(use.buffer, reinterpret_cast<float*>(const_cast<unsigned char*>(taking.row(0))));
  }
  float* into = used_->floats[at].data();
  if (source.type == DType::f32) {
    taking.copy(reinterpret_cast<unsigned char*>(into));
  } else if (changed) {
    pictures_.resize(static_cast<std::size_t>(rows * use.width));
    taking.change(*augmentation, pictures_.data());
    const std::int64_t from = taking.from * use.width;
    convert(pictures_.data() + from, source.type, taking.to * use.width - from, into + from);
  } else {
    for (std::int64_t i = taking.from; i < taking.to; ++i) convert(taking.row(i), source.type, use.width, into + i * use.width);
  }
  point(use.buffer, into);
}

Matrix Machine::Member::point_to_rows(std::size_t data, const Taking& taking, std::int64_t rows) {
  const auto count = static_cast<std::size_t>(rows);
  if (count > rows_[data].capacity()) {
    rows_[data].reserve(count);
    next_[data].reserve(count);
    ++row_moves_;
  }
  rows_[data].resize(count);
  for (std::int64_t i = 0; i < rows; ++i) {
    rows_[data][static_cast<std::size_t>(i)] = reinterpret_cast<const float*>(taking.row(i));
  }
  if (next_[data].size() != rows_[data].size()) next_[data] = rows_[data];
  return {taking.row(0), DType::f32, taking.width, 1, rows_[data].data(), next_[data].data(), 0};
}

void Machine::Member::expect(int data, const Rows& source, std::span<const std::int64_t> indices) {
  auto& next = next_[static_cast<std::size_t>(data)];
  next.resize(indices.size());
  for (std::size_t i = 0; i < indices.size(); ++i) {
    next[i] = static_cast<const float*>(source.base) + indices[i] * source.stride;
  }
}

Matrix Machine::Member::matrix(int data, std::int64_t columns) const {
  Matrix found = matrices_[static_cast<std::size_t>(data)];
  // The only other matrix that shows data is one row of all examples.
  if (columns != elements(program_.buffers[static_cast<std::size_t>(data)].shape)) {
    found.column_stride = std::exchange(found.row_stride, columns);
  }
  return found;
}

}  // namespace chainrule
