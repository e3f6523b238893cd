// Memory in which one thread keeps the values between the steps of maps and reductions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "memory.hpp"

namespace chainrule {

class Scratch {
 public:
  // Room for so many floats, from an address that is a multiple of 64. It grows; what was there is lost then.
  float* floats(std::size_t count) {
    room_.reserve(count * sizeof(float));
    return room_.data();
  }

  std::int64_t moves() const { return room_.moves(); }

  // Room for so many addresses.
  float** places(std::size_t count) {
    if (count > places_.size()) places_.resize(count);
    return places_.data();
  }

 private:
  Room room_;
  std::vector<float*> places_;
};

}  // namespace chainrule
