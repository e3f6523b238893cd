"""From graphs to a program: sections, instructions, buffers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from chainrule.compiler.allocate import allocate, compact
from chainrule.compiler.fuse import Group, is_elementwise, schedule
from chainrule.compiler.map_builder import MapBuilder, copy_map
from chainrule.compiler.prepare import prepare
from chainrule.compiler.program import (
    BufferKind,
    Draw,
    Entry,
    Instruction,
    Map,
    Matmul,
    Phase,
    Program,
    Reduce,
    ReduceKind,
    Transpose,
    destinations_of,
    sources_of,
)
from chainrule.compiler.sections import needed, operands, split_into_sections, sums_over_examples
from chainrule.compiler.table import BufferTable
from chainrule.compiler.verify import verify
from chainrule.errors import UserError
from chainrule.graph import shapes
from chainrule.graph.expression import Expression, apply


@dataclass(frozen=True)
class EntrySpec:
    """What an entry computes.

    Attributes:
        outputs: expressions by the name under which the machine returns them.
        updates: for each state (a parameter, an optimizer's state), its new value after the step.
    """

    outputs: Mapping[str, Expression] = field(default_factory=dict)
    updates: Mapping[Expression, Expression] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Compiled:
    """A program, and the name of the buffer that each leaf of the graph became."""

    program: Program
    names: Mapping[Expression, str]


def compile_program(
    entries: Mapping[str, EntrySpec], *, scalars: Sequence[Expression] = (), state: Sequence[Expression] = ()
) -> Compiled:
    """Lower graphs to one program.

    Args:
        entries: what to compute, by name of the entry.
        scalars: variables that are inputs of a step (the learning rate, the step's number), not state.
        state: leaves to be numbered first among the state, so that its order is known.

    Returns:
        The program, and the names of the leaves' buffers. The graphs must be in their numerically sound form.

    Example:
        >>> import chainrule as cr
        >>> x = cr.examples("x", features=2)
        >>> W = cr.parameter("W", (2, 1))
        >>> compiled = compile_program({"forward": EntrySpec({"a": cr.tanh(x @ W)})})
        >>> print(compiled.program.listing())
        entry forward: 2 instructions
          block
            matmul t1[m 1] @0 = x @ W
            map    a[m 1] = $0
              $0 = tanh(t1)
          outputs a = a
        <BLANKLINE>
    """
    table = BufferTable(set(scalars))
    for leaf in state:
        table.leaf(leaf)
    lowered = {name: _EntryLowering(name, spec, table).lower() for name, spec in entries.items()}
    program = compact(table.buffers, lowered)
    verify(program)
    return Compiled(program, dict(table.names))


class _EntryLowering:
    """Turns one entry's graphs into instructions."""

    def __init__(self, name: str, spec: EntrySpec, table: BufferTable) -> None:
        self.name = name
        self.table = table
        roots = _own_nodes(prepare([*spec.outputs.values(), *spec.updates.values()]))
        self.outputs = dict(zip(spec.outputs, roots, strict=False))
        self.updates = dict(zip(spec.updates, roots[len(spec.outputs) :], strict=True))
        self._check_shapes()
        self.users = _Users(roots)
        # Where the value of a node lies; values by example that are no results are computed anew in each block.
        self.place: dict[Expression, int] = {}
        # The nodes of the section that is being lowered.
        self.here: set[Expression] = set()

    def _check_shapes(self) -> None:
        for name, node in self.outputs.items():
            if shapes.M in node.shape[1:]:
                raise UserError(
                    f"entry {self.name}: the output {name} has shape {shapes.text(node.shape)}, but results by "
                    "example have the axis of examples first; give out its transpose"
                )
        for leaf, node in self.updates.items():
            if leaf.shape != node.shape:
                raise UserError(
                    f"entry {self.name}: {leaf} has shape {shapes.text(leaf.shape)}, but its new value has shape "
                    f"{shapes.text(node.shape)}; broadcast it to that shape"
                )

    def lower(self) -> Entry:
        sections = split_into_sections([*self.outputs.values(), *self.updates.values()], self.table.scalars)
        phases = []
        for prologue, block in zip(sections.prologues, sections.blocks, strict=True):
            before = self._section(prologue)
            self.place = {n: at for n, at in self.place.items() if self._outlasts_a_block(n)}
            phases.append(Phase(tuple(before), tuple(self._section(block))))
        epilogue = self._section(sections.epilogue)
        outputs = {name: self._at(node) for name, node in self.outputs.items()}
        epilogue = self._write_updates(epilogue, outputs)
        entry = Entry(self.name, tuple(phases), tuple(epilogue), outputs)
        allocate(entry, self.table)
        return entry

    def _outlasts_a_block(self, node: Expression) -> bool:
        return node in self.users.roots or not shapes.has_examples(node.shape)

    def _section(self, nodes: Sequence[Expression]) -> list[Instruction]:
        instructions: list[Instruction] = []
        self.here = set(nodes)
        for group in schedule(nodes):
            if is_elementwise(group[0]):
                instructions.append(self._map(group))
            else:
                instructions += self._single(group[0])
        return instructions

    def _buffer_for(self, node: Expression) -> int:
        """Make the buffer of a node's value."""
        output = next((name for name, root in self.outputs.items() if root is node), None)
        if sums_over_examples(node):
            at = self.table.add(output or "sum", "accumulator", node.shape)
        else:
            at = self.table.add(output or "t", _kind(node, bool(output)), node.shape)
        self.place[node] = at
        return at

    def _at(self, node: Expression) -> int:
        if node not in self.place:
            return self.table.leaf(node)
        return self.place[node]

    def _single(self, node: Expression) -> list[Instruction]:
        match node.op.name:
            case "reshape":
                self.place[node] = self.table.view(self._at(node.inputs[0]), node.shape)
                return []
            case "matmul":
                return [self._matmul(node)]
            case "sum" | "max":
                kind: ReduceKind = "sum" if node.op.name == "sum" else "max"
                source = self._at(node.inputs[0])
                axes, sums = node.attributes["axes"], sums_over_examples(node)
                return [Reduce(self._buffer_for(node), source, kind, axes, sums)]
            case "draw":
                if shapes.M in node.shape[1:]:
                    raise UserError(
                        f"a draw of shape {shapes.text(node.shape)}: random numbers by example have the axis of "
                        "examples first; draw the transpose"
                    )
                return [Draw(self._buffer_for(node), node.attributes["node"])]
            case "transpose":
                return [self._transpose(node)]
        raise AssertionError(f"{node.op.name} has no instruction")

    def _transpose(self, node: Expression) -> Transpose:
        source = self._at(node.inputs[0])
        return Transpose(self._buffer_for(node), source)

    def _matmul(self, node: Expression) -> Matmul:
        a, b = operands(node)
        at_a, at_b = self._at(a), self._at(b)
        transpose_a, transpose_b = (source.op.name == "transpose" for source in node.inputs)
        return Matmul(self._buffer_for(node), at_a, at_b, transpose_a, transpose_b, sums_over_examples(node))

    def _map(self, group: Group) -> Map:
        builder = MapBuilder(self._at)
        for node in group:
            builder.add(node)
        inside = set(group)
        kept = [n for n in group if n in self.users.roots or not self._users_in_reach(n) <= inside]
        return builder.finish({node: self._buffer_for(node) for node in kept})

    def _users_in_reach(self, node: Expression) -> set[Expression]:
        """Collect who reads the value of a node as it is computed in this section."""
        users = set(self.users.of(node))
        return users & self.here if shapes.has_examples(node.shape) else users

    def _write_updates(self, epilogue: list[Instruction], outputs: Mapping[str, int]) -> list[Instruction]:
        """Let the last map that reads a state write its new value in place; copy where something else reads on."""
        copies: list[Instruction] = []
        for leaf, node in self.updates.items():
            target, source = self.table.leaf(leaf), self._at(node)
            if not self._redirect(epilogue, source, target, outputs):
                copies.append(copy_map(target, source))
        return epilogue + copies

    def _redirect(self, epilogue: list[Instruction], source: int, target: int, outputs: Mapping[str, int]) -> bool:
        writer = next((i for i, item in enumerate(epilogue) if source in destinations_of(item)), None)
        if writer is None or not isinstance(epilogue[writer], Map):
            return False
        if source in outputs.values() or self.table.has_view(source):
            return False
        later = epilogue[writer + 1 :]
        if any(self.table.memory(read) in {source, target} for item in later for read in sources_of(item)):
            return False
        item = epilogue[writer]
        assert isinstance(item, Map)
        destinations = tuple(target if at == source else at for at in item.destinations)
        epilogue[writer] = Map(destinations, item.sources, item.steps, item.results)
        return True


def _kind(node: Expression, is_output: bool) -> BufferKind:
    if not is_output:
        return "temporary"
    return "rows" if shapes.has_examples(node.shape) else "result"


def _own_nodes(roots: Sequence[Expression]) -> list[Expression]:
    """Give each root a node, and so a buffer, that is computed for it alone: copies of leaves, views and twins."""
    own: list[Expression] = []
    for root in roots:
        shared = root.op.leaf or root.op.name == "reshape" or root in own
        own.append(apply("copy", root) if shared else root)
    return own


class _Users:
    """Who reads each node."""

    def __init__(self, roots: Sequence[Expression]) -> None:
        self.roots = set(roots)
        self._users: dict[Expression, list[Expression]] = {}
        for node in needed(roots):
            for source in operands(node):
                self._users.setdefault(source, []).append(node)

    def of(self, node: Expression) -> list[Expression]:
        return self._users.get(node, [])
