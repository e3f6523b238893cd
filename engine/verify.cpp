#include "verify.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "verify_entry.hpp"

namespace chainrule {

namespace {

constexpr std::array<std::string_view, 9> kind_names{
    "data", "state", "scalar", "constant", "temporary", "accumulator", "rows", "result", "view"};

std::string kind_name(const Buffer& buffer) {
  return std::string(kind_names[static_cast<std::size_t>(buffer.kind)]);
}

[[noreturn]] void malformed(const std::string& message) {
  throw MalformedProgram("malformed program: " + message);
}

bool is_one_of(BufferKind kind, std::initializer_list<BufferKind> kinds) {
  return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

// The number of elements for one example, or more than the most.
std::int64_t counted(const Shape& shape) {
  std::int64_t product = 1;
  for (const std::int64_t axis : shape) {
    if (axis == examples_axis) continue;
    if (axis > most_elements / product) return most_elements + 1;
    product *= axis;
  }
  return product;
}

// The elements before the axis of examples.
std::int64_t before_examples(const Shape& shape) {
  return counted(Shape(shape.begin(), std::find(shape.begin(), shape.end(), examples_axis)));
}

void check_shape(const Buffer& buffer, const std::string& where) {
  const Shape& shape = buffer.shape;
  const auto examples = std::count(shape.begin(), shape.end(), examples_axis);
  if (examples > 1) malformed(where + " has the axis of examples twice");
  for (const std::int64_t axis : shape) {
    if (axis != examples_axis && axis < 1) malformed(where + " has an axis that is not positive");
  }
  if (shape.size() > most_axes) {
    malformed(where + " has " + std::to_string(shape.size()) + " axes; there are at most " +
              std::to_string(most_axes));
  }
  if (counted(shape) > most_elements) {
    malformed(where + " has more than " + std::to_string(most_elements) + " elements");
  }
}

void check_buffer(const Buffer& buffer, const std::string& where) {
  check_shape(buffer, where);
  using enum BufferKind;
  const bool first = !buffer.shape.empty() && buffer.shape.front() == examples_axis;
  if (is_one_of(buffer.kind, {data, rows}) && !first) {
    malformed(where + ": the first axis of " + kind_name(buffer) + " is that of the examples");
  }
  if (is_one_of(buffer.kind, {state, scalar, constant, accumulator, result}) && has_examples(buffer.shape)) {
    malformed(where + ": kind " + kind_name(buffer) + " has no axis of examples");
  }
  if ((buffer.kind == temporary) != (buffer.slot >= 0)) malformed(where + ": temporaries alone have slots");
  if ((buffer.kind == view) != (buffer.base >= 0)) malformed(where + ": views alone have a base");
  if ((buffer.kind == constant) == buffer.value.empty()) malformed(where + ": constants alone have a value");
  if (!buffer.value.empty() && static_cast<std::int64_t>(buffer.value.size()) != counted(buffer.shape)) {
    malformed(where + ": its value has " + std::to_string(buffer.value.size()) + " numbers");
  }
}

void check_view(const std::vector<Buffer>& buffers, const Buffer& buffer, const std::string& where) {
  if (buffer.base < 0) return;
  const std::string shown = "buffer " + std::to_string(buffer.base);
  if (static_cast<std::size_t>(buffer.base) >= buffers.size()) malformed(where + ": there is no " + shown);
  const Buffer& base = buffers[static_cast<std::size_t>(buffer.base)];
  if (base.kind == BufferKind::view) malformed(where + " shows another view");
  const bool by_row = has_examples(buffer.shape);
  if (counted(base.shape) != counted(buffer.shape) || has_examples(base.shape) != by_row) {
    malformed(where + " has another number of elements than " + shown);
  }
  if (by_row && before_examples(base.shape) != before_examples(buffer.shape)) {
    malformed(where + " mixes the examples");
  }
}

// All memory together stays within what machines can count; views have none of their own.
void check_total(const std::vector<Buffer>& buffers) {
  std::int64_t total = 0;
  for (const Buffer& buffer : buffers) {
    if (buffer.kind != BufferKind::view) total += counted(buffer.shape);
    if (total > most_elements) {
      malformed("the buffers have more than " + std::to_string(most_elements) + " elements together");
    }
  }
}

// A slot holds rows of a block, of which each thread may have its own, or other values; not both.
void check_slots(const std::vector<Buffer>& buffers) {
  std::unordered_map<int, bool> by_row;
  for (std::size_t at = 0; at < buffers.size(); ++at) {
    const Buffer& buffer = buffers[at];
    if (buffer.slot < 0) continue;
    const std::string where = "buffer " + std::to_string(at);
    if (static_cast<std::size_t>(buffer.slot) >= buffers.size()) {
      malformed(where + ": slots are numbered below " + std::to_string(buffers.size()));
    }
    const bool found = has_examples(buffer.shape);
    if (by_row.try_emplace(buffer.slot, found).first->second != found) {
      malformed(where + ": the slot " + std::to_string(buffer.slot) + " is for rows and for other values");
    }
  }
}

}  // namespace

void verify(const Program& program) {
  const std::vector<Buffer>& buffers = program.buffers;
  const auto name = [](std::size_t at) { return "buffer " + std::to_string(at); };
  for (std::size_t at = 0; at < buffers.size(); ++at) check_buffer(buffers[at], name(at));
  for (std::size_t at = 0; at < buffers.size(); ++at) check_view(buffers, buffers[at], name(at));
  check_total(buffers);
  check_slots(buffers);
  for (std::size_t number = 0; number < program.entries.size(); ++number) EntryCheck(program, number).run();
}

std::string text_of(const Shape& shape) {
  std::string found = "(";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (i > 0) found += ", ";
    found += shape[i] == examples_axis ? "m" : std::to_string(shape[i]);
  }
  return found + (shape.size() == 1 ? ",)" : ")");
}

void EntryCheck::refuse(const std::string& message) const {
  malformed("entry " + std::to_string(number_) + title_ + ": " + message);
}

void EntryCheck::run() {
  const std::size_t phases = entry_.phases.size();
  for (std::size_t i = 0; i < phases; ++i) {
    const std::string suffix = phases > 1 ? " " + std::to_string(i + 1) : "";
    section("prologue" + suffix, Part::prologue, entry_.phases[i].prologue);
    section("block" + suffix, Part::block, entry_.phases[i].block);
    forget_rows_of_block();
  }
  section("epilogue", Part::epilogue, entry_.epilogue);
  outputs();
}

void EntryCheck::section(const std::string& title, Part part, const Section& items) {
  part_ = part;
  sums_.clear();
  bool twice = false;
  for (const Instruction& item : items) {
    if (!accumulates(item)) continue;
    for (const int at : destinations_of(item)) twice |= !sums_.insert(at).second || finished_.contains(at);
  }
  for (std::size_t i = 0; i < items.size(); ++i) {
    title_ = ", " + title + ", instruction " + std::to_string(i);
    check(items[i]);
  }
  must(!twice, "a sum is written twice");
  finished_.merge(sums_);
}

// A block may run any number of times, also none: only its sums and rows outlast it, and as it writes to no slots
// but those of rows, each of its runs finds what the first one found.
void EntryCheck::forget_rows_of_block() {
  std::erase_if(written_, [this](int at) {
    const Buffer& buffer = buffers_[at];
    return buffer.kind == BufferKind::temporary && has_examples(buffer.shape);
  });
}

void EntryCheck::outputs() {
  for (std::size_t i = 0; i < entry_.outputs.size(); ++i) {
    const int at = entry_.outputs[i];
    title_ = ", output " + std::to_string(i);
    exists(at);
    using enum BufferKind;
    must(is_one_of(buffers_[at].kind, {rows, BufferKind::result, accumulator}), "is not a result");
    must(written_.contains(at), "is never written");
  }
  title_.clear();
  const std::set<int> found(entry_.outputs.begin(), entry_.outputs.end());
  for (const int at : written_) {
    const bool lost = buffers_[at].kind == BufferKind::rows && !found.contains(at);
    if (lost) refuse("the rows " + name(at) + " are no output");
  }
}

void EntryCheck::exists(int at) const {
  const bool there = at >= 0 && static_cast<std::size_t>(at) < buffers_.size();
  if (!there) refuse("there is no " + name(at));
}

void EntryCheck::check(const Instruction& item) {
  const std::vector<int> sources = sources_of(item), destinations = destinations_of(item);
  for (const int at : sources) exists(at);
  for (const int at : destinations) exists(at);
  for (const int at : sources) readable(at);
  std::visit([this](const auto& one) { shapes(one); }, item);
  for (const int at : destinations) writable(at, item);
  for (const int at : destinations) {
    written_.insert(at);
    if (buffers_[at].slot >= 0) owner_[buffers_[at].slot] = at;
  }
}

void EntryCheck::readable(int at) const {
  const int memory = memory_of(program_, at);
  const Buffer& buffer = buffers_[memory];
  if (part_ != Part::block && has_examples(buffer.shape)) refuse(name(memory) + " has examples, outside a block");
  if (sums_.contains(memory)) refuse("the sum " + name(memory) + " is not finished");
  using enum BufferKind;
  const bool made = is_one_of(buffer.kind, {temporary, accumulator, rows, BufferKind::result});
  if (made && !written_.contains(memory)) refuse(name(memory) + " is read before it is written");
  if (buffer.slot < 0) return;
  const auto owner = owner_.find(buffer.slot);
  if (owner == owner_.end() || owner->second != memory) refuse(name(memory) + " was overwritten in its slot");
}

void EntryCheck::writable(int at, const Instruction& item) const {
  const Buffer& buffer = buffers_[at];
  using enum BufferKind;
  if (is_one_of(buffer.kind, {data, scalar, constant, view})) {
    refuse(name(at) + " is a " + kind_name(buffer) + " and cannot be written");
  }
  const bool sums = buffer.kind == accumulator, by_row = has_examples(buffer.shape);
  if (sums != accumulates(item)) refuse(name(at) + ": only sums accumulate, always");
  if (by_row && part_ != Part::block) refuse(name(at) + " has examples, outside a block");
  if (!by_row && !sums && part_ == Part::block) refuse(name(at) + " has no examples and is written in a block");
  must(buffer.kind != state || part_ == Part::epilogue, "state changes in the epilogue");
  not_over_sources(at, item);
}

// Maps may write over their sources, by rules of their own.
void EntryCheck::not_over_sources(int at, const Instruction& item) const {
  if (std::holds_alternative<Map>(item)) return;
  for (const int source : sources_of(item)) {
    if (memory_key(source) == memory_key(at)) refuse(name(at) + " is written over what is being read");
  }
}

EntryCheck::Memory EntryCheck::memory_key(int at) const {
  const int memory = memory_of(program_, at);
  const int slot = buffers_[memory].slot;
  return slot < 0 ? Memory{false, memory} : Memory{true, slot};
}

}  // namespace chainrule
