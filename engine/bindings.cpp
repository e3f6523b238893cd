// The module chainrule._engine: converts between Python and the engine, and does nothing else.
#include <nanobind/nanobind.h>
#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/optional.h>

#include "threads.hpp"

namespace nb = nanobind;
using namespace nb::literals;

NB_MODULE(_engine, module) {
  module.doc() = "The part of chainrule that is written in C++.";

  module.def("available_threads", &chainrule::available_threads,
             "How many threads can run at once: the processors in the affinity mask, limited by the control group's "
             "quota (rounded up). At least 1.");
  module.def("cpu_quota", &chainrule::cpu_quota, "root"_a = "/",
             "Processors' worth of time that the control groups of the process allow, or None without a limit. "
             "root is the root of the file system.");
}
