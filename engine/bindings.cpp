// The module chainrule._engine: converts between Python and the engine, and does nothing else.
#include <nanobind/nanobind.h>
#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/optional.h>

#include "bindings.hpp"
#include "threads.hpp"

namespace nb = nanobind;
using namespace nb::literals;

NB_MODULE(_engine, module) {
  module.doc() = "The part of chainrule that is written in C++.";

  module.def("available_threads", &chainrule::available_threads,
             "How many threads can run at once, at least 1.\n\n"
             "The processors in the affinity mask, limited by the control groups' quota (rounded up).");
  module.def("cpu_quota", &chainrule::cpu_quota, "root"_a = "/",
             "Processors' worth of time that the control groups allow, or None without a limit.\n\n"
             "`root` is the root of the file system whose `proc` and `sys` are read.");

  // Machines that are still referred to when Python ends, as in any interactive session, are no leak.
  nb::set_leak_warnings(false);

  chainrule::bind_elementwise(module);
  chainrule::bind_machine(module);
  chainrule::bind_products(module);
  chainrule::bind_program(module);
}
