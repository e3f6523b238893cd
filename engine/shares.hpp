// Which member of a team works on which part of something: on which lanes of a phase, on which parts of a product or a table.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace chainrule {

// Each member has a share of the parts, always the same one, so that what it reads may stay in its cache. Who is done with
// them takes parts of the others: a processor that is slow, or busy with something else, holds up nobody for long.
class Shares {
 public:
  explicit Shares(int members) : taken_(static_cast<std::size_t>(members)) {}

  // Before the parts are taken anew, between two meetings: the member's share is whole again.
  void begin(int member) { taken_[static_cast<std::size_t>(member)].count.store(0, std::memory_order_relaxed); }

  // The next of so many parts for a member, or -1 where all are taken.
  std::int64_t take(int member, std::int64_t parts) {
    const auto members = static_cast<std::int64_t>(taken_.size());
    for (std::int64_t i = 0; i < members; ++i) {
      const std::int64_t owner = (member + i) % members;
      const std::int64_t first = parts * owner / members, share = parts * (owner + 1) / members - first;
      std::atomic<std::int64_t>& count = taken_[static_cast<std::size_t>(owner)].count;
      if (count.load(std::memory_order_relaxed) >= share) continue;
      const std::int64_t mine = count.fetch_add(1, std::memory_order_relaxed);
      if (mine < share) return first + mine;
    }
    return -1;
  }

  // Have a member work on part after part, until all are taken.
  template <typename Work>
  void each(int member, std::int64_t parts, const Work& work) {
    for (std::int64_t part = take(member, parts); part >= 0; part = take(member, parts)) work(part);
  }

 private:
  // In a line of the cache each, as its owner counts most of the time.
  struct alignas(64) Taken {
    std::atomic<std::int64_t> count{0};
  };
  std::vector<Taken> taken_;
};

}  // namespace chainrule
