# Every target makes what it needs by itself, in .venv. Needed beforehand: Python 3.11+ with venv, make, a C++20 compiler.

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/
PIP := $(RUN)python -m pip --disable-pip-version-check --no-input

# Files that say what has been done. The package is installed in editable mode, so only these sources make it stale.
VENV_READY := $(VENV)/.ready
BUILD_TOOLS := $(VENV)/.build-tools
PACKAGE := $(VENV)/.package
TEST_TOOLS := $(VENV)/.test-tools
BENCH_TOOLS := $(VENV)/.bench-tools
BUILT_FROM := pyproject.toml CMakeLists.txt $(wildcard engine/*.cpp engine/*.hpp engine/*.inl)

.PHONY: help demo build test lint bench docs pictures stub fuzz torture sanitize clean
.DELETE_ON_ERROR:

help:
	@echo 'make demo      train a first model and say where its report is'
	@echo 'make test      run the tests'
	@echo 'make lint      check style and types'
	@echo 'make docs      run the examples in the documentation'
	@echo 'make pictures  draw the pictures of the documentation again'
	@echo 'make bench     run the benchmarks'
	@echo 'make build     build the engine and install the package into $(VENV)'
	@echo 'make fuzz      try 100,000 malformed programs on the engine'
	@echo 'make torture   kill trainings, change files and fill disks, many times'
	@echo 'make sanitize  run the tests of the engine with sanitizers'
	@echo 'make stub      write the type stub of the engine again'
	@echo 'make clean     remove what was built'

demo: $(PACKAGE)
	$(RUN)chainrule demo

build: $(PACKAGE)

test: $(PACKAGE) $(TEST_TOOLS)
	OPENBLAS_NUM_THREADS=1 $(RUN)python -m pytest -n 2

lint: $(PACKAGE) $(TEST_TOOLS)
	$(RUN)ruff check
	$(RUN)ruff format --check
	$(RUN)mypy

bench: $(PACKAGE) $(BENCH_TOOLS)
	$(RUN)python benchmarks/reading.py
	$(RUN)python benchmarks/run.py

docs: $(PACKAGE) $(TEST_TOOLS)
	$(RUN)python -m pytest tests/test_docs.py src

pictures: $(PACKAGE)
	$(RUN)python docs/pictures.py

stub: $(PACKAGE) $(TEST_TOOLS)
	$(RUN)python -m nanobind.stubgen -q -P -m chainrule._engine -o src/chainrule/_engine.pyi

fuzz: $(PACKAGE) $(TEST_TOOLS)
	$(RUN)python -m tests.engine.fuzz

torture: $(PACKAGE) $(TEST_TOOLS)
	$(RUN)python -m tests.torture

sanitize: $(PACKAGE) $(TEST_TOOLS)
	tests/engine/sanitize.sh address,undefined
	tests/engine/sanitize.sh thread

clean:
	rm -rf build dist wheelhouse .mypy_cache .pytest_cache .ruff_cache .hypothesis $(PACKAGE)
	find src tests benchmarks -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true

$(VENV_READY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "chainrule needs Python 3.11 or newer, and \
	$(PYTHON) is " + sys.version.split()[0] + "; say which one to use: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(PIP) install -q --upgrade pip
	@touch $@

# The build backend knows whether CMake and Ninja (or make) are there, and asks for them where they are not.
$(BUILD_TOOLS): $(VENV_READY) pyproject.toml
	$(PIP) install -q --group build
	@wanted=$$($(RUN)python -c 'from scikit_build_core.build import get_requires_for_build_editable as f; print(*f())') \
	  && { test -z "$$wanted" || $(PIP) install -q $$wanted; }
	@touch $@

$(PACKAGE): $(BUILD_TOOLS) $(BUILT_FROM)
	$(PIP) install -q --no-build-isolation --editable .
	@touch $@

# Without bytecode of all that is never imported, which takes longer than the rest of the installation.
$(TEST_TOOLS): $(VENV_READY) pyproject.toml
	$(PIP) install -q --no-compile --group test --group lint
	@touch $@

$(BENCH_TOOLS): $(VENV_READY) pyproject.toml
	$(PIP) install -q --group bench
	@touch $@
