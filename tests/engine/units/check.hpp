// Tests that register themselves, and what they check: all that these few need of a library that not every compiler's
// machine has. A failed check is told with its place, and the test goes on.
#pragma once

#include <cstdio>
#include <vector>

namespace check {

struct Test {
  const char* name;
  void (*body)();
};

inline std::vector<Test>& tests() {
  static std::vector<Test> all;
  return all;
}

inline int& failures() {
  static int count = 0;
  return count;
}

inline void that(bool holds, const char* what, const char* file, int line) {
  if (holds) return;
  ++failures();
  std::printf("%s:%d: does not hold: %s\n", file, line, what);
}

struct Registered {
  Registered(const char* name, void (*body)()) { tests().push_back({name, body}); }
};

}  // namespace check

#define CHECK(condition) check::that(static_cast<bool>(condition), #condition, __FILE__, __LINE__)

#define TEST(name)                                         \
  static void name();                                      \
  static const check::Registered registered_##name(#name, name); \
  static void name()
