// Runs all unit tests of the engine; the exit code is 1 where a check did not hold.
#include "check.hpp"

int main() {
  for (const check::Test& test : check::tests()) {
    const int before = check::failures();
    test.body();
    std::printf("%s %s\n", check::failures() == before ? "passed" : "FAILED", test.name);
  }
  std::printf("%zu tests, %d failed checks\n", check::tests().size(), check::failures());
  return check::failures() == 0 && !check::tests().empty() ? 0 : 1;
}
