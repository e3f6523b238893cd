"""Which part of a program each node belongs to, from its dependence on the examples and on finished sums."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from chainrule.graph import shapes
from chainrule.graph.expression import CONSTANT, COUNT, Expression
from chainrule.graph.walk import topological


@dataclass(frozen=True)
class Sections:
    """The nodes of each section, inputs before users: a prologue and a block for each phase, and the epilogue."""

    prologues: list[list[Expression]]
    blocks: list[list[Expression]]
    epilogue: list[Expression]


def operands(node: Expression) -> tuple[Expression, ...]:
    """The nodes that an instruction for this node reads: transposes are absorbed by products."""
    if node.op.name == "matmul":
        return tuple(source.inputs[0] if source.op.name == "transpose" else source for source in node.inputs)
    return node.inputs[:1] if node.op.name == "broadcast_to" else node.inputs


def needed(roots: Iterable[Expression]) -> list[Expression]:
    """List the nodes that instructions must compute for the roots, in order."""
    return topological(roots, operands)


def sums_over_examples(node: Expression) -> bool:
    """Tell whether a node turns values by example into one for all of them."""
    return not shapes.has_examples(node.shape) and any(
        shapes.has_examples(source.shape) for source in operands(node)
    )


def split_into_sections(roots: Sequence[Expression], inputs: Collection[Expression] = ()) -> Sections:
    """Assign each node to its section; the inputs are leaves that each step is given, such as a learning rate.

    Values by example that two phases need are in both blocks, unless the first block writes them back by row.
    """
    order = [node for node in needed(roots) if not _comes_from_outside(node)]
    phase = _phases(order)
    by_block = [node for node in order if shapes.has_examples(node.shape) or sums_over_examples(node)]
    count = 1 + max((_block_of(node, phase) for node in by_block), default=-1)
    blocks = [_block(order, phase, number, set(roots)) for number in range(count)]
    early = _needed_by_blocks(blocks)
    prologues = [[node for node in order if node in early and phase[node] == number] for number in range(count)]
    if prologues:
        # Before the last sums, not after them: then what becomes of a sum can be computed as soon as it is there.
        known = _made_of_inputs(order, set(inputs), set(roots)) - early
        prologues[-1] += [node for node in order if node in known]
    placed = {node for section in [*blocks, *prologues] for node in section}
    return Sections(prologues, blocks, [node for node in order if node not in placed])


def _comes_from_outside(node: Expression) -> bool:
    return node.op.leaf and node.op.name != "draw"


def _phases(order: Sequence[Expression]) -> dict[Expression, int]:
    """Count the finished sums over the examples that each node has to wait for."""
    phase: dict[Expression, int] = {}
    for node in order:
        latest = max((phase.get(source, 0) for source in operands(node)), default=0)
        phase[node] = latest + 1 if sums_over_examples(node) else latest
    return phase


def _block_of(node: Expression, phase: dict[Expression, int]) -> int:
    """Return the number of the block that computes a node: a sum belongs to the block that it closes."""
    return phase[node] - 1 if sums_over_examples(node) else phase[node]


def _block(
    order: Sequence[Expression], phase: dict[Expression, int], number: int, roots: set[Expression]
) -> list[Expression]:
    """List what a block computes: its sums and rows, and all values by example that these stand on."""
    wanted: set[Expression] = set()
    for node in reversed(order):
        rows = shapes.has_examples(node.shape)
        if not rows and not sums_over_examples(node):
            continue
        own = _block_of(node, phase) == number and (not rows or node in roots)
        if own or node in wanted:
            wanted.add(node)
            wanted.update(source for source in operands(node) if shapes.has_examples(source.shape))
            wanted -= {source for source in operands(node) if source in roots and phase.get(source, 0) < number}
    return [node for node in order if node in wanted]


def _made_of_inputs(
    order: Sequence[Expression], inputs: set[Expression], roots: set[Expression]
) -> set[Expression]:
    """Collect the single numbers that stand on the inputs of a step alone, such as learning_rate / m."""
    found: set[Expression] = set()
    for node in order:
        parts = operands(node)
        if node.shape != () or node in roots or not parts:
            continue
        if all(part in found or part in inputs or part.op in (CONSTANT, COUNT) for part in parts):
            found.add(node)
    return found


def _needed_by_blocks(blocks: Sequence[Sequence[Expression]]) -> set[Expression]:
    """Collect the nodes without examples, other than sums over them, that some block depends on."""
    found: set[Expression] = set()
    stack = [source for block in blocks for node in block for source in operands(node)]
    while stack:
        node = stack.pop()
        if (
            node in found
            or _comes_from_outside(node)
            or shapes.has_examples(node.shape)
            or sums_over_examples(node)
        ):
            continue
        found.add(node)
        stack.extend(operands(node))
    return found
