// The shapes that each kind of instruction demands.
#include <algorithm>
#include <map>

#include "verify_entry.hpp"

namespace chainrule {

namespace {

std::string text_of(std::int64_t axis) { return axis == examples_axis ? "m" : std::to_string(axis); }

Shape reversed(const Shape& shape) { return Shape(shape.rbegin(), shape.rend()); }

bool broadcasts(const Shape& source, const Shape& target) {
  if (source.size() > target.size()) return false;
  const auto fits = [](std::int64_t a, std::int64_t b) { return a == 1 || a == b; };
  return std::equal(source.rbegin(), source.rend(), target.rbegin(), fits);
}

}  // namespace

void EntryCheck::result(int at, const Shape& shape) const {
  const Shape& found = buffers_[at].shape;
  if (found != shape) refuse(name(at) + " has shape " + text_of(found) + ", not " + text_of(shape));
}

void EntryCheck::shapes(const Matmul& item) const {
  Shape a = buffers_[item.a].shape, b = buffers_[item.b].shape;
  must(a.size() == 2 && b.size() == 2, "a product is of matrices");
  if (item.transpose_a) a = reversed(a);
  if (item.transpose_b) b = reversed(b);
  if (a[1] != b[0]) refuse("the inner axes of a product are " + text_of(a[1]) + " and " + text_of(b[0]));
  must((a[1] == examples_axis) == item.accumulate, "a product accumulates exactly if it sums over the examples");
  must(a[0] != examples_axis || b[1] != examples_axis, "a product has the axis of examples twice");
  result(item.destination, {a[0], b[1]});
}

void EntryCheck::shapes(const Transpose& item) const {
  const Shape& source = buffers_[item.source].shape;
  must(source.size() == 2, "a transpose is of a matrix");
  result(item.destination, reversed(source));
}

void EntryCheck::shapes(const Draw& item) const {
  const Shape& shape = buffers_[item.destination].shape;
  if (item.node < 0) refuse("the node of a draw is from 0 to " + std::to_string(INT64_MAX));
  const bool first = shape.empty() || std::find(shape.begin() + 1, shape.end(), examples_axis) == shape.end();
  must(first, "draws by example have the axis of examples first");
}

void EntryCheck::shapes(const Reduce& item) const {
  const Shape& source = buffers_[item.source].shape;
  const int rank = static_cast<int>(source.size());
  std::vector<bool> reduced(source.size(), false);
  bool good = !item.axes.empty(), over_examples = false;
  for (const int axis : item.axes) {
    good = good && 0 <= axis && axis < rank && !reduced[axis];
    if (!good) break;
    reduced[axis] = true;
    over_examples |= source[axis] == examples_axis;
  }
  if (!good) {
    // An axis of -1 is no axis of examples here.
    std::string axes;
    for (const int axis : item.axes) axes += (axes.empty() ? "" : ", ") + std::to_string(axis);
    refuse("axes (" + axes + (item.axes.size() == 1 ? ",)" : ")") + " are not those of " + text_of(source));
  }
  must(over_examples == item.accumulate, "a reduction accumulates exactly if it goes over the examples");
  Shape kept, dropped;
  for (int i = 0; i < rank; ++i) {
    kept.push_back(reduced[i] ? 1 : source[i]);
    if (!reduced[i]) dropped.push_back(source[i]);
  }
  const Shape& found = buffers_[item.destination].shape;
  if (found != kept && found != dropped) refuse(name(item.destination) + " has shape " + text_of(found));
}

void EntryCheck::shapes(const Map& item) const {
  must(!item.destinations.empty(), "a map writes something");
  must(item.destinations.size() == item.results.size(), "a map has one result a destination");
  std::set<Memory> memory;
  for (const int at : item.destinations) memory.insert(memory_key(at));
  must(memory.size() == item.destinations.size(), "a map writes twice to the same memory");
  const Shape& shape = buffers_[item.destinations.front()].shape;
  for (const int at : item.destinations) result(at, shape);
  for (const int at : item.sources) {
    if (!broadcasts(buffers_[at].shape, shape)) refuse(name(at) + " does not broadcast");
  }
  steps(item);
  overwrites(item);
}

void EntryCheck::steps(const Map& item) const {
  for (std::size_t number = 0; number < item.steps.size(); ++number) {
    const ScalarStep& step = item.steps[number];
    const OpcodeInfo& opcode = info(step.opcode);
    if (step.operands.size() != static_cast<std::size_t>(opcode.arity)) {
      refuse(std::string(opcode.name) + ": wrong number of operands");
    }
    for (const Operand& operand : step.operands) {
      if (operand.kind == Operand::Kind::number) continue;
      const bool source = operand.kind == Operand::Kind::source;
      const std::size_t bound = source ? item.sources.size() : number;
      const bool there = operand.place >= 0 && static_cast<std::size_t>(operand.place) < bound;
      if (!there) refuse((source ? "there is no source " : "there is no step ") + std::to_string(operand.place));
    }
  }
  for (const int at : item.results) {
    const bool there = at >= 0 && static_cast<std::size_t>(at) < item.steps.size();
    if (!there) refuse("there is no step " + std::to_string(at));
  }
}

// A map may write over a source only where both go element by element in step.
void EntryCheck::overwrites(const Map& item) const {
  std::multimap<Memory, int> sources;
  for (const int at : item.sources) sources.emplace(memory_key(at), at);
  for (const int at : item.destinations) {
    const auto [first, last] = sources.equal_range(memory_key(at));
    for (auto source = first; source != last; ++source) {
      const bool same = buffers_[at].shape == buffers_[memory_of(program_, source->second)].shape;
      if (!same) refuse(name(at) + " is written over a source of another shape");
    }
  }
}

}  // namespace chainrule
