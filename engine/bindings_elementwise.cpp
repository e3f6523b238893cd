// Single loops and single instructions, for tests and measurements.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "bindings.hpp"
#include "draw.hpp"
#include "finite.hpp"
#include "maps.hpp"
#include "maps_kernels.hpp"
#include "opcodes.hpp"
#include "reduce.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace chainrule {
namespace {

using Numbers = nb::ndarray<const float, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Written = nb::ndarray<float, nb::c_contig, nb::device::cpu>;

std::size_t opcode_number(std::string_view name) {
  for (std::size_t code = 0; code < opcodes.size(); ++code) {
    if (opcodes[code].name == name) return code;
  }
  throw nb::value_error("there is no such opcode");
}

void apply(const std::string& opcode, const std::vector<Numbers>& operands, const Written& out, const std::string& name) {
  const std::size_t code = opcode_number(opcode);
  if (operands.size() != static_cast<std::size_t>(opcodes[code].arity)) throw nb::value_error("wrong number of operands");
  const float* pointers[3] = {};
  int singles = 0;
  for (std::size_t i = 0; i < operands.size(); ++i) {
    const bool single = operands[i].size() == 1 && out.size() != 1;
    if (!single && operands[i].size() != out.size()) throw nb::value_error("an operand has another size than the result");
    pointers[i] = operands[i].data();
    if (single) singles |= 1 << i;
  }
  kernels(name).maps->loops[code][singles](out.data(), pointers[0], pointers[1], pointers[2],
                                           static_cast<std::int64_t>(out.size()), false);
}

std::vector<const Instruction*> instructions_of(const Entry& entry) {
  std::vector<const Instruction*> found;
  const auto add = [&](const Section& section) {
    for (const Instruction& one : section) found.push_back(&one);
  };
  for (const Phase& phase : entry.phases) {
    add(phase.prologue);
    add(phase.block);
  }
  add(entry.epilogue);
  return found;
}

// A map or a reduction of a program, ready to run on arrays.
class BoundInstruction {
 public:
  BoundInstruction(const Words& words, const Constants& constants, int number, const std::string& kernel)
      : program_(checked_program(words, constants)), kernels_(kernels(kernel)) {
    const auto all = instructions_of(program_.entries.at(0));
    const Instruction& one = *all.at(static_cast<std::size_t>(number));
    used_ = sources_of(one);
    for (const int destination : destinations_of(one)) used_.push_back(destination);
    if (const auto* map = std::get_if<Map>(&one)) {
      map_.emplace(program_, *map);
    } else if (const auto* reduce = std::get_if<Reduce>(&one)) {
      reduce_.emplace(program_, *reduce);
    } else {
      throw nb::value_error("neither a map nor a reduction");
    }
  }

  // `buffers` are those of the program, in order; None for one that the instruction does not use.
  void run(const std::vector<nb::object>& buffers, std::int64_t rows, int part, int of, std::int64_t repeats) {
    std::vector<float*> table(program_.buffers.size());
    if (buffers.size() != table.size()) throw nb::value_error("one array for each buffer");
    for (const int buffer : used_) {
      const auto at = static_cast<std::size_t>(buffer);
      const auto array = nb::cast<Written>(buffers[at]);
      if (static_cast<std::int64_t>(array.size()) != elements(program_.buffers[at].shape, rows)) {
        throw nb::value_error("an array has not the size of its buffer");
      }
      table[at] = array.data();
    }
    for (std::int64_t i = 0; i < repeats; ++i) {
      if (map_) map_->run(kernels_, table.data(), rows, part, of, scratch_);
      if (reduce_) reduce_->run(kernels_, table.data(), rows);
    }
  }

  std::size_t piece_steps() const { return map_ ? map_->steps().steps.size() : 1; }

 private:
  Program program_;
  const Kernels& kernels_;
  std::vector<int> used_;
  std::optional<MapCode> map_;
  std::optional<ReduceCode> reduce_;
  Scratch scratch_;
};

// Of what is no array of floats in one piece it cannot tell.
bool is_clearly_finite(const nb::handle& object) {
  nb::ndarray<nb::ro, nb::c_contig, nb::device::cpu> array;
  if (!nb::try_cast(object, array, false)) return false;
  const std::optional<DType> type = type_of(array.dtype());
  const nb::gil_scoped_release released;
  if (type == DType::f32) return all_finite(static_cast<const float*>(array.data()), array.size());
  if (type == DType::f64) return all_finite(static_cast<const double*>(array.data()), array.size());
  return type == DType::f16 && all_finite(static_cast<const Half*>(array.data()), array.size());
}

}  // namespace

void bind_elementwise(nb::module_& module) {
  module.def(
      "_kernels",
      [] {
        std::vector<std::string> names;
        for (const Kernels* one : available_kernels()) names.emplace_back(one->name);
        return names;
      },
      "The instruction sets that this processor can run, the best first.");
  module.def("is_clearly_finite", &is_clearly_finite, "array"_a,
             "Tell whether it is an array of floats in one piece, all of which are finite.");
  module.def("_apply", &apply, "opcode"_a, "operands"_a, "out"_a.noconvert(), "kernels"_a = "",
             "Apply a scalar operation to arrays of one size, or of size 1.");
  module.def(
      "_draw_uniform",
      [](std::uint64_t seed, std::int64_t step, std::int64_t node, std::int64_t start, const Written& out) {
        draw_uniform(seed, step, node, start, static_cast<std::int64_t>(out.size()), out.data());
      },
      "seed"_a, "step"_a, "node"_a, "start"_a, "out"_a.noconvert(), "Write uniform random numbers.");
  module.def(
      "_transpose",
      [](const Written& matrix, std::int64_t columns, const Written& out) {
        const auto size = static_cast<std::int64_t>(matrix.size());
        if (columns < 1 || size % columns != 0 || matrix.size() != out.size()) throw nb::value_error("sizes do not fit");
        transpose(matrix.data(), size / columns, columns, out.data());
      },
      "matrix"_a.noconvert(), "columns"_a, "out"_a.noconvert(), "Write the transpose of a matrix.");
  nb::class_<BoundInstruction>(module, "_Instruction", "A map or a reduction of the first entry of a program.")
      .def(nb::init<const Words&, const Constants&, int, const std::string&>(), "words"_a, "constants"_a, "number"_a,
           "kernels"_a = "")
      .def("run", &BoundInstruction::run, "buffers"_a, "rows"_a = 0, "part"_a = 0, "of"_a = 1, "repeats"_a = 1,
           "Run it on arrays, one for each buffer of the program, None for those that it does not use.")
      .def_prop_ro("piece_steps", &BoundInstruction::piece_steps, "Steps of a map that run for each piece.");
}

}  // namespace chainrule
