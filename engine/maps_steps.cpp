#include "maps_steps.hpp"

#include <algorithm>
#include <utility>

#include "maps_chains.hpp"
#include "maps_fuse.hpp"
#include "maps_kernels.hpp"

namespace chainrule {
namespace {

// What a buffer's memory is known by: equal for two buffers that one would overwrite with the other.
std::pair<bool, int> memory_key(const Program& program, int buffer) {
  const int memory = memory_of(program, buffer);
  const int slot = program.buffers[static_cast<std::size_t>(memory)].slot;
  return slot < 0 ? std::pair{false, memory} : std::pair{true, slot};
}

class Compiler {
 public:
  Compiler(const Program& program, const Map& map, const std::vector<Spread>& sources)
      : program_(program), map_(map), spreads_(sources), fused_(fused_map(map, sources)), value_(fused_.steps.size()) {
    found_.first_number = static_cast<int>(map.sources.size() + map.destinations.size());
    number_operands();
    find_singles();
    find_last_reads();
  }

  MapSteps compile() {
    for (std::size_t at = 0; at < fused_.steps.size(); ++at) {
      if (value_[at].single) {
        found_.once.push_back(step(at, value_[at].place));
      } else {
        free_registers_read_by(at);
        const int target = direct_destination(at);
        value_[at].place = target >= 0 ? target : take_register();
        add(at);
        if (value_[at].last_read < static_cast<int>(at)) release(at);
      }
    }
    copy_results();
    found_.places = found_.first_register + registers_;
    return std::move(found_);
  }

 private:
  // Chains are of maps whose sources have all elements or are single numbers.
  static FusedMap fused_map(const Map& map, const std::vector<Spread>& sources) {
    const auto is_flat = [](Spread spread) { return spread == Spread::whole || spread == Spread::single; };
    if (!std::all_of(sources.begin(), sources.end(), is_flat)) return fuse(map);
    return with_chains(fuse(map), single_sources(sources));
  }

  static std::vector<bool> single_sources(const std::vector<Spread>& sources) {
    std::vector<bool> single;
    for (const Spread spread : sources) single.push_back(spread == Spread::single);
    return single;
  }

  struct Value {
    int place = -1;
    bool single = false;
    int last_read = -1;  // the step that reads it last; a result is read at the end
  };

  bool is_single(const Operand& operand) const {
    const auto place = static_cast<std::size_t>(operand.place);
    switch (operand.kind) {
      case Operand::Kind::source: return spreads_[place] == Spread::single;
      case Operand::Kind::step: return value_[place].single;
      default: return true;
    }
  }

  bool is_single_in_a_row(const Operand& operand) const {
    const bool outer = operand.kind == Operand::Kind::source &&
                       spreads_[static_cast<std::size_t>(operand.place)] == Spread::outer;
    return outer || is_single(operand);
  }

  // A number becomes an operand that names its place among the numbers.
  void number_operands() {
    for (FusedStep& step : fused_.steps) {
      for (Operand& operand : step.operands) {
        if (operand.kind != Operand::Kind::number) continue;
        operand.place = found_.first_number + static_cast<int>(found_.numbers.size());
        found_.numbers.push_back(static_cast<float>(operand.number));
      }
    }
    found_.first_single = found_.first_number + static_cast<int>(found_.numbers.size());
  }

  void find_singles() {
    int singles = 0;
    const std::vector<bool> single = single_steps(fused_, single_sources(spreads_));
    for (std::size_t at = 0; at < fused_.steps.size(); ++at) {
      value_[at].single = single[at];
      if (value_[at].single) value_[at].place = found_.first_single + singles++;
    }
    found_.first_register = found_.first_single + singles;
  }

  void find_last_reads() {
    source_read_.assign(map_.sources.size(), -1);
    for (std::size_t at = 0; at < fused_.steps.size(); ++at) {
      if (value_[at].single) continue;
      for (const Operand& operand : fused_.steps[at].operands) {
        const auto place = static_cast<std::size_t>(operand.place);
        if (operand.kind == Operand::Kind::step) value_[place].last_read = static_cast<int>(at);
        if (operand.kind == Operand::Kind::source) source_read_[place] = static_cast<int>(at);
      }
    }
    for (const int result : fused_.results) {
      value_[static_cast<std::size_t>(result)].last_read = static_cast<int>(fused_.steps.size());
    }
  }

  int place_of(const Operand& operand) const {
    return operand.kind == Operand::Kind::step ? value_[static_cast<std::size_t>(operand.place)].place : operand.place;
  }

  // Whose value has its place by now.
  void add(std::size_t at) {
    const FusedStep& from = fused_.steps[at];
    if (from.operation == Operation::chain) {
      MapChain chain{from.chain, {}, {value_[at].place}};
      for (const Operand& operand : from.operands) chain.in.push_back(place_of(operand));
      const auto number = static_cast<int>(found_.chains.size());
      found_.chains.push_back(std::move(chain));
      found_.steps.push_back({static_cast<std::uint8_t>(Operation::chain), 0, 0, false, number, {0, 0, 0}});
    } else if (from.operation == Operation::chain_result) {
      found_.chains.back().out.push_back(value_[at].place);
    } else {
      found_.steps.push_back(step(at, value_[at].place));
    }
  }

  MapStep step(std::size_t at, int out) const {
    const FusedStep& from = fused_.steps[at];
    const bool padded = out >= found_.first_single;
    MapStep made{static_cast<std::uint8_t>(from.operation), 0, 0, padded, out, {0, 0, 0}};
    for (std::size_t i = 0; i < from.operands.size(); ++i) {
      made.in[i] = place_of(from.operands[i]);
      if (is_single(from.operands[i])) made.singles |= static_cast<std::uint8_t>(1 << i);
      if (is_single_in_a_row(from.operands[i])) made.singles_by_row |= static_cast<std::uint8_t>(1 << i);
    }
    return made;
  }

  int destination_place(std::size_t target) const { return static_cast<int>(map_.sources.size() + target); }

  // The destination that a step may write at once, or -1.
  int direct_destination(std::size_t at) {
    for (std::size_t target = 0; target < fused_.results.size(); ++target) {
      if (fused_.results[target] != static_cast<int>(at) || !nothing_reads(target, at)) continue;
      return destination_place(target);
    }
    return -1;
  }

  bool nothing_reads(std::size_t target, std::size_t after) const {
    const auto key = memory_key(program_, map_.destinations[target]);
    for (std::size_t source = 0; source < map_.sources.size(); ++source) {
      const bool later = source_read_[source] > static_cast<int>(after);
      if (later && memory_key(program_, map_.sources[source]) == key) return false;
    }
    return true;
  }

  // A step may write to a register that it is the last one to read: loops go element by element.
  void free_registers_read_by(std::size_t at) {
    for (const Operand& operand : fused_.steps[at].operands) {
      if (operand.kind != Operand::Kind::step) continue;
      const auto value = static_cast<std::size_t>(operand.place);
      if (value_[value].last_read == static_cast<int>(at)) release(value);
    }
  }

  int take_register() {
    if (free_.empty()) return found_.first_register + registers_++;
    const int taken = free_.back();
    free_.pop_back();
    return taken;
  }

  void release(std::size_t value) {
    const int place = value_[value].place;
    const bool is_register = !value_[value].single && place >= found_.first_register;
    if (is_register && std::find(free_.begin(), free_.end(), place) == free_.end()) free_.push_back(place);
  }

  void copy_results() {
    for (std::size_t target = 0; target < fused_.results.size(); ++target) {
      const Value& value = value_[static_cast<std::size_t>(fused_.results[target])];
      const int out = destination_place(target);
      if (value.place == out) continue;
      const std::uint8_t singles = value.single ? 1 : 0;
      found_.steps.push_back({static_cast<std::uint8_t>(Opcode::copy), singles, singles, false, out, {value.place, 0, 0}});
    }
  }

  const Program& program_;
  const Map& map_;
  const std::vector<Spread>& spreads_;
  FusedMap fused_;
  std::vector<Value> value_;       // of each step
  std::vector<int> source_read_;   // the step that reads a source last
  std::vector<int> free_;
  int registers_ = 0;
  MapSteps found_;
};

}  // namespace

MapSteps compile_steps(const Program& program, const Map& map, const std::vector<Spread>& sources) {
  return Compiler(program, map, sources).compile();
}

}  // namespace chainrule
