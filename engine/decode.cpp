#include "decode.hpp"

#include <algorithm>
#include <bit>
#include <string>

namespace chainrule {

namespace {

constexpr std::int64_t magic = 0x43524c45, version = 1;
// No program of ours comes near it; a length beyond it is a damaged word.
constexpr std::int64_t most = 1 << 24;

class Reader {
 public:
  Reader(std::span<const std::int64_t> words, std::span<const float> constants)
      : words_(words), constants_(constants) {}

  Program program() {
    require(word() == magic, "this is no program");
    require(word() == version, "the program is of another version");
    const auto buffers = count(), entries = count();
    Program found;
    for (std::int64_t i = 0; i < buffers; ++i) found.buffers.push_back(buffer());
    for (std::int64_t i = 0; i < entries; ++i) found.entries.push_back(entry());
    require(place_ == words_.size(), "there are words after its end");
    require(numbers_ == constants_.size(), "there are numbers that belong to no constant");
    return found;
  }

 private:
  static void require(bool condition, const char* message) {
    if (!condition) throw MalformedProgram(std::string("malformed program: ") + message);
  }

  std::int64_t word() {
    require(place_ < words_.size(), "it ends too early");
    return words_[place_++];
  }

  std::int64_t between(std::int64_t low, std::int64_t high, const char* message) {
    const std::int64_t found = word();
    require(low <= found && found <= high, message);
    return found;
  }

  // A length: what it counts has at least one word each, so a damaged one is found before memory is taken.
  std::int64_t count() {
    const auto left = static_cast<std::int64_t>(words_.size() - place_);
    return between(0, std::min(left, most), "a length is beyond its end");
  }

  int place() { return static_cast<int>(between(-1, most, "a number is out of range")); }
  bool flag() { return between(0, 1, "a switch is neither 0 nor 1") == 1; }

  std::vector<int> places() {
    std::vector<int> found(static_cast<std::size_t>(count()));
    for (int& one : found) one = place();
    return found;
  }

  Buffer buffer() {
    Buffer found{};
    found.kind = static_cast<BufferKind>(between(0, 8, "a buffer has an unknown kind"));
    found.slot = place();
    found.base = place();
    found.shape.resize(static_cast<std::size_t>(count()));
    for (std::int64_t& axis : found.shape) axis = word();
    const std::int64_t offset = word();
    if (offset != -1) found.value = value(offset, found.shape);
    return found;
  }

  // The numbers of the constants lie one after the other, so that no damaged word makes many copies of them.
  std::vector<float> value(std::int64_t offset, const Shape& shape) {
    std::int64_t size = 1;
    for (const std::int64_t axis : shape) {
      require(axis > 0 && axis <= most && (size *= axis) <= most * 64, "a constant is too large");
    }
    require(offset == static_cast<std::int64_t>(numbers_), "the constants are not in order");
    require(static_cast<std::size_t>(size) <= constants_.size() - numbers_, "a constant is beyond the numbers");
    const auto from = constants_.begin() + offset;
    numbers_ += static_cast<std::size_t>(size);
    return {from, from + size};
  }

  Entry entry() {
    Entry found;
    const std::int64_t phases = count();
    for (std::int64_t i = 0; i < phases; ++i) {
      Phase phase;
      phase.prologue = section();
      phase.block = section();
      found.phases.push_back(std::move(phase));
    }
    found.epilogue = section();
    found.outputs = places();
    return found;
  }

  Section section() {
    const std::int64_t length = count();
    Section found;
    for (std::int64_t i = 0; i < length; ++i) found.push_back(instruction());
    return found;
  }

  Instruction instruction() {
    switch (between(0, 4, "an instruction is unknown")) {
      case 0: {
        Matmul item{};
        item.destination = place(), item.a = place(), item.b = place();
        item.transpose_a = flag(), item.transpose_b = flag(), item.accumulate = flag();
        return item;
      }
      case 1:
        return map();
      case 2: {
        Reduce item{};
        item.destination = place(), item.source = place();
        item.maximum = flag();
        item.axes = places();
        item.accumulate = flag();
        return item;
      }
      case 3: {
        Draw item{};
        item.destination = place(), item.node = word();
        return item;
      }
      default: {
        Transpose item{};
        item.destination = place(), item.source = place();
        return item;
      }
    }
  }

  Map map() {
    Map item;
    item.destinations = places();
    item.sources = places();
    const std::int64_t length = count();
    for (std::int64_t i = 0; i < length; ++i) item.steps.push_back(step());
    item.results = places();
    return item;
  }

  ScalarStep step() {
    ScalarStep found{};
    const auto last = static_cast<std::int64_t>(opcodes.size()) - 1;
    found.opcode = static_cast<Opcode>(between(0, last, "an opcode is unknown"));
    const std::int64_t length = count();
    for (std::int64_t i = 0; i < length; ++i) {
      Operand operand{};
      operand.kind = static_cast<Operand::Kind>(between(0, 2, "an operand is of no known kind"));
      if (operand.kind == Operand::Kind::number) {
        operand.number = std::bit_cast<double>(word());
      } else {
        operand.place = place();
      }
      found.operands.push_back(operand);
    }
    return found;
  }

  std::span<const std::int64_t> words_;
  std::span<const float> constants_;
  std::size_t place_ = 0, numbers_ = 0;  // how many words and numbers were read
};

}  // namespace

Program decode(std::span<const std::int64_t> words, std::span<const float> constants) {
  return Reader(words, constants).program();
}

}  // namespace chainrule
