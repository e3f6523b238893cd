// What a machine is given, checked before it runs: a program that passed `verify` can still be given wrong buffers.
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

void Machine::check(int entry, std::span<const Rows> data, RowRange rows) const {
  for (const PhasePlan& phase : plans_[static_cast<std::size_t>(entry)].phases) {
    for (const DataUse& use : phase.data) {
      const Rows& source = data[static_cast<std::size_t>(use.place)];
      must(source.present, "the entry reads data that are missing");
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
