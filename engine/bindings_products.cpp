// Matrix products on arrays, for tests and measurements, and the products of rows of bytes.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include <algorithm>
#include <optional>
#include <string>

#include "bindings.hpp"
#include "gram.hpp"
#include "products.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace chainrule {
namespace {

using Values = nb::ndarray<nb::ro, nb::ndim<2>, nb::device::cpu>;
using Written = nb::ndarray<float, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

Matrix matrix_of(const Values& operand) {
  const std::optional<DType> type = type_of(operand.dtype());
  if (!type) throw nb::type_error("the elements of a matrix are float32, float64, float16 or uint8");
  return {operand.data(), *type, static_cast<std::ptrdiff_t>(operand.stride(0)),
          static_cast<std::ptrdiff_t>(operand.stride(1))};
}

Product product_of(const Values& a, const Values& b, const Written& c, bool accumulate) {
  if (a.shape(1) != b.shape(0) || a.shape(0) != c.shape(0) || b.shape(1) != c.shape(1)) {
    throw nb::value_error("these shapes do not make a product");
  }
  Product product{static_cast<std::int64_t>(a.shape(0)),
                  static_cast<std::int64_t>(b.shape(1)),
                  static_cast<std::int64_t>(a.shape(1)),
                  matrix_of(a),
                  matrix_of(b),
                  c.data(),
                  static_cast<std::ptrdiff_t>(c.shape(1)),
                  accumulate};
  // An array of one row may say anything of the distance between rows.
  if (product.rows == 1 && product.a.column_stride == 1) {
    product.a.row_stride = std::max<std::ptrdiff_t>(2, product.depth);
  }
  return product;
}

void multiply_arrays(const Values& a, const Values& b, const Written& c, bool accumulate, const std::string& name,
                     std::int64_t of) {
  const Product product = product_of(a, b, c, accumulate);
  const Kernels& chosen = kernels(name);
  Workspace workspace;
  workspace.reserve(workspace_bytes(product));
  const nb::gil_scoped_release released;
  if (of == 1) return multiply(chosen, product, workspace);
  for (std::int64_t part = 0; part < of; ++part) multiply_part(chosen, product, part, of, workspace);
}

using ByteMatrix = nb::ndarray<const std::uint8_t, nb::ndim<2>, nb::device::cpu>;
using Table = nb::ndarray<double, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

ByteRows byte_rows(const ByteMatrix& X, const Words& numbers) {
  if (X.shape(1) > 1 && X.stride(1) != 1) throw nb::value_error("a row of bytes is in pieces");
  ByteRows found{X.data(), X.stride(0), {numbers.data(), numbers.data() + numbers.size()}};
  const auto count = static_cast<std::int64_t>(X.shape(0));
  const auto is_there = [count](std::int64_t number) { return number >= 0 && number < count; };
  if (!std::all_of(found.numbers.begin(), found.numbers.end(), is_there)) throw nb::index_error("there is no such row");
  return found;
}

void gram_of_bytes(const ByteMatrix& X, const Words& numbers, const std::optional<ByteMatrix>& Y,
                   const std::optional<Words>& others, const Table& out, int threads, const std::string& name) {
  if (Y.has_value() != others.has_value()) throw nb::value_error("other rows have numbers, too");
  const ByteRows rows = byte_rows(X, numbers);
  std::optional<ByteRows> columns;
  if (Y) columns = byte_rows(*Y, *others);
  const bool fit = (!Y || Y->shape(1) == X.shape(1)) && out.shape(0) == numbers.size() &&
                   out.shape(1) == (others ? others->size() : numbers.size()) && threads >= 1;
  if (!fit) throw nb::value_error("these shapes do not make a table of products");
  const Kernels& chosen = kernels(name);
  const nb::gil_scoped_release released;
  gram(chosen, rows, columns ? &*columns : nullptr, static_cast<std::int64_t>(X.shape(1)), out.data(), threads);
}

}  // namespace

void bind_products(nb::module_& module) {
  module.def("_multiply", &multiply_arrays, "a"_a, "b"_a, "c"_a.noconvert(), nb::kw_only(), "accumulate"_a = false,
             "kernels"_a = "", "parts"_a = 1,
             "Write a @ b into c, or add it; `parts` parts, one after the other.");
  module.def("_gram", &gram_of_bytes, "X"_a, "numbers"_a, "Y"_a.none(), "others"_a.none(), "out"_a.noconvert(), "threads"_a = 1,
             "kernels"_a = "", "Write the scalar products of some rows of bytes with some others, or with each other.");
  module.def(
      "_product_parts",
      [](const Values& a, const Values& b, const Written& c) { return parts(product_of(a, b, c, false)); }, "a"_a,
      "b"_a, "c"_a.noconvert(), "Into how many parts threads may share the product.");
}

}  // namespace chainrule
