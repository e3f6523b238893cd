// The machine for Python: arrays in, arrays out, without the interpreter's lock while it runs.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <mutex>
#include <optional>

#include "bindings.hpp"
#include "machine.hpp"
#include "verify.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace chainrule {
namespace {

using Numbers = nb::ndarray<const float, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Written = nb::ndarray<float, nb::c_contig, nb::device::cpu>;
using Table = nb::ndarray<float, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Scalars = nb::ndarray<const float, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Data = nb::ndarray<nb::ro, nb::device::cpu>;

std::size_t size_of(const Shape& shape, std::int64_t count) {
  return static_cast<std::size_t>(elements(shape, count));
}

void must(bool condition, const char* message) {
  if (!condition) throw nb::value_error(message);
}

// Data as rows, each of which lies in one piece.
Rows rows_from(const nb::object& object, const Shape& shape) {
  if (object.is_none()) return {};
  const auto array = nb::cast<Data>(object);
  if (array.dtype() == nb::dtype<std::int32_t>()) {
    must(array.ndim() == 1 && shape.size() == 2, "places are one number for each row of a matrix");
    return {array.data(), DType::place, array.stride(0), static_cast<std::int64_t>(array.shape(0)), true};
  }
  must(array.ndim() == shape.size(), "data have another number of axes");
  std::int64_t step = 1;
  for (std::size_t axis = shape.size(); axis-- > 1;) {
    must(static_cast<std::int64_t>(array.shape(axis)) == shape[axis], "data have rows of another shape");
    must(array.stride(axis) == step || shape[axis] == 1 || array.shape(0) == 0, "a row of the data is in pieces");
    step *= shape[axis];
  }
  const std::optional<DType> type = type_of(array.dtype());
  if (!type) throw nb::type_error("data are float32, float64, float16 or uint8, or places in int32");
  return {array.data(), *type, array.stride(0), static_cast<std::int64_t>(array.shape(0)), true};
}

// How pictures are changed, from its numbers in the order of the struct.
Augmentation augmentation_from(const Words& words, const std::vector<Rows>& sources, std::int64_t first,
                               const std::vector<std::int64_t>& widths) {
  constexpr std::int64_t most = 1 << 15;  // pixels along an axis, and channels
  must(words.size() == 10, "an augmentation has ten numbers");
  const std::int64_t* one = words.data();
  const Augmentation how{one[0], one[1], one[2], one[3], one[4], one[5], one[6], one[7], one[8], one[9]};
  must(how.data >= 0 && how.data < static_cast<std::int64_t>(sources.size()), "there are no such data to augment");
  const auto place = static_cast<std::size_t>(how.data);
  must(sources[place].present && sources[place].type == DType::u8, "only bytes can be augmented");
  for (int i = 1; i <= 3; ++i) must(one[i] > 0 && one[i] <= most, "a picture has no such size");
  must(how.height * how.width * how.channels == widths[place], "the pictures have another size than the rows");
  for (int i = 4; i <= 8; ++i) must(one[i] >= 0 && one[i] <= most, "nothing can be augmented by so much");
  must(how.steps_an_epoch > 0 && first > 0, "an epoch has a step, and steps are counted from 1");
  return how;
}

// Of `count` rows with these numbers, or of the first `count` of the data.
RowRange range_of(const std::int64_t* rows, std::int64_t count) {
  must(count >= 0 && count <= most_elements, "nothing has so many rows");
  RowRange found{0, count - 1};
  if (!rows || count == 0) return found;
  found = {rows[0], rows[0]};
  for (std::int64_t i = 1; i < count; ++i) {
    found.least = std::min(found.least, rows[i]);
    found.most = std::max(found.most, rows[i]);
  }
  return found;
}

// The Python object that holds a machine, and keeps alive the arrays that it writes to.
class BoundMachine {
 public:
  BoundMachine(const Words& words, const Numbers& constants, std::vector<Written> state, int threads,
               const std::string& kernel)
      : state_(std::move(state)),
        machine_(checked_program(words, constants), pointers(), threads, kernels(kernel)) {
    const std::vector<int> buffers = machine_.buffers(BufferKind::state);
    must(buffers.size() == state_.size(), "there must be one array for each state");
    for (std::size_t i = 0; i < buffers.size(); ++i) {
      must(state_[i].size() == size_of(shape(buffers[i]), 0), "a state has another size");
    }
  }

  // Run an entry once; `scalars` are None where the program has none; `outputs` are arrays for those that are rows, which
  // are written, and None for the others.
  void run(int entry, const std::vector<nb::object>& data, const nb::object& rows, std::int64_t count,
           const Numbers& scalars, std::uint64_t seed, std::int64_t number,
           const std::vector<nb::object>& outputs) {
    check_entry(entry);
    const std::vector<Rows> sources = rows_of(data);
    Words chosen;
    if (!rows.is_none()) chosen = nb::cast<Words>(rows);
    must(rows.is_none() || static_cast<std::int64_t>(chosen.size()) >= count, "there are fewer rows than said");
    must((scalars.is_valid() ? scalars.size() : 0) == machine_.scalar_numbers(), "the scalars have another size");
    const StepInput input{rows.is_none() ? nullptr : chosen.data(), count, scalars.data(), seed, number};
    machine_.check(entry, sources, range_of(input.rows, count));
    const std::vector<float*> targets = targets_of(entry, outputs, count);
    const nb::gil_scoped_release released;
    const std::lock_guard alone(running_);
    machine_.run(entry, sources, input, targets);
  }

  // Run steps of which each has its rows: bounds[i] to bounds[i + 1] of `rows`, or of the data where that is None.
  std::int64_t run_steps(int entry, const std::vector<nb::object>& data, const nb::object& rows, const Words& bounds,
                         const Scalars& scalars, std::uint64_t seed, std::int64_t first, Table outputs,
                         double seconds, const nb::object& augmentation) {
    check_entry(entry);
    machine_.check_steps(entry);
    const std::vector<Rows> sources = rows_of(data);
    const std::size_t steps = scalars.shape(0);
    must(scalars.shape(1) == machine_.scalar_numbers(), "the scalars have another size");
    must(outputs.shape(0) == steps, "the outputs have another number of steps");
    must(outputs.shape(1) == outputs_of(entry).size(), "the outputs have another size");
    must(bounds.size() == steps + 1, "there must be one bound more than steps");
    Words chosen;
    if (!rows.is_none()) chosen = nb::cast<Words>(rows);
    std::int64_t most = 0;
    for (std::size_t i = 0; i < steps; ++i) {
      const std::int64_t from = bounds.data()[i], to = bounds.data()[i + 1];
      const bool there = rows.is_none() || to <= static_cast<std::int64_t>(chosen.size());
      must(there && 0 <= from && from <= to, "the bounds are not those of the rows");
      most = std::max(most, to - from);
    }
    const StepInputs inputs{static_cast<std::int64_t>(steps),
                            rows.is_none() ? nullptr : chosen.data(),
                            bounds.data(),
                            scalars.data(),
                            scalars.shape(1),
                            seed,
                            first};
    if (rows.is_none()) {
      machine_.check(entry, sources, range_of(nullptr, most));
    } else if (steps > 0) {
      const std::int64_t from = bounds.data()[0];
      machine_.check(entry, sources, range_of(chosen.data() + from, bounds.data()[steps] - from));
    }
    std::optional<Augmentation> how;
    if (!augmentation.is_none()) how = augmentation_from(nb::cast<Words>(augmentation), sources, first, widths());
    const nb::gil_scoped_release released;
    const std::lock_guard alone(running_);
    return machine_.run_steps(entry, sources, inputs, outputs.data(), seconds, how ? &*how : nullptr);
  }

  // A copy of an output, or of another buffer without the axis of examples, into an array of its size.
  void read(int buffer, Written into) const {
    const auto count = static_cast<int>(machine_.program().buffers.size());
    must(buffer >= 0 && buffer < count && !has_examples(shape(buffer)), "there is no such output");
    const std::span<const float> found = machine_.output(buffer);
    must(found.size() == into.size(), "the output has another size");
    std::copy(found.begin(), found.end(), into.data());
  }

  int threads() const { return machine_.threads(); }

 private:
  const Shape& shape(int buffer) const {
    return machine_.program().buffers[static_cast<std::size_t>(buffer)].shape;
  }

  const std::vector<int>& outputs_of(int entry) const {
    return machine_.program().entries[static_cast<std::size_t>(entry)].outputs;
  }

  std::vector<float*> pointers() const {
    std::vector<float*> found;
    for (const Written& array : state_) found.push_back(array.data());
    return found;
  }

  std::vector<std::int64_t> widths() const {
    std::vector<std::int64_t> found;
    for (const int buffer : machine_.buffers(BufferKind::data)) found.push_back(elements(shape(buffer)));
    return found;
  }

  std::vector<Rows> rows_of(const std::vector<nb::object>& data) const {
    const std::vector<int> buffers = machine_.buffers(BufferKind::data);
    must(data.size() == buffers.size(), "there must be one array for each data buffer");
    std::vector<Rows> found;
    for (std::size_t i = 0; i < data.size(); ++i) found.push_back(rows_from(data[i], shape(buffers[i])));
    return found;
  }

  std::vector<float*> targets_of(int entry, const std::vector<nb::object>& arrays, std::int64_t count) const {
    const std::vector<int>& outputs = outputs_of(entry);
    must(arrays.size() == outputs.size(), "there must be one array or None for each output");
    std::vector<float*> found;
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const bool rows = has_examples(shape(outputs[i]));
      must(rows != arrays[i].is_none(), "outputs that are rows alone have an array");
      found.push_back(nullptr);
      if (!rows) continue;
      const auto array = nb::cast<Written>(arrays[i], false);
      const std::size_t width = size_of(shape(outputs[i]), 1);  // a product with the count could be beyond all numbers
      must(array.size() % width == 0 && array.size() / width == static_cast<std::size_t>(count),
           "an output has another size");
      found.back() = array.data();
    }
    return found;
  }

  void check_entry(int entry) const {
    const auto count = static_cast<int>(machine_.program().entries.size());
    if (entry < 0 || entry >= count) throw nb::index_error("no such entry");
  }

  std::vector<Written> state_;
  Machine machine_;
  std::mutex running_;  // without the interpreter's lock, two Python threads could run one machine
};

}  // namespace

void bind_machine(nb::module_& module) {
  nb::class_<BoundMachine>(module, "Machine", "Runs the entries of a program; see chainrule.engine_run.")
      .def(nb::init<const Words&, const Numbers&, std::vector<Written>, int, const std::string&>(), "words"_a,
           "constants"_a, "state"_a.noconvert(), "threads"_a, "kernels"_a = "")
      .def("run", &BoundMachine::run, "entry"_a, "data"_a, "rows"_a.none(), "count"_a, "scalars"_a.none(),
           "seed"_a, "number"_a, "outputs"_a)
      .def("run_steps", &BoundMachine::run_steps, "entry"_a, "data"_a, "rows"_a.none(), "bounds"_a, "scalars"_a,
           "seed"_a, "first"_a, "outputs"_a.noconvert(), "seconds"_a, "augmentation"_a.none() = nb::none())
      .def("read", &BoundMachine::read, "buffer"_a, "into"_a.noconvert())
      .def_prop_ro("threads", &BoundMachine::threads);
}

}  // namespace chainrule
