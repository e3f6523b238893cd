#!/usr/bin/env bash
# Builds the engine with sanitizers, into a folder of its own, and runs the tests of the engine with it:
#     tests/engine/sanitize.sh address,undefined [arguments of pytest]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

sanitizers=$1
shift
build=$PWD/build/sanitize-${sanitizers//,/-}
python=$PWD/.venv/bin/python
PATH=$PWD/.venv/bin:$PATH

# Of debugging only what a stack trace needs: more takes the compiler minutes for the unrolled kernels.
cmake -S . -B "$build" -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_CXX_FLAGS_RELWITHDEBINFO='-O1 -g1' -DCHAINRULE_SANITIZE="$sanitizers" \
  -DSKBUILD_PROJECT_VERSION=0 -DPython_EXECUTABLE="$python" \
  -Dnanobind_DIR="$("$python" -m nanobind --cmake_dir)" >/dev/null
cmake --build "$build" --parallel 2

# Python knows no sanitizers, so their libraries come before it; the C++ library too, or they miss its exceptions.
compiler=$(sed -n 's/^CMAKE_CXX_COMPILER:[A-Z]*=//p' "$build/CMakeCache.txt")
case $sanitizers in
  address*) runtimes='libasan.so libubsan.so' ;;
  # The thread sanitizer cannot follow a process that forks while it has threads.
  *) runtimes='libtsan.so'; set -- --ignore=tests/engine/test_fork.py "${@:-tests/engine}" ;;
esac
preload=
for library in $runtimes libstdc++.so.6; do preload+=$("$compiler" -print-file-name="$library"):; done

here=$PWD/tests/engine
# Whole memory blocks from the system show overruns that Python's own pools would hide.
export PYTHONMALLOC=malloc OPENBLAS_NUM_THREADS=1 CHAINRULE_ENGINE
CHAINRULE_ENGINE=$(echo "$build"/_engine.*)
# Not detect_stack_use_after_return: on that stack GCC loses the alignment of vectors of 64 bytes (GCC bug 110027).
export ASAN_OPTIONS=strict_init_order=1
export LSAN_OPTIONS=suppressions=$here/sanitize-leaks.txt:print_suppressions=0
export UBSAN_OPTIONS=print_stacktrace=1
export TSAN_OPTIONS=suppressions=$here/sanitize-threads.txt:second_deadlock_stack=1
LD_PRELOAD=$preload exec "$python" -m pytest -p tests.engine.sanitized -p no:cacheprovider --capture=sys -q "${@:-tests/engine}"
