#include "program.hpp"

#include <algorithm>

namespace chainrule {

namespace {

struct Sources {
  std::vector<int> operator()(const Matmul& item) const { return {item.a, item.b}; }
  std::vector<int> operator()(const Map& item) const { return item.sources; }
  std::vector<int> operator()(const Reduce& item) const { return {item.source}; }
  std::vector<int> operator()(const Draw&) const { return {}; }
  std::vector<int> operator()(const Transpose& item) const { return {item.source}; }
};

struct Destinations {
  std::vector<int> operator()(const Map& item) const { return item.destinations; }
  template <typename Other>
  std::vector<int> operator()(const Other& item) const {
    return {item.destination};
  }
};

}  // namespace

std::vector<int> sources_of(const Instruction& instruction) { return std::visit(Sources{}, instruction); }

std::vector<int> destinations_of(const Instruction& instruction) {
  return std::visit(Destinations{}, instruction);
}

bool accumulates(const Instruction& instruction) {
  if (const auto* product = std::get_if<Matmul>(&instruction)) return product->accumulate;
  if (const auto* reduce = std::get_if<Reduce>(&instruction)) return reduce->accumulate;
  return false;
}

bool has_examples(const Shape& shape) {
  return std::find(shape.begin(), shape.end(), examples_axis) != shape.end();
}

std::int64_t elements(const Shape& shape, std::int64_t count) {
  std::int64_t product = 1;
  for (const std::int64_t axis : shape) product *= axis == examples_axis ? count : axis;
  return product;
}

}  // namespace chainrule
