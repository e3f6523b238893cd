#include <cstring>
#include <vector>

#include "check.hpp"
#include "products.hpp"
#include "products_kernels.hpp"
#include "tape.hpp"

using namespace chainrule;

namespace {

std::vector<float> numbers(std::int64_t count) {
  std::vector<float> found(static_cast<std::size_t>(count));
  std::uint32_t state = 1;
  for (float& one : found) {
    state = state * 1664525u + 1013904223u;
    one = static_cast<float>(state >> 8) / float{1 << 23} - 1.0f;
  }
  return found;
}

struct Made {
  std::vector<float> a, b, c;
  Product product;

  Made(std::int64_t rows, std::int64_t columns, std::int64_t depth, bool transposed, bool accumulate)
      : a(numbers(rows * depth)), b(numbers(depth * columns)), c(numbers(rows * columns)),
        product{rows, columns, depth,
                {a.data(), DType::f32, transposed ? 1 : depth, transposed ? rows : 1},
                {b.data(), DType::f32, columns, 1},
                c.data(), columns, accumulate} {}
  Made(const Made&) = delete;
  Made& operator=(const Made&) = delete;

  bool equals(const Made& other) const { return std::memcmp(c.data(), other.c.data(), c.size() * sizeof(float)) == 0; }
};

template <typename Body>
void for_all_products(const Body& body) {
  const std::int64_t shapes[][3] = {{10, 4, 2}, {10, 1, 4}, {4, 1, 10}, {10, 30, 784}, {70, 7, 100}, {33, 65, 17}, {1, 1, 1}};
  for (const Kernels* kernels : available_kernels()) {
    for (const auto& [rows, columns, depth] : shapes) {
      for (const bool transposed : {false, true}) {
        for (const bool accumulate : {false, true}) body(*kernels, rows, columns, depth, transposed, accumulate);
      }
    }
  }
}

}  // namespace

TEST(parts_of_a_product_are_its_bits) {
  for_all_products([](const Kernels& kernels, auto... how) {
    Made whole(how...);
    Workspace workspace;
    workspace.reserve(workspace_bytes(whole.product));
    multiply(kernels, whole.product, workspace);
    for (const std::int64_t of : {2, 3, 5, 16}) {
      Made parts(how...);
      for (std::int64_t part = 0; part < of; ++part) multiply_part(kernels, parts.product, part, of, workspace);
      CHECK(parts.equals(whole));
    }
  });
}

TEST(a_product_on_a_tape_is_its_bits_when_made_and_when_played) {
  for_all_products([](const Kernels& kernels, auto... how) {
    Made whole(how...), taped(how...);
    Workspace workspace;
    workspace.reserve(workspace_bytes(whole.product));
    multiply(kernels, whole.product, workspace);
    Tape tape;
    multiply(kernels, taped.product, workspace, &tape);
    CHECK(taped.equals(whole) && tape.is_complete());
    tape.play();
    multiply(kernels, whole.product, workspace);
    CHECK(taped.equals(whole));
  });
}

TEST(only_products_that_need_no_more_are_seen_as_their_tiles) {
  for_all_products([](const Kernels& kernels, std::int64_t rows, std::int64_t columns, std::int64_t depth, auto... how) {
    Made made(rows, columns, depth, how...);
    if (form(made.product) != Form::tiles) return;
    TileCall calls[few_tiles];
    const std::int64_t count = kernels.products->as_tiles(made.product, calls);
    CHECK(count >= 0 && count <= few_tiles);
    CHECK(depth < 64 || count == 0);
    CHECK(rows > 4 || columns > 8 || depth >= 64 || count > 0);
  });
}

TEST(a_tape_knows_that_it_is_not_all) {
  Tape tape;
  float filled[3] = {};
  make(&tape, FillCall{filled, 2, 5.0f});
  CHECK(filled[0] == 5.0f && filled[1] == 5.0f && filled[2] == 0.0f && tape.is_complete());
  filled[1] = 0.0f;
  tape.play();
  CHECK(filled[1] == 5.0f);
  make(nullptr, FillCall{filled, 3, 1.0f});
  CHECK(filled[2] == 1.0f);
  tape.give_up();
  CHECK(!tape.is_complete());
}
