"""Programs as text."""

from __future__ import annotations

from chainrule.compiler.program import (
    Draw,
    Entry,
    Instruction,
    Map,
    Matmul,
    Operand,
    Program,
    Reduce,
    ScalarStep,
    Shape,
    Transpose,
)

_INFIX = {
    "add": "+",
    "subtract": "-",
    "multiply": "*",
    "divide": "/",
    "greater": ">",
    "greater_equal": ">=",
    "equal": "==",
}


def listing(program: Program, entry: str | None = None) -> str:
    """Write entries section by section, one line an instruction; below a fused map its steps $0, $1, ..."""
    chosen = program.entries if entry is None else {entry: program.entries[entry]}
    return "\n\n".join(_entry(program, item) for item in chosen.values()) + "\n"


def _entry(program: Program, entry: Entry) -> str:
    count = sum(1 for _ in entry.instructions())
    lines = [f"entry {entry.name}: {count} instruction{'' if count == 1 else 's'}"]
    for title, instructions in entry.sections():
        if instructions:
            lines.append(f"  {title}")
            lines += [f"    {line}" for item in instructions for line in _instruction(program, item)]
    if entry.outputs:
        results = ", ".join(f"{name} = {_name(program, index)}" for name, index in entry.outputs.items())
        lines.append(f"  outputs {results}")
    return "\n".join(lines)


def _name(program: Program, index: int) -> str:
    buffer = program.buffers[index]
    if buffer.base is not None:
        return f"{_name(program, buffer.base)} as {_shape(buffer.shape)}"
    return buffer.name


def _written(program: Program, index: int) -> str:
    buffer = program.buffers[index]
    slot = "" if buffer.slot is None else f" @{buffer.slot}"
    return f"{buffer.name}{_shape(buffer.shape)}{slot}"


def _shape(shape: Shape) -> str:
    return "[" + " ".join(str(axis) for axis in shape) + "]"


def _instruction(program: Program, instruction: Instruction) -> list[str]:
    match instruction:
        case Matmul():
            return [_matmul(program, instruction)]
        case Map():
            return _map(program, instruction)
        case Reduce():
            sign = "=" if not instruction.accumulate else "+=" if instruction.kind == "sum" else "max="
            axes = ", ".join(str(axis) for axis in instruction.axes)
            target, source = _written(program, instruction.destination), _name(program, instruction.source)
            return [f"reduce {target} {sign} {instruction.kind} of {source} over axis {axes}"]
        case Draw():
            return [f"draw   {_written(program, instruction.destination)} = uniform, node {instruction.node}"]
        case Transpose():
            target, source = _written(program, instruction.destination), _name(program, instruction.source)
            return [f"transpose {target} = {source}.T"]


def _matmul(program: Program, instruction: Matmul) -> str:
    a = _name(program, instruction.a) + (".T" if instruction.transpose_a else "")
    b = _name(program, instruction.b) + (".T" if instruction.transpose_b else "")
    sign = "+=" if instruction.accumulate else "="
    return f"matmul {_written(program, instruction.destination)} {sign} {a} @ {b}"


def _map(program: Program, instruction: Map) -> list[str]:
    names = [_name(program, source) for source in instruction.sources]
    targets = ", ".join(_written(program, index) for index in instruction.destinations)
    lines = [f"map    {targets} = {', '.join(f'${step}' for step in instruction.results)}"]
    lines += [f"  ${number} = {_step(step, names)}" for number, step in enumerate(instruction.steps)]
    return lines


def _step(step: ScalarStep, names: list[str]) -> str:
    operands = [_operand(operand, names) for operand in step.operands]
    if step.opcode in _INFIX:
        return f"{operands[0]} {_INFIX[step.opcode]} {operands[1]}"
    return f"{step.opcode}({', '.join(operands)})"


def _operand(operand: Operand, names: list[str]) -> str:
    if operand.kind == "source":
        return names[int(operand.value)]
    return f"${operand.value}" if operand.kind == "step" else f"{operand.value:.9g}"
