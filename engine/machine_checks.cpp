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

void Machine::check(int entry, std::span<const Rows> data, const StepInput& input) const {
  must(input.count >= 0 && input.count <= most_elements, "nothing has so many rows");
  std::int64_t least = 0, most = input.count - 1;
  if (input.rows && input.count > 0) {
    const auto [low, high] = std::minmax_element(input.rows, input.rows + input.count);
    least = *low, most = *high;
  }
  for (const PhasePlan& phase : plans_[static_cast<std::size_t>(entry)].phases) {
    for (const DataUse& use : phase.data) {
      const Rows& source = data[static_cast<std::size_t>(data_position_[static_cast<std::size_t>(use.buffer)])];
      must(source.present, "the entry reads data that are missing");
      must(input.count == 0 || (least >= 0 && most < source.count), "the data do not have these rows");
    }
  }
}

void Machine::check_steps(int entry) const {
  for (const int buffer : plans_[static_cast<std::size_t>(entry)].outputs) {
    must(program_.buffers[static_cast<std::size_t>(buffer)].shape.empty(), "an output is no single number");
  }
}

}  // namespace chainrule
