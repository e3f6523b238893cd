// Threads that work together on one thing at a time, and the barrier at which they meet.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

namespace chainrule {

// All of a team wait until the last has come. A wait spins briefly, for the usual case that all are busy with equal
// work, and then sleeps.
class Barrier {
 public:
  // What those who wait are thrown where another member of the team has given up.
  struct GivenUp {};

  explicit Barrier(int members) : members_(members) {}
  void wait();
  // Nobody shall wait any more: a member of the team failed, and will not come.
  void give_up();

 private:
  const int members_;
  std::atomic<bool> given_up_{false};
  std::atomic<int> arrived_{0};
  std::atomic<std::uint32_t> round_{0};
};

// A team of threads; the caller is member 0. It may be used by one caller at a time.
class Pool {
 public:
  explicit Pool(int threads);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  int threads() const { return threads_; }

  // Run work(member) on the first `members` threads and return when all are done. The first exception is thrown
  // again, except Barrier::GivenUp; work that meets at a barrier gives that up before it throws.
  void run(int members, const std::function<void(int)>& work);

 private:
  void start();
  void serve(int member, std::uint32_t seen);
  void end();
  void abandon();

  const int threads_;
  long process_ = 0;  // the one that the workers belong to
  std::vector<std::thread> workers_;
  const std::function<void(int)>* work_ = nullptr;
  int members_ = 0;
  std::atomic<std::uint32_t> started_{0};
  std::atomic<int> running_{0};
  std::atomic<bool> ends_{false};
  std::exception_ptr problem_;
  std::atomic<bool> failed_{false};
};

}  // namespace chainrule
