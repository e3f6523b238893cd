#include <cmath>
#include <limits>

#include "check.hpp"
#include "convert.hpp"
#include "extent.hpp"
#include "half.hpp"
#include "program.hpp"

using namespace chainrule;

TEST(every_half_is_the_number_that_its_bits_say) {
  for (unsigned bits = 0; bits < 0x10000; ++bits) {
    const float found = to_float({static_cast<std::uint16_t>(bits)});
    const int exponent = static_cast<int>(bits >> 10 & 31), fraction = static_cast<int>(bits & 1023);
    const double sign = bits >> 15 ? -1.0 : 1.0;
    double wanted = std::ldexp(exponent == 0 ? fraction : 1024 + fraction, std::max(exponent, 1) - 25);
    if (exponent == 31) wanted = std::numeric_limits<double>::infinity();
    if (exponent == 31 && fraction != 0) {
      CHECK(std::isnan(found));
    } else {
      CHECK(static_cast<double>(found) == sign * wanted && std::signbit(found) == (sign < 0));
    }
  }
}

TEST(numbers_of_all_types_become_floats) {
  const double doubles[] = {0.5, -2.0, 1e300};
  const std::uint8_t bytes[] = {0, 7, 255};
  const Half halves[] = {{0x3c00}, {0xc000}, {0x7bff}};
  float found[3];
  convert(doubles, DType::f64, 3, found);
  CHECK(found[0] == 0.5f && found[1] == -2.0f && std::isinf(found[2]));
  convert(bytes, DType::u8, 3, found);
  CHECK(found[0] == 0.0f && found[1] == 7.0f && found[2] == 255.0f);
  convert(halves, DType::f16, 3, found);
  CHECK(found[0] == 1.0f && found[1] == -2.0f && found[2] == 65504.0f);
}

TEST(sizes_follow_the_number_of_examples) {
  CHECK(elements({3, 4}, 7) == 12 && !has_examples({3, 4}));
  CHECK(elements({examples_axis, 4}, 7) == 28 && has_examples({examples_axis, 4}));
  CHECK(elements({}, 7) == 1);
  const Extent rows = extent_of(examples_axis) * extent_of(4);
  CHECK(rows.by_row && rows.at(0) == 0 && rows.at(3) == 12);
  CHECK((extent_of(2) * extent_of(5)).at(3) == 10);
}

TEST(instructions_tell_what_they_read_and_write) {
  const Instruction product = Matmul{2, 0, 1, false, true, true};
  CHECK((sources_of(product) == std::vector<int>{0, 1}) && (destinations_of(product) == std::vector<int>{2}));
  CHECK(accumulates(product) && !accumulates(Transpose{1, 0}));
  Program program;
  program.buffers = {{BufferKind::state, {2, 3}, -1, -1, {}}, {BufferKind::view, {6}, -1, 0, {}}};
  CHECK(memory_of(program, 0) == 0 && memory_of(program, 1) == 0);
}
