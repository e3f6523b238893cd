// Memory in which one thread keeps the values between the steps of maps and reductions.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <vector>

namespace chainrule {

class Scratch {
 public:
  // Room for so many floats, from an address that is a multiple of 64. It grows; what was there is lost then.
  float* floats(std::size_t count) {
    if (count > floats_) {
      memory_.reset(static_cast<float*>(::operator new(count * sizeof(float), alignment)));
      floats_ = count;
    }
    return memory_.get();
  }

  // Room for so many addresses.
  float** places(std::size_t count) {
    if (count > places_.size()) places_.resize(count);
    return places_.data();
  }

 private:
  static constexpr std::align_val_t alignment{64};
  struct Free {
    void operator()(float* memory) const { ::operator delete(memory, alignment); }
  };

  std::unique_ptr<float, Free> memory_;
  std::size_t floats_ = 0;
  std::vector<float*> places_;
};

}  // namespace chainrule
