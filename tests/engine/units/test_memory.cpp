#include <cstdint>

#include "check.hpp"
#include "memory.hpp"
#include "scratch.hpp"

using namespace chainrule;

namespace {

bool begins_a_line(const void* memory) { return reinterpret_cast<std::uintptr_t>(memory) % 64 == 0; }

}  // namespace

TEST(memory_begins_with_a_line_of_the_cache) {
  for (const std::size_t count : {1u, 3u, 16u, 1000u, 70'000u, 3'000'000u}) {
    Memory<float> floats(count);
    Memory<unsigned char> bytes(count);
    CHECK(begins_a_line(floats.data()));
    CHECK(begins_a_line(bytes.data()));
    // All of it can be written, and begins as zeros.
    CHECK(floats.front() == 0.0f && floats.back() == 0.0f);
    floats.back() = 1.0f;
    bytes.back() = 1;
  }
}

TEST(a_room_grows_and_stays) {
  Room room;
  room.reserve(10);
  float* const small = room.data();
  small[2] = 7.0f;
  room.reserve(9);
  CHECK(room.data() == small && small[2] == 7.0f);
  CHECK(room.moves() == 1);
  room.reserve(1 << 20);
  CHECK(begins_a_line(room.data()));
  room.data()[(1 << 18) - 1] = 1.0f;
  CHECK(room.moves() == 2);
}

TEST(scratch_keeps_places_and_floats_apart) {
  Scratch scratch;
  float* const floats = scratch.floats(100);
  float** const places = scratch.places(3);
  places[2] = floats;
  floats[0] = 1.0f;
  CHECK(scratch.floats(50) == floats && scratch.moves() == 1);
  CHECK(scratch.places(2) == places && *places[2] == 1.0f);
}
