#include "maps_chains.hpp"

#include <algorithm>
#include <utility>

#include "chains.hpp"

namespace chainrule {
namespace {

bool same(const Operand& a, const Operand& b) {
  return a.kind == b.kind && a.place == b.place && (a.kind != Operand::Kind::number || a.number == b.number);
}

// Tries to see steps of a map as the steps of a chain.
class Match {
 public:
  Match(const FusedMap& map, const std::vector<bool>& single, const std::vector<bool>& single_step, const Chain& chain)
      : map_(map), single_(single), single_step_(single_step), chain_(chain) {}

  // Whether the chain ends at this step.
  bool ends_at(int step) {
    steps_.assign(static_cast<std::size_t>(chain_.count), -1);
    wholes_.assign(static_cast<std::size_t>(chain_.wholes), {});
    singles_.assign(static_cast<std::size_t>(chain_.singles), {});
    bound_.assign(wholes_.size() + singles_.size(), false);
    return is_step(chain_.count - 1, step) && nothing_else_is_read();
  }

  bool holds(int step) const { return std::find(steps_.begin(), steps_.end(), step) != steps_.end(); }
  int result(int which) const {
    return steps_[static_cast<std::size_t>(chain_.results[static_cast<std::size_t>(which)])];
  }
  std::vector<Operand> operands() const {
    std::vector<Operand> all = wholes_;
    all.insert(all.end(), singles_.begin(), singles_.end());
    return all;
  }

 private:
  bool is_single(const Operand& operand) const {
    if (operand.kind == Operand::Kind::number) return true;
    const auto place = static_cast<std::size_t>(operand.place);
    return operand.kind == Operand::Kind::source ? single_[place] : single_step_[place];
  }

  bool is_step(int of_chain, int of_map) {
    int& found = steps_[static_cast<std::size_t>(of_chain)];
    if (found >= 0) return found == of_map;
    const ChainStep& wanted = chain_.steps[static_cast<std::size_t>(of_chain)];
    const FusedStep& step = map_.steps[static_cast<std::size_t>(of_map)];
    if (step.operation != wanted.operation || holds(of_map)) return false;
    found = of_map;
    for (std::size_t i = 0; i < step.operands.size(); ++i) {
      if (!is_operand(wanted.operands[i], step.operands[i])) return false;
    }
    return true;
  }

  bool is_operand(const ChainOperand& wanted, const Operand& operand) {
    const auto place = static_cast<std::size_t>(wanted.place);
    switch (wanted.kind) {
      case ChainOperand::Kind::step:
        return operand.kind == Operand::Kind::step && !is_single(operand) && is_step(wanted.place, operand.place);
      case ChainOperand::Kind::whole: return !is_single(operand) && binds(wholes_[place], place, operand);
      case ChainOperand::Kind::single:
        return is_single(operand) && binds(singles_[place], wholes_.size() + place, operand);
      case ChainOperand::Kind::none: break;
    }
    return false;
  }

  bool binds(Operand& place, std::size_t which, const Operand& operand) {
    if (bound_[which]) return same(place, operand);
    bound_[which] = true;
    place = operand;
    return true;
  }

  // Whether no other step needs what lies within, and none before the end needs a result.
  bool nothing_else_is_read() const {
    const int last = steps_.back();
    const auto results_end = chain_.results.begin() + chain_.result_count;
    for (int at = 0; at < chain_.count; ++at) {
      const int inner = steps_[static_cast<std::size_t>(at)];
      const bool is_result = std::find(chain_.results.begin(), results_end, at) != results_end;
      if (!is_result && std::count(map_.results.begin(), map_.results.end(), inner) > 0) return false;
      for (int reader = 0; reader < static_cast<int>(map_.steps.size()); ++reader) {
        if (holds(reader) || (is_result && reader > last)) continue;
        const auto& operands = map_.steps[static_cast<std::size_t>(reader)].operands;
        const auto reads = [inner](const Operand& o) { return o.kind == Operand::Kind::step && o.place == inner; };
        if (std::any_of(operands.begin(), operands.end(), reads)) return false;
      }
    }
    return true;
  }

  const FusedMap& map_;
  const std::vector<bool>&single_, &single_step_;
  const Chain& chain_;
  std::vector<int> steps_;                  // of the map, by the chain's
  std::vector<Operand> wholes_, singles_;   // what the chain's operands are in the map
  std::vector<bool> bound_;
};

FusedMap replaced(const FusedMap& map, const Match& match, int last, int number) {
  FusedMap made;
  std::vector<int> place(map.steps.size(), -1);
  const auto moved = [&](std::vector<Operand> operands) {
    for (Operand& operand : operands) {
      if (operand.kind == Operand::Kind::step) operand.place = place[static_cast<std::size_t>(operand.place)];
    }
    return operands;
  };
  for (int at = 0; at < static_cast<int>(map.steps.size()); ++at) {
    const FusedStep& step = map.steps[static_cast<std::size_t>(at)];
    if (at == last) {
      const Chain& chain = chains::all[static_cast<std::size_t>(number)];
      for (int which = 0; which < chain.result_count; ++which) {
        place[static_cast<std::size_t>(match.result(which))] = static_cast<int>(made.steps.size());
        if (which == 0) made.steps.push_back({Operation::chain, moved(match.operands()), number});
        if (which > 0) made.steps.push_back({Operation::chain_result, {}, which});
      }
    } else if (!match.holds(at)) {
      place[static_cast<std::size_t>(at)] = static_cast<int>(made.steps.size());
      made.steps.push_back({step.operation, moved(step.operands), step.chain});
    }
  }
  for (const int result : map.results) made.results.push_back(place[static_cast<std::size_t>(result)]);
  return made;
}

}  // namespace

FusedMap with_chains(FusedMap map, const std::vector<bool>& single) {
  std::vector<bool> single_step = single_steps(map, single);
  for (int number = 0; number < chain_count; ++number) {
    for (int step = static_cast<int>(map.steps.size()) - 1; step >= 0; --step) {
      Match match(map, single, single_step, chains::all[static_cast<std::size_t>(number)]);
      if (!match.ends_at(step)) continue;
      map = replaced(map, match, step, number);
      single_step = single_steps(map, single);
      step = std::min(step, static_cast<int>(map.steps.size()));
    }
  }
  return map;
}

}  // namespace chainrule
