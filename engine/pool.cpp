#include "pool.hpp"

#if defined(__x86_64__) || defined(_M_X64)
#include <immintrin.h>
#endif
#ifndef _WIN32
#include <unistd.h>
#endif

namespace chainrule {
namespace {

// About 20 microseconds: longer than threads with equal work differ, shorter than anyone notices.
constexpr int spins = 2000;

void relax() {
#if defined(__x86_64__) || defined(_M_X64)
  _mm_pause();
#else
  std::this_thread::yield();
#endif
}

// Wait until a value is no longer `old`.
template <typename T>
void wait_while(const std::atomic<T>& value, T old) {
  for (int i = 0; i < spins; ++i) {
    if (value.load(std::memory_order_acquire) != old) return;
    relax();
  }
  while (value.load(std::memory_order_acquire) == old) value.wait(old, std::memory_order_acquire);
}

// Numbers the process, so that a fork is noticed; systems without forks have one.
long process() {
#ifdef _WIN32
  return 0;
#else
  return static_cast<long>(getpid());
#endif
}

}  // namespace

void Barrier::wait() {
  if (members_ == 1) return;
  const std::uint32_t round = round_.load(std::memory_order_acquire);
  // Who comes after the others were let go would wait for ever.
  if (given_up_.load(std::memory_order_acquire)) throw GivenUp{};
  if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == members_) {
    arrived_.store(0, std::memory_order_relaxed);
    round_.store(round + 1, std::memory_order_release);
    round_.notify_all();
  } else {
    wait_while(round_, round);
  }
  if (given_up_.load(std::memory_order_acquire)) throw GivenUp{};
}

void Barrier::give_up() {
  given_up_.store(true, std::memory_order_release);
  round_.fetch_add(1, std::memory_order_acq_rel);
  round_.notify_all();
}

Pool::Pool(int threads) : threads_(threads < 1 ? 1 : threads) {}

Pool::~Pool() { end(); }

// Workers start when they are first needed: a model that answers single rows never has any. After a fork the child has
// none, whatever is written here: the handles of its parent's are left alone, and it starts its own.
void Pool::start() {
  if (process_ != process()) {
    abandon();
    started_.store(0, std::memory_order_relaxed);
    process_ = process();
  }
  if (!workers_.empty()) return;
  ends_.store(false, std::memory_order_relaxed);
  const std::uint32_t seen = started_.load(std::memory_order_relaxed);
  try {
    for (int member = 1; member < threads_; ++member) {
      workers_.emplace_back([this, member, seen] { serve(member, seen); });
    }
  } catch (...) {  // the system has no more threads
    end();
    throw;
  }
}

// Destroying the handles of threads that are not there would end the process.
void Pool::abandon() {
  if (!workers_.empty()) new std::vector<std::thread>(std::move(workers_));
  workers_.clear();
}

void Pool::end() {
  if (workers_.empty()) return;
  if (process_ != process()) return abandon();
  ends_.store(true, std::memory_order_release);
  started_.fetch_add(1, std::memory_order_acq_rel);
  started_.notify_all();
  for (std::thread& worker : workers_) worker.join();
  workers_.clear();
}

void Pool::run(int members, const std::function<void(int)>& work) {
  if (members > threads_) members = threads_;
  if (members <= 1) {
    work(0);
    return;
  }
  start();
  work_ = &work;
  members_ = members;
  problem_ = nullptr;
  failed_.store(false, std::memory_order_relaxed);
  running_.store(threads_ - 1, std::memory_order_relaxed);
  started_.fetch_add(1, std::memory_order_acq_rel);
  started_.notify_all();
  std::exception_ptr own;
  try {
    work(0);
  } catch (const Barrier::GivenUp&) {  // another one has the reason
  } catch (...) {
    own = std::current_exception();
  }
  for (int left = running_.load(std::memory_order_acquire); left; left = running_.load(std::memory_order_acquire)) {
    wait_while(running_, left);
  }
  if (own) std::rethrow_exception(own);
  if (problem_) std::rethrow_exception(problem_);
}

void Pool::serve(int member, std::uint32_t seen) {
  for (;;) {
    wait_while(started_, seen);
    seen = started_.load(std::memory_order_acquire);
    if (ends_.load(std::memory_order_acquire)) return;
    if (member < members_) {
      try {
        (*work_)(member);
      } catch (const Barrier::GivenUp&) {
      } catch (...) {
        if (!failed_.exchange(true)) problem_ = std::current_exception();
      }
    }
    running_.fetch_sub(1, std::memory_order_acq_rel);
    running_.notify_all();
  }
}

}  // namespace chainrule
