// The machine for Python: arrays in, arrays out, without the interpreter's lock while it runs.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "bindings.hpp"
#include "machine.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace chainrule {
namespace {

using Numbers = nb::ndarray<const float, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Written = nb::ndarray<float, nb::c_contig, nb::device::cpu>;
using Table = nb::ndarray<float, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Data = nb::ndarray<nb::ro, nb::device::cpu>;

DType type_of(const nb::dlpack::dtype& type) {
  if (type == nb::dtype<float>()) return DType::f32;
  if (type == nb::dtype<double>()) return DType::f64;
  if (type == nb::dtype<std::uint8_t>()) return DType::u8;
  if (type.code == static_cast<std::uint8_t>(nb::dlpack::dtype_code::Float) && type.bits == 16) return DType::f16;
  throw nb::type_error("data are float32, float64, float16 or uint8");
}

// The Python object that holds a machine, and keeps alive the arrays that it writes to.
class BoundMachine {
 public:
  BoundMachine(const Words& words, const Numbers& constants, std::vector<Written> state, int threads,
               const std::string& kernel)
      : state_(std::move(state)),
        machine_(checked_program(words, constants), pointers(), threads, kernels(kernel)) {
    const std::vector<int> buffers = machine_.buffers(BufferKind::state);
    for (std::size_t i = 0; i < buffers.size(); ++i) {
      const Shape& shape = machine_.program().buffers[static_cast<std::size_t>(buffers[i])].shape;
      if (static_cast<std::int64_t>(state_[i].size()) != elements(shape)) throw nb::value_error("a state has another size");
    }
  }

  // Run an entry once; `rows` are written, other outputs are returned.
  nb::object run(int entry, const std::vector<nb::object>& data, nb::object rows, std::int64_t count,
                 const Numbers& scalars, std::uint64_t seed, std::int64_t number, const std::vector<nb::object>& outputs) {
    check_entry(entry);
    std::vector<Words> kept;
    const std::vector<Rows> sources = rows_of(data);
    StepInput input{nullptr, count, scalars.data(), seed, number};
    if (!rows.is_none()) {
      kept.push_back(nb::cast<Words>(rows));
      if (static_cast<std::int64_t>(kept[0].size()) < count) throw nb::value_error("there are fewer rows than said");
      input.rows = kept[0].data();
    }
    std::vector<float*> targets;
    for (const nb::object& output : outputs) {
      targets.push_back(output.is_none() ? nullptr : nb::cast<Written>(output).data());
    }
    {
      nb::gil_scoped_release released;
      machine_.run(entry, sources, input, targets);
    }
    return nb::none();
  }

  // Run steps of which each has its rows: bounds[i] to bounds[i + 1] of `rows`, or of the data where that is None.
  std::int64_t run_steps(int entry, const std::vector<nb::object>& data, nb::object rows, const Words& bounds,
                         const nb::ndarray<const float, nb::ndim<2>, nb::c_contig, nb::device::cpu>& scalars,
                         std::uint64_t seed, std::int64_t first, Table outputs, double seconds) {
    check_entry(entry);
    const std::vector<Rows> sources = rows_of(data);
    const auto steps = static_cast<std::int64_t>(scalars.shape(0));
    const std::int64_t* chosen = nullptr;
    std::vector<Words> kept;
    if (!rows.is_none()) {
      kept.push_back(nb::cast<Words>(rows));
      chosen = kept[0].data();
    }
    std::vector<StepInput> inputs;
    for (std::int64_t i = 0; i < steps; ++i) {
      const std::int64_t from = bounds.data()[i], to = bounds.data()[i + 1];
      inputs.push_back({chosen ? chosen + from : nullptr, to - from,
                        scalars.data() + i * static_cast<std::int64_t>(scalars.shape(1)), seed, first + i});
    }
    nb::gil_scoped_release released;
    return machine_.run_steps(entry, sources, inputs, outputs.data(), seconds);
  }

  // A copy of an output into an array of its size.
  void read(int buffer, Written into) const {
    const std::span<const float> found = machine_.output(buffer);
    if (found.size() != into.size()) throw nb::value_error("the output has another size");
    std::copy(found.begin(), found.end(), into.data());
  }

  int threads() const { return machine_.threads(); }

 private:
  std::vector<float*> pointers() const {
    std::vector<float*> found;
    for (const Written& array : state_) found.push_back(array.data());
    return found;
  }

  std::vector<Rows> rows_of(const std::vector<nb::object>& data) const {
    std::vector<Rows> found;
    const std::vector<int> buffers = machine_.buffers(BufferKind::data);
    if (data.size() != buffers.size()) throw nb::value_error("there must be one array for each data buffer");
    for (std::size_t i = 0; i < data.size(); ++i) {
      if (data[i].is_none()) {
        found.emplace_back();
        continue;
      }
      const auto array = nb::cast<Data>(data[i]);
      found.push_back({array.data(), type_of(array.dtype()), array.ndim() ? array.stride(0) : 0});
    }
    return found;
  }

  void check_entry(int entry) const {
    if (entry < 0 || entry >= static_cast<int>(machine_.program().entries.size())) throw nb::index_error("no such entry");
  }

  std::vector<Written> state_;
  Machine machine_;
};

}  // namespace

void bind_machine(nb::module_& module) {
  nb::class_<BoundMachine>(module, "Machine", "Runs the entries of a program; see chainrule.engine_run.")
      .def(nb::init<const Words&, const Numbers&, std::vector<Written>, int, const std::string&>(), "words"_a,
           "constants"_a, "state"_a, "threads"_a, "kernels"_a = "")
      .def("run", &BoundMachine::run, "entry"_a, "data"_a, "rows"_a.none(), "count"_a, "scalars"_a, "seed"_a,
           "number"_a, "outputs"_a)
      .def("run_steps", &BoundMachine::run_steps, "entry"_a, "data"_a, "rows"_a.none(), "bounds"_a, "scalars"_a,
           "seed"_a, "first"_a, "outputs"_a, "seconds"_a)
      .def("read", &BoundMachine::read, "buffer"_a, "into"_a)
      .def_prop_ro("threads", &BoundMachine::threads);
}

}  // namespace chainrule
