#include <atomic>
#include <thread>
#include <vector>

#include "check.hpp"
#include "pool.hpp"
#include "shares.hpp"

using namespace chainrule;

TEST(each_lane_is_taken_once_whoever_is_slow) {
  for (const int members : {1, 2, 3, 16}) {
    for (const std::int64_t lanes : {1, 2, 7, 64}) {
      Pool pool(members);
      Shares shares(members);
      for (int phase = 0; phase < 3; ++phase) {
        std::vector<std::atomic<int>> taken(static_cast<std::size_t>(lanes));
        pool.run(members, [&](int member) { shares.begin(member); });
        pool.run(members, [&](int member) {
          for (std::int64_t lane = shares.take(member, lanes); lane >= 0; lane = shares.take(member, lanes)) {
            ++taken[static_cast<std::size_t>(lane)];
            if (member == phase) std::this_thread::yield();
          }
        });
        for (const std::atomic<int>& times : taken) CHECK(times == 1);
      }
    }
  }
}

TEST(a_member_takes_its_own_lanes_and_then_those_of_others) {
  Shares shares(2);
  std::vector<std::int64_t> taken;
  for (std::int64_t lane = shares.take(1, 5); lane >= 0; lane = shares.take(1, 5)) taken.push_back(lane);
  CHECK((taken == std::vector<std::int64_t>{2, 3, 4, 0, 1}));
  CHECK(shares.take(0, 5) == -1);
  shares.begin(0);
  CHECK(shares.take(0, 5) == 0);
  CHECK(shares.take(1, 5) == 1);
  CHECK(shares.take(1, 5) == -1);
}
