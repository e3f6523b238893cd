#include "kernels.hpp"

#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#if defined(_MSC_VER) && defined(_M_X64)
#include <immintrin.h>
#include <intrin.h>
#endif

namespace chainrule {

extern const Kernels scalar_kernels;
#if defined(__x86_64__) || defined(_M_X64)
extern const Kernels avx2_kernels;
extern const Kernels avx512_kernels;
#elif defined(__aarch64__) || defined(_M_ARM64)
extern const Kernels neon_kernels;
#endif

namespace {

#if defined(_MSC_VER) && defined(_M_X64)
bool bit(int word, int index) { return (word >> index & 1) != 0; }

// The processor has the instructions, and the system saves the registers (XCR0).
bool runs_avx2() {
  int leaf[4];
  __cpuid(leaf, 1);
  const bool saved = bit(leaf[2], 27) && (_xgetbv(0) & 6) == 6;
  if (!saved || !bit(leaf[2], 12) || !bit(leaf[2], 29)) return false;  // fma, f16c
  __cpuidex(leaf, 7, 0);
  return bit(leaf[1], 5);
}

bool runs_avx512() {
  if (!runs_avx2() || (_xgetbv(0) & 0xe6) != 0xe6) return false;
  int leaf[4];
  __cpuidex(leaf, 7, 0);
  return bit(leaf[1], 16) && bit(leaf[1], 17) && bit(leaf[1], 30) && bit(leaf[1], 31);  // f, dq, bw, vl
}
#elif defined(__x86_64__)
bool runs_avx2() {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
}

bool runs_avx512() {
  return runs_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
#endif

std::vector<const Kernels*> find() {
  std::vector<const Kernels*> found;
#if defined(__x86_64__) || defined(_M_X64)
  if (runs_avx512()) found.push_back(&avx512_kernels);
  if (runs_avx2()) found.push_back(&avx2_kernels);
#elif defined(__aarch64__) || defined(_M_ARM64)
  found.push_back(&neon_kernels);
#endif
  found.push_back(&scalar_kernels);
  return found;
}

const Kernels& named(std::string_view name) {
  std::string names;
  for (const Kernels* each : available_kernels()) {
    if (each->name == name) return *each;
    names += names.empty() ? "" : ", ";
    names += each->name;
  }
  throw std::invalid_argument("there are no kernels '" + std::string(name) + "' for this processor; there are " +
                              names);
}

const Kernels& best() {
  const char* wanted = std::getenv("CHAINRULE_KERNELS");
  return wanted != nullptr && *wanted != '\0' ? named(wanted) : *available_kernels().front();
}

}  // namespace

std::span<const Kernels* const> available_kernels() {
  static const std::vector<const Kernels*> found = find();
  return found;
}

const Kernels& kernels(std::string_view name) {
  if (!name.empty()) return named(name);
  static const Kernels& chosen = best();
  return chosen;
}

}  // namespace chainrule
