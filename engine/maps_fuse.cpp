#include "maps_fuse.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace chainrule {
namespace {

bool is_number(const Operand& operand, double number) {
  return operand.kind == Operand::Kind::number && static_cast<float>(operand.number) == static_cast<float>(number);
}

bool is_step(const Operand& operand) { return operand.kind == Operand::Kind::step; }

// Dividing by a power of two is multiplying with another one, to the bit. The largest and the least have none.
bool is_power_of_two(const Operand& operand) {
  int exponent = 0;
  const float number = static_cast<float>(operand.number);
  return operand.kind == Operand::Kind::number && std::abs(std::frexp(number, &exponent)) == 0.5f &&
         std::abs(exponent) < 100;
}

FusedStep plain(const ScalarStep& step) {
  if (step.opcode == Opcode::divide && is_power_of_two(step.operands[1])) {
    Operand inverse = step.operands[1];
    inverse.number = 1 / inverse.number;
    return {operation(Opcode::multiply), {step.operands[0], inverse}, -1};
  }
  if (step.opcode == Opcode::power && is_number(step.operands[1], 2)) {
    return {operation(Opcode::multiply), {step.operands[0], step.operands[0]}, -1};
  }
  return {operation(step.opcode), step.operands, -1};
}

std::vector<int> count_readers(const FusedMap& map) {
  std::vector<int> readers(map.steps.size());
  for (const FusedStep& step : map.steps) {
    for (const Operand& operand : step.operands) {
      if (is_step(operand)) ++readers[static_cast<std::size_t>(operand.place)];
    }
  }
  for (const int result : map.results) ++readers[static_cast<std::size_t>(result)];
  return readers;
}

// Which operand of a sum or difference is a product that only this step reads; -1 for none.
int product_of(const FusedMap& map, const FusedStep& step, const std::vector<int>& readers) {
  if (step.operation != operation(Opcode::add) && step.operation != operation(Opcode::subtract)) return -1;
  for (int i = 0; i < 2; ++i) {
    const Operand& operand = step.operands[static_cast<std::size_t>(i)];
    if (!is_step(operand) || readers[static_cast<std::size_t>(operand.place)] != 1) continue;
    if (map.steps[static_cast<std::size_t>(operand.place)].operation == operation(Opcode::multiply)) return i;
  }
  return -1;
}

FusedStep joined(const FusedStep& product, const FusedStep& sum, int which) {
  const Operand& other = sum.operands[which == 0 ? 1 : 0];
  const bool difference = sum.operation == operation(Opcode::subtract);
  const Operation made = !difference ? Operation::multiply_add
                         : which == 0 ? Operation::multiply_subtract
                                      : Operation::subtract_product;
  return {made, {product.operands[0], product.operands[1], other}, -1};
}

// Leave out the steps that were joined to others.
void drop(FusedMap& map, const std::vector<bool>& dropped) {
  std::vector<int> place(map.steps.size());
  std::vector<FusedStep> kept;
  for (std::size_t i = 0; i < map.steps.size(); ++i) {
    place[i] = static_cast<int>(kept.size());
    if (dropped[i]) continue;
    for (Operand& operand : map.steps[i].operands) {
      if (is_step(operand)) operand.place = place[static_cast<std::size_t>(operand.place)];
    }
    kept.push_back(std::move(map.steps[i]));
  }
  for (int& result : map.results) result = place[static_cast<std::size_t>(result)];
  map.steps = std::move(kept);
}

}  // namespace

FusedMap fuse(const Map& map) {
  FusedMap fused;
  for (const ScalarStep& step : map.steps) fused.steps.push_back(plain(step));
  fused.results = map.results;
  const std::vector<int> readers = count_readers(fused);
  std::vector<bool> dropped(fused.steps.size());
  for (FusedStep& step : fused.steps) {
    const int which = product_of(fused, step, readers);
    if (which < 0) continue;
    const auto product = static_cast<std::size_t>(step.operands[static_cast<std::size_t>(which)].place);
    step = joined(fused.steps[product], step, which);
    dropped[product] = true;
  }
  drop(fused, dropped);
  return fused;
}

std::vector<bool> single_steps(const FusedMap& map, const std::vector<bool>& single) {
  std::vector<bool> found(map.steps.size());
  for (std::size_t at = 0; at < map.steps.size(); ++at) {
    const FusedStep& step = map.steps[at];
    found[at] = step.chain < 0 && std::all_of(step.operands.begin(), step.operands.end(), [&](const Operand& operand) {
      const auto place = static_cast<std::size_t>(operand.place);
      return operand.kind == Operand::Kind::number ||
             (operand.kind == Operand::Kind::source ? single[place] : found[place]);
    });
  }
  return found;
}

}  // namespace chainrule
