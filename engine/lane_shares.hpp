// Which member of a team works on which lane.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace chainrule {

// Each member has a share of the lanes, always the same one, so that its rows may stay in its cache. Who is done with them
// takes lanes of the others: a processor that is slow, or busy with something else, holds up nobody for long.
class LaneShares {
 public:
  explicit LaneShares(int members) : taken_(static_cast<std::size_t>(members)) {}

  // Before the lanes of a phase, between two meetings: the member's share is whole again.
  void begin(int member) { taken_[static_cast<std::size_t>(member)].count.store(0, std::memory_order_relaxed); }

  // The next of so many lanes for a member, or -1 where all are taken.
  std::int64_t take(int member, std::int64_t lanes) {
    const auto members = static_cast<std::int64_t>(taken_.size());
    for (std::int64_t i = 0; i < members; ++i) {
      const std::int64_t owner = (member + i) % members;
      const std::int64_t first = lanes * owner / members, share = lanes * (owner + 1) / members - first;
      std::atomic<std::int64_t>& count = taken_[static_cast<std::size_t>(owner)].count;
      if (count.load(std::memory_order_relaxed) >= share) continue;
      const std::int64_t mine = count.fetch_add(1, std::memory_order_relaxed);
      if (mine < share) return first + mine;
    }
    return -1;
  }

 private:
  // In a line of the cache each, as its owner counts most of the time.
  struct alignas(64) Taken {
    std::atomic<std::int64_t> count{0};
  };
  std::vector<Taken> taken_;
};

}  // namespace chainrule
