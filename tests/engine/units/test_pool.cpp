#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <string>
#include <vector>

#include "check.hpp"
#include "pool.hpp"

using namespace chainrule;

TEST(every_member_works_once) {
  Pool pool(5);
  CHECK(pool.threads() == 5);
  for (const int members : {1, 2, 5, 9}) {
    std::vector<std::atomic<int>> runs(5);
    pool.run(members, [&](int member) { ++runs[static_cast<std::size_t>(member)]; });
    for (int member = 0; member < 5; ++member) CHECK(runs[static_cast<std::size_t>(member)] == (member < members ? 1 : 0));
  }
  CHECK(Pool(0).threads() == 1);
}

TEST(nobody_passes_a_barrier_before_all_have_come) {
  constexpr int members = 4, rounds = 500;
  Pool pool(members);
  Barrier barrier(members);
  std::vector<int> at(members);  // written between meetings by one, and read after them by all
  std::atomic<int> wrong{0};
  pool.run(members, [&](int member) {
    for (int round = 1; round <= rounds; ++round) {
      at[static_cast<std::size_t>(member)] = round;
      barrier.wait();
      wrong += static_cast<int>(std::count_if(at.begin(), at.end(), [&](int one) { return one != round; }));
      barrier.wait();
    }
  });
  CHECK(wrong == 0);
}

TEST(a_member_that_fails_lets_the_others_go) {
  Pool pool(3);
  for (int failing = 0; failing < 3; ++failing) {
    Barrier barrier(3);
    std::string told;
    std::atomic<int> went_on{0};
    try {
      pool.run(3, [&](int member) {
        if (member == failing) {
          barrier.give_up();
          throw std::runtime_error("member " + std::to_string(member));
        }
        barrier.wait();
        ++went_on;
      });
    } catch (const std::runtime_error& reason) {
      told = reason.what();
    }
    CHECK(told == "member " + std::to_string(failing));
    CHECK(went_on == 0);
  }
  std::atomic<int> runs{0};
  pool.run(3, [&](int) { ++runs; });
  CHECK(runs == 3);
}
