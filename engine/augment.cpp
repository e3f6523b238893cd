#include "augment.hpp"

#include <algorithm>
#include <cstring>

#include "draw.hpp"

namespace chainrule {
namespace {

// Tells these numbers apart from others of the same seed, as in chainrule/augment.py.
constexpr std::int64_t stream = 0x6175676D656E74;
constexpr std::int64_t numbers = 8;  // for each picture
constexpr std::int64_t grey = 128;

// A whole number from 0 to below `count`.
std::int64_t whole(float number, std::int64_t count) {
  return static_cast<std::int64_t>(static_cast<double>(number) * static_cast<double>(count));
}

// A whole number from -most to most.
std::int64_t about_zero(float number, std::int64_t most) { return whole(number, 2 * most + 1) - most; }

void move(const Augmentation& how, bool flip, std::int64_t down, std::int64_t right, const std::uint8_t* from,
          std::uint8_t* to) {
  const auto bytes = static_cast<std::size_t>(how.channels);
  for (std::int64_t y = 0; y < how.height; ++y) {
    const std::uint8_t* row = from + std::clamp<std::int64_t>(y - down, 0, how.height - 1) * how.width * how.channels;
    for (std::int64_t x = 0; x < how.width; ++x) {
      const std::int64_t seen = (flip ? how.width - 1 - x : x) - right;
      std::memcpy(to, row + std::clamp<std::int64_t>(seen, 0, how.width - 1) * how.channels, bytes);
      to += how.channels;
    }
  }
}

void light(std::int64_t brightness, std::int64_t contrast, std::uint8_t* bytes, std::int64_t count) {
  const auto factor = static_cast<int>(256 + contrast), more = static_cast<int>(grey + brightness);
  for (std::int64_t i = 0; i < count; ++i) {
    const int value = (((bytes[i] - static_cast<int>(grey)) * factor) >> 8) + more;
    bytes[i] = static_cast<std::uint8_t>(std::clamp(value, 0, 255));
  }
}

void cut_out(const Augmentation& how, std::int64_t y, std::int64_t x, std::uint8_t* bytes) {
  const std::int64_t top = std::max<std::int64_t>(y - how.cutout / 2, 0), left = std::max<std::int64_t>(x - how.cutout / 2, 0);
  const std::int64_t bottom = std::min(y - how.cutout / 2 + how.cutout, how.height);
  const std::int64_t right = std::min(x - how.cutout / 2 + how.cutout, how.width);
  for (std::int64_t row = top; row < bottom; ++row) {
    std::fill_n(bytes + (row * how.width + left) * how.channels, (right - left) * how.channels,
                static_cast<std::uint8_t>(grey));
  }
}

}  // namespace

void augment(const Augmentation& how, std::uint64_t seed, std::int64_t epoch, std::int64_t example,
             const std::uint8_t* from, std::uint8_t* to) {
  float drawn[numbers];
  draw_uniform(seed, epoch, stream, example * numbers, numbers, drawn);
  move(how, how.flip && drawn[0] < 0.5f, about_zero(drawn[1], how.shift), about_zero(drawn[2], how.shift), from, to);
  if (how.brightness || how.contrast) {
    light(about_zero(drawn[3], how.brightness), about_zero(drawn[4], how.contrast), to,
          how.height * how.width * how.channels);
  }
  if (how.cutout) cut_out(how, whole(drawn[5], how.height), whole(drawn[6], how.width), to);
}

}  // namespace chainrule
