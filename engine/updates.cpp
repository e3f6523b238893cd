#include "updates.hpp"

#include <algorithm>

namespace chainrule {
namespace {

using Buffers = std::vector<int>;

struct Finder {
  const Program& program;
  const EntryPlan& plan;

  bool holds(const Buffers& buffers, int memory) const {
    return std::any_of(buffers.begin(), buffers.end(),
                       [&](int buffer) { return memory_of(program, buffer) == memory; });
  }
  bool reads(const Item& item, int memory) const { return holds(sources_of(*item.instruction), memory); }
  bool writes(const Item& item, int memory) const { return holds(destinations_of(*item.instruction), memory); }
  bool touches(const Item& item, int memory) const { return reads(item, memory) || writes(item, memory); }

  // The only item of the epilogue that reads a sum, where nothing else does; -1 where there is none.
  int only_reader(int sum) const {
    if (holds(plan.outputs, sum)) return -1;
    const auto reads_sum = [&](const Item& item) { return reads(item, sum); };
    for (const PhasePlan& phase : plan.phases) {
      if (std::any_of(phase.prologue.begin(), phase.prologue.end(), reads_sum)) return -1;
      if (std::any_of(phase.block.begin(), phase.block.end(), reads_sum)) return -1;
    }
    const Items& all = plan.epilogue;
    if (std::count_if(all.begin(), all.end(), reads_sum) != 1) return -1;
    return static_cast<int>(std::find_if(all.begin(), all.end(), reads_sum) - all.begin());
  }

  // Whether what a map reads beside the sum is there before the last block.
  bool is_ready(const Item& update, int sum) const {
    const Buffers sources = sources_of(*update.instruction);
    return std::all_of(sources.begin(), sources.end(), [&](int source) {
      const int memory = memory_of(program, source);
      const auto changes = [&](const Item& item) { return &item != &update && writes(item, memory); };
      const Items &block = plan.phases.back().block, &epilogue = plan.epilogue;
      return memory == sum || (std::none_of(block.begin(), block.end(), changes) &&
                               std::none_of(epilogue.begin(), epilogue.end(), changes));
    });
  }

  // Whether nobody misses what the map writes over, from the product on.
  bool is_free(const Item& update, std::size_t product) const {
    const Buffers destinations = destinations_of(*update.instruction);
    return std::all_of(destinations.begin(), destinations.end(), [&](int destination) {
      const int memory = memory_of(program, destination);
      const auto uses = [&](const Item& item) { return touches(item, memory); };
      const Items& block = plan.phases.back().block;
      const BufferKind kind = program.buffers[memory].kind;
      return (kind == BufferKind::state || kind == BufferKind::result) &&
             std::none_of(block.begin() + static_cast<std::ptrdiff_t>(product), block.end(), uses) &&
             std::none_of(plan.epilogue.data(), &update, uses);
    });
  }

  // Whether element i of the map stands on element i of the sum, and on no other.
  bool is_elementwise(const Item& update, int sum) const {
    if (!update.map || !update.map->is_flat()) return false;
    const int made = destinations_of(*update.instruction).front();
    const Buffers sources = sources_of(*update.instruction);
    const auto is_a_view = [&](int source) { return source != sum && memory_of(program, source) == sum; };
    if (std::any_of(sources.begin(), sources.end(), is_a_view)) return false;
    return elements(program.buffers[made].shape) == elements(program.buffers[sum].shape);
  }
};

}  // namespace

void find_updates(const Program& program, EntryPlan& plan) {
  if (plan.phases.empty()) return;
  PhasePlan& phase = plan.phases.back();
  const Finder finder{program, plan};
  for (Sum& one : phase.sums) {
    const auto adds = [&](const Item& item) {
      const Buffers made = destinations_of(*item.instruction);
      return std::find(made.begin(), made.end(), one.buffer) != made.end();
    };
    const auto item = std::find_if(phase.block.begin(), phase.block.end(), adds);
    const int sum = memory_of(program, one.buffer), reader = finder.only_reader(sum);
    if (reader < 0) continue;
    const Item& update = plan.epilogue[static_cast<std::size_t>(reader)];
    const auto at = static_cast<std::size_t>(item - phase.block.begin());
    if (finder.is_elementwise(update, sum) && finder.is_ready(update, sum) && finder.is_free(update, at)) {
      if (one.product) item->update = reader;
      if (one.elements > 1) one.update = reader;  // single numbers are read where all members find them
    }
  }
}

}  // namespace chainrule
