#include "member.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "convert.hpp"

namespace chainrule {
namespace {

// Rows of one or two numbers are common, and quicker to copy than to call for.
void copy_row(void* to, const void* from, std::int64_t bytes) {
  if (bytes == 4) {
    std::memcpy(to, from, 4);
  } else if (bytes == 8) {
    std::memcpy(to, from, 8);
  } else {
    std::memcpy(to, from, static_cast<std::size_t>(bytes));
  }
}

// How many bytes a number of the data has at most.
constexpr std::size_t widest = 8;

}  // namespace

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

void Machine::Member::take(const DataUse& use, const Rows& source, const std::int64_t* indices, std::int64_t first,
                           std::int64_t rows, int part, int of) {
  const auto at = static_cast<std::size_t>(use.buffer);
  const std::int64_t width = elements(program_.buffers[at].shape);
  const auto size = static_cast<std::ptrdiff_t>(item_size(source.type));
  const auto* base = static_cast<const unsigned char*>(source.base);
  const std::int64_t from = rows * part / of, to = rows * (part + 1) / of;
  const auto row = [&](std::int64_t i) {
    return base + (indices ? indices[first + i] : first + i) * source.stride * size;
  };
  if (use.matrix) {
    Matrix& found = matrices_[at];
    if (in_place && (*in_place)[at]) {
      rows_[at].resize(static_cast<std::size_t>(rows));
      for (std::int64_t i = 0; i < rows; ++i) rows_[at][static_cast<std::size_t>(i)] = reinterpret_cast<const float*>(row(i));
      if (next_[at].size() != rows_[at].size()) next_[at] = rows_[at];
      found = {row(0), source.type, width, 1, rows_[at].data(), next_[at].data(), 0};
    } else if (!indices) {
      found = {row(0), source.type, source.stride, 1};
    } else {
      unsigned char* into = used_->matrices[at].data();
      for (std::int64_t i = from; i < to; ++i) {
        copy_row(into + i * width * size, row(i), width * size);
      }
      found = {into, source.type, width, 1};
    }
  }
  if (!use.floats) return;
  float* into = nullptr;
  if (source.type == DType::f32 && !indices && source.stride == width) {
    into = reinterpret_cast<float*>(const_cast<unsigned char*>(row(0)));  // only read: data is never written
  } else {
    into = used_->floats[at].data();
    const bool same = source.type == DType::f32;
    for (std::int64_t i = from; i < to; ++i) {
      if (same) {
        copy_row(into + i * width, row(i), width * size);
      } else {
        convert(row(i), source.type, width, into + i * width);
      }
    }
  }
  point(use.buffer, into);
}

void Machine::Member::expect(int data, const Rows& source, const std::int64_t* indices) {
  for (const float*& row : next_[static_cast<std::size_t>(data)]) {
    row = static_cast<const float*>(source.base) + *indices++ * source.stride;
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
