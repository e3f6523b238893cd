// What a machine is given, checked before it runs: a program that passed `verify` can still be given wrong buffers.
#include <algorithm>
#include <stdexcept>

#include "machine.hpp"
#include "verify.hpp"

namespace chainrule {
namespace {

void must(bool condition, const char* message) {
  if (!condition) throw std::invalid_argument(message);
}

}  // namespace

std::size_t Machine::scalar_numbers() const {
  std::size_t sum = 0;
  for (const auto& [memory, size] : scalars_) sum += size;
  return sum;
}

// Whether all that reads some data is products with these transposed, by numbers that were computed.
bool Machine::takes_places(const PhasePlan& phase, int data) const {
  const auto is = [&](int buffer) { return memory_of(program_, buffer) == data; };
  return std::all_of(phase.block.begin(), phase.block.end(), [&](const Item& item) {
    const std::vector<int> sources = sources_of(*item.instruction);
    if (std::none_of(sources.begin(), sources.end(), is)) return true;
    const auto* product = std::get_if<Matmul>(item.instruction);
    const auto kind_of = [&](int buffer) { return program_.buffers[static_cast<std::size_t>(memory_of(program_, buffer))].kind; };
    return product && product->a == data && product->transpose_a && kind_of(product->b) != BufferKind::data;
  });
}

void Machine::check(int entry, std::span<const Rows> data, RowRange rows) const {
  for (const PhasePlan& phase : plans_[static_cast<std::size_t>(entry)].phases) {
    for (const DataUse& use : phase.data) {
      const Rows& source = data[static_cast<std::size_t>(use.place)];
      must(source.present, "the entry reads data that are missing");
      must(source.type != DType::place || takes_places(phase, use.buffer), "the entry reads more than places of these data");
      must(rows.most < rows.least || (rows.least >= 0 && rows.most < source.count), "the data do not have these rows");
    }
  }
}

void Machine::check_steps(int entry) const {
  for (const int buffer : plans_[static_cast<std::size_t>(entry)].outputs) {
    must(program_.buffers[static_cast<std::size_t>(buffer)].shape.empty(), "an output is no single number");
  }
}

}  // namespace chainrule
