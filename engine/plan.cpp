#include "plan.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "updates.hpp"

namespace chainrule {
namespace {

constexpr std::int64_t rows_a_lane = 64, most_lanes = 64;
// What a block keeps stays in the second-level cache of one core, so that what is read forward is there backward. With
// one lane, threads share each instruction: then blocks are as large as pays for meeting so often.
constexpr std::int64_t block_numbers = 64 << 10, shared_block_numbers = 16 << 20;
constexpr std::int64_t least_rows = 16, least_shared_rows = 256;
// Each block reads and writes its sums once. Where they are few beside its rows, as of one neuron, so many rows are enough.
constexpr std::int64_t least_rows_a_sum = 4;
// Weights that do not stay in that cache either are worth reading for so many rows at least.
constexpr std::int64_t least_rows_of_large = 256;

std::int64_t known(const Shape& shape) { return elements(shape, 1); }

// Of a data buffer among those of its kind.
int place_of(const Program& program, int data) {
  const auto is_data = [](const Buffer& buffer) { return buffer.kind == BufferKind::data; };
  return static_cast<int>(std::count_if(program.buffers.begin(), program.buffers.begin() + data, is_data));
}

struct WorkOf {
  const Program& program;

  const Shape& shape(int buffer) const { return program.buffers[buffer].shape; }

  double operator()(const Matmul& item) const {
    const Shape& a = shape(item.a);
    const std::int64_t depth = item.transpose_a ? a[0] : a[1];
    return static_cast<double>(known(shape(item.destination))) * static_cast<double>(depth < 0 ? 1 : depth);
  }
  double operator()(const Map& item) const {
    return static_cast<double>(known(shape(item.destinations[0]))) * static_cast<double>(item.steps.size() + 1);
  }
  double operator()(const Reduce& item) const { return static_cast<double>(known(shape(item.source))); }
  double operator()(const Draw& item) const { return 8.0 * static_cast<double>(known(shape(item.destination))); }
  double operator()(const Transpose& item) const { return 4.0 * static_cast<double>(known(shape(item.source))); }
};

bool touches_examples(const Program& program, const Instruction& instruction) {
  const auto by_row = [&](int buffer) { return has_examples(program.buffers[buffer].shape); };
  const auto sources = sources_of(instruction), destinations = destinations_of(instruction);
  return std::any_of(sources.begin(), sources.end(), by_row) ||
         std::any_of(destinations.begin(), destinations.end(), by_row);
}

Items prepare(const Program& program, const Section& section) {
  Items items;
  for (const Instruction& instruction : section) {
    Item item{&instruction, {}, {}, std::visit(WorkOf{program}, instruction), touches_examples(program, instruction)};
    if (const auto* map = std::get_if<Map>(&instruction)) item.map.emplace(program, *map);
    if (const auto* reduce = std::get_if<Reduce>(&instruction)) item.reduce.emplace(program, *reduce);
    items.push_back(std::move(item));
  }
  return items;
}

double total_work(const Items& items) {
  double sum = 0;
  for (const Item& item : items) sum += item.work;
  return sum;
}

PhasePlan plan_phase(const Program& program, const Phase& phase) {
  PhasePlan found;
  found.prologue = prepare(program, phase.prologue);
  found.block = prepare(program, phase.block);
  std::map<int, DataUse> read;
  std::set<int> kept;
  for (const Item& item : found.block) {
    const bool product = std::holds_alternative<Matmul>(*item.instruction);
    for (const int source : sources_of(*item.instruction)) {
      const int memory = memory_of(program, source);
      const Buffer& buffer = program.buffers[memory];
      if (!has_examples(buffer.shape)) {
        if (product) found.weights += known(buffer.shape);
        continue;
      }
      kept.insert(memory);
      if (product) found.read_by_row += static_cast<double>(known(buffer.shape));
      if (buffer.kind != BufferKind::data) continue;
      DataUse& use = read[memory];
      use.buffer = memory;
      use.place = place_of(program, memory);
      use.width = known(buffer.shape);
      (product ? use.matrix : use.floats) = true;
    }
    for (const int destination : destinations_of(*item.instruction)) {
      if (has_examples(program.buffers[destination].shape)) kept.insert(destination);
      if (!accumulates(*item.instruction)) continue;
      const auto* reduce = std::get_if<Reduce>(item.instruction);
      const std::int64_t size = known(program.buffers[destination].shape);
      found.sums.push_back({destination, size, product, reduce && reduce->maximum});
      found.sum_elements += size;
    }
    found.row_work += item.work;
  }
  for (const int buffer : kept) found.width += known(program.buffers[buffer].shape);
  for (const auto& [buffer, use] : read) found.data.push_back(use);
  return found;
}

}  // namespace

EntryPlan plan_entry(const Program& program, const Entry& entry) {
  EntryPlan found;
  for (const Phase& phase : entry.phases) {
    found.phases.push_back(plan_phase(program, phase));
    found.fixed_work += total_work(found.phases.back().prologue);
  }
  found.epilogue = prepare(program, entry.epilogue);
  found.fixed_work += total_work(found.epilogue);
  found.outputs = entry.outputs;
  find_updates(program, found);
  return found;
}

std::int64_t lanes_of(const PhasePlan& phase, std::int64_t count) {
  if (phase.row_work * static_cast<double>(count) < least_step) return 1;
  const std::int64_t lanes = std::clamp<std::int64_t>(count / rows_a_lane, 1, most_lanes);
  const double moved = static_cast<double>(lanes) * static_cast<double>(phase.sum_elements);
  return moved > static_cast<double>(count) * phase.read_by_row && phase.sum_elements > 64 ? 1 : lanes;
}

std::int64_t block_rows(const PhasePlan& phase, std::int64_t rows, bool one_lane) {
  const std::int64_t width = std::max<std::int64_t>(phase.width, 1);
  if (one_lane) return std::clamp<std::int64_t>(rows, 1, std::max(least_shared_rows, shared_block_numbers / width));
  const std::int64_t sums_a_number = (phase.sum_elements + width / 2) / width;
  const std::int64_t few = std::clamp(least_rows_a_sum * sums_a_number, least_rows_a_sum, least_rows);
  const std::int64_t least = phase.weights > block_numbers ? least_rows_of_large : few;
  const std::int64_t fit = block_numbers / width / least_rows_a_sum * least_rows_a_sum;
  return std::clamp<std::int64_t>(rows, 1, std::max(least, fit));
}

}  // namespace chainrule
