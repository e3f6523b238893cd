// Memory for many numbers: from an address that is a multiple of a cache line, in large pages where it is large.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace chainrule {

void* allocate(std::size_t bytes);
void release(void* memory, std::size_t bytes) noexcept;

template <typename T>
struct Allocator {
  using value_type = T;

  Allocator() = default;
  template <typename U>
  Allocator(const Allocator<U>&) {}

  T* allocate(std::size_t count) { return static_cast<T*>(chainrule::allocate(count * sizeof(T))); }
  void deallocate(T* memory, std::size_t count) noexcept { release(memory, count * sizeof(T)); }
  template <typename U>
  bool operator==(const Allocator<U>&) const {
    return true;
  }
};

template <typename T>
using Memory = std::vector<T, Allocator<T>>;

// Memory that grows and then forgets what was in it.
class Room {
 public:
  void reserve(std::size_t bytes) {
    const std::size_t count = (bytes + sizeof(float) - 1) / sizeof(float);
    if (count <= floats_.size()) return;
    floats_ = Memory<float>(count);
    ++moves_;
  }
  float* data() { return floats_.data(); }
  // How often it grew. An address does not tell: what was freed may be given again, to who grew twice.
  std::int64_t moves() const { return moves_; }

 private:
  Memory<float> floats_;
  std::int64_t moves_ = 0;
};

}  // namespace chainrule
