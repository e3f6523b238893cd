// Programs from Python: their words, the check, and the error of a malformed one.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <exception>

#include "bindings.hpp"
#include "decode.hpp"
#include "opcodes.hpp"
#include "verify.hpp"

namespace chainrule {

namespace nb = nanobind;
using namespace nb::literals;

namespace {

// Python's own MalformedProgram, so that whoever catches it need not know which side found the fault.
void translate(const std::exception_ptr& thrown, void*) {
  try {
    std::rethrow_exception(thrown);
  } catch (const MalformedProgram& reason) {
    const nb::object error = nb::module_::import_("chainrule.compiler.verify").attr("MalformedProgram");
    PyErr_SetString(error.ptr(), reason.what());
  }
}

nb::list opcode_list() {
  nb::list found;
  for (const OpcodeInfo& one : opcodes) {
    found.append(nb::make_tuple(nb::str(one.name.data(), one.name.size()), one.arity));
  }
  return found;
}

}  // namespace

Program checked_program(const Words& words, const Constants& constants) {
  Program program = decode({words.data(), words.size()}, {constants.data(), constants.size()});
  verify(program);
  return program;
}

void bind_program(nb::module_& module) {
  nb::register_exception_translator(translate);
  module.def("_opcodes", &opcode_list, nb::sig("def _opcodes() -> list[tuple[str, int]]"),
             "The scalar operations, each with its number of operands, in the order of their codes.");
  module.def(
      "_check_program", [](const Words& words, const Constants& constants) { checked_program(words, constants); },
      "words"_a.noconvert(), "constants"_a.noconvert(),
      "Read a program from its words and check every rule; MalformedProgram where it breaks one.");
}

}  // namespace chainrule
