// The rules of one entry: what verify.cpp and verify_shapes.cpp share.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "program.hpp"

namespace chainrule {

// As Python writes a tuple: (m, 3), (2,), ().
std::string text_of(const Shape& shape);

// Walks through an entry and keeps track of what has been written and who owns each slot.
class EntryCheck {
 public:
  EntryCheck(const Program& program, std::size_t number)
      : program_(program), buffers_(program.buffers), entry_(program.entries[number]), number_(number) {}

  void run();

 private:
  // What a section is for.
  enum class Part { prologue, block, epilogue };

  [[noreturn]] void refuse(const std::string& message) const;
  void must(bool condition, const char* message) const {
    if (!condition) refuse(message);
  }

  void section(const std::string& title, Part part, const Section& items);
  void forget_rows_of_block();
  void outputs();
  void exists(int at) const;
  void check(const Instruction& item);
  void readable(int at) const;
  void writable(int at, const Instruction& item) const;
  void not_over_sources(int at, const Instruction& item) const;

  // In verify_shapes.cpp.
  void shapes(const Matmul& item) const;
  void shapes(const Map& item) const;
  void shapes(const Reduce& item) const;
  void shapes(const Draw& item) const;
  void shapes(const Transpose& item) const;
  void steps(const Map& item) const;
  void overwrites(const Map& item) const;
  void result(int at, const Shape& shape) const;

  // Names the memory that a buffer uses: equal for two buffers that one would overwrite with the other.
  using Memory = std::pair<bool, int>;
  Memory memory_key(int at) const;

  static std::string name(int at) { return "buffer " + std::to_string(at); }

  const Program& program_;
  const std::vector<Buffer>& buffers_;
  const Entry& entry_;
  std::size_t number_;
  std::set<int> written_;
  std::unordered_map<int, int> owner_;
  // The sums that have been finished, and those to which the section at hand adds.
  std::set<int> finished_, sums_;
  // The section that is being checked, and the place in the entry, as the messages say it.
  Part part_ = Part::prologue;
  std::string title_;
  std::size_t instruction_ = 0;
};

}  // namespace chainrule
