// Pictures changed at random as they are gathered: mirrored, moved, lighter or darker, with a square left out. What
// happens to a picture depends on the seed, the epoch and the number of its row alone: chainrule/augment.py makes the
// same bytes.
#pragma once

#include <cstdint>

namespace chainrule {

struct Augmentation {
  std::int64_t data;  // the place of the data buffer among those of the program
  std::int64_t height, width, channels;
  std::int64_t flip;                  // 1: half of them are mirrored
  std::int64_t shift;                 // most pixels, along each axis
  std::int64_t brightness, contrast;  // most levels of 255; most parts of 256
  std::int64_t cutout;                // side of the square, in pixels
  std::int64_t steps_an_epoch;
};

// Change picture `example` in epoch `epoch`, both counted from 0. `from` and `to` are height x width x channels and do
// not overlap.
void augment(const Augmentation& how, std::uint64_t seed, std::int64_t epoch, std::int64_t example,
             const std::uint8_t* from, std::uint8_t* to);

}  // namespace chainrule
