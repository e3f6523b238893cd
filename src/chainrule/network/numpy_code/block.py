"""The lines of a function: one for each named node, and for what would be computed twice or be too long."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chainrule.errors import UserError
from chainrule.graph import shapes
from chainrule.graph.expression import Expression, variable
from chainrule.graph.shapes import M
from chainrule.graph.simplify import simplify
from chainrule.graph.walk import topological
from chainrule.network.numpy_code import arrays, elementwise
from chainrule.network.numpy_code.layout import CALL, Written
from chainrule.network.numpy_code.names import Names
from chainrule.network.numpy_code.scribe import Module, Rules, Scribe, as_numbers

RULES: Rules = {**elementwise.RULES, **arrays.RULES}

# A line of a function with its indent is to stay below 88, where most people's linters draw the line.
WIDTH = 88
_LONGEST = 70
# No shorter than a name would be.
_SHORT = 8
# Not worth a line of their own, however often they are used.
_CHEAP = {"reshape", "transpose", "broadcast_to", "copy", "negate", "constant", "count"}

# What is worth saying of functions that stand for several operations.
_DESCRIPTIONS = {
    "logit_cross_entropy": "-(y log a + (1 - y) log(1 - a)) of a = sigmoid(z), exact even for large z.",
    "softmax": "exp(z) / sum(exp(z)) over the classes; z less its largest, so no overflow.",
    "softplus": "log(1 + exp(z)), written so that exp never overflows.",
    "gelu": "z times the normal distribution function at z.",
}


@dataclass(frozen=True)
class Line:
    """An assignment: name = text."""

    name: str
    text: str
    node: Expression


@dataclass(frozen=True)
class Block:
    """Some lines.

    Attributes:
        lines: in order.
        counts: whether they read m, the number of examples.
        read: the nodes from outside that they read.
    """

    lines: list[Line]
    counts: bool
    read: set[Expression]


def block(
    module: Module,
    targets: Sequence[tuple[str, Expression]],
    known: Mapping[Expression, str],
    names: Names,
    wishes: Mapping[Expression, str] | None = None,
) -> Block:
    """Write the lines that compute the targets, one after the other, from what is known.

    Args:
        module: the top of the code.
        targets: a name and a node each; a node that is known under another name is copied to it.
        known: what the lines may read, by the name that it has.
        names: the names of the function.
        wishes: free names for nodes that get a line of their own where they are needed.

    Raises:
        UserError: an operation that cannot be written in NumPy.
    """
    return _Block(module, targets, known, names, wishes or {}).result()


class _Block:
    def __init__(
        self,
        module: Module,
        targets: Sequence[tuple[str, Expression]],
        known: Mapping[Expression, str],
        names: Names,
        wishes: Mapping[Expression, str],
    ) -> None:
        self.known, self.names, self.targets, self.wishes = known, names, targets, wishes
        self.scribe = Scribe(module, {node: Written(name) for node, name in known.items()}, _composite)
        self.lines: list[Line] = []
        self.named = set(known)
        self.order = self._inputs_first([node for _, node in targets])
        self.uses = Counter(source for node in self.order if node not in known for source in node.inputs)

    def _inputs_first(self, roots: Sequence[Expression]) -> list[Expression]:
        written = set(self.scribe.written)
        return topological(roots, lambda node: () if node in written else node.inputs)

    def result(self) -> Block:
        wanted: dict[Expression, str] = {}
        for name, root in self.targets:
            wanted.setdefault(root, name)
        for name, root in self.targets:
            for node in self._inputs_first([root]):
                if node not in self.scribe.written:
                    self._settle(node, wanted.get(node))
            if all(line.name != name for line in self.lines):
                self.lines.append(Line(name, self.scribe.written[root].text, root))
        return Block(self.lines, self.scribe.counts, {node for node in self.order if node in self.known})

    def _settle(self, node: Expression, name: str | None) -> None:
        """Write a node, on a line of its own if it has a name or is used more than once."""
        self._write(node, len(name or ""))
        if name is not None:
            self._assign(name, node, as_numbers(self.scribe.written[node]))
        elif node in self.wishes:
            self._assign(self.wishes[node], node, as_numbers(self.scribe.written[node]))
        elif self.uses[node] > 1 and node.op.name not in _CHEAP:
            self._assign(self._temporary(node), node, self.scribe.written[node])

    def _write(self, node: Expression, name_length: int) -> None:
        """Write a node; where that is too long, its longest inputs get lines of their own."""
        while True:
            self.scribe.written[node] = written_operation(self.scribe, node)
            long = len(self.scribe.written[node].text) + name_length > _LONGEST
            parts = [source for source in node.inputs if source not in self.named and not source.op.leaf]
            longest = max(parts, key=lambda source: len(self.scribe.written[source].text), default=None)
            if not long or longest is None or len(self.scribe.written[longest].text) <= _SHORT:
                return
            self._assign(self._temporary(longest), longest, self.scribe.written[longest])

    def _temporary(self, node: Expression) -> str:
        return self.names.claim("e") if node.op.name == "exp" else self.names.numbered("t")

    def _assign(self, name: str, node: Expression, written: Written) -> None:
        self.lines.append(Line(name, written.text, node))
        self.named.add(node)
        self.scribe.written[node] = Written(name, truth=written.truth)


def written_operation(scribe: Scribe, node: Expression) -> Written:
    """Write a node whose inputs are written.

    Raises:
        UserError: an operation that cannot be written in NumPy.
    """
    rule = RULES.get(node.op.name)
    if rule is not None:
        return rule(scribe, node)
    if node.op.expand is None:
        raise UserError(f"the operation {node.op.name} has no form in NumPy code; write it with others")
    return scribe.composite(scribe, node)


def _composite(scribe: Scribe, node: Expression) -> Written:
    """Call a function of the code for an operation that is made of others, and write the function from these."""
    letters = ("z",) if len(node.inputs) == 1 else ("z", "y") if len(node.inputs) == 2 else tuple("abcdef")
    inputs = [variable(name, source.shape) for name, source in zip(letters, node.inputs, strict=False)]
    expand = node.op.expand
    assert expand is not None
    (made_of,) = simplify([expand(Expression(node.op, inputs, node.attributes))])
    names = Names({*scribe.module.helpers.values(), *scribe.module.constants})
    known = {each: names.claim(str(each)) for each in inputs}
    body = block(scribe.module, [("result", made_of)], known, names)
    lines = [f"def NAME({', '.join(known.values())}):"]
    if node.op.name in _DESCRIPTIONS:
        lines.append(f'    """{_DESCRIPTIONS[node.op.name]}"""')
    if body.counts:
        lines.append(f"    {count_line(scribe.module, next(iter(known.items())))}")
    lines += [f"    {line.name} = {line.text}" for line in body.lines[:-1]]
    lines.append(f"    return {body.lines[-1].text}")
    name = scribe.module.helper(node.op.name, "\n".join(lines) + "\n")
    return Written(f"{name}({', '.join(scribe.value(source).text for source in node.inputs)})", CALL)


def count_line(module: Module, item: tuple[Expression, str]) -> str:
    """The line that reads m off an array that has the axis of examples."""
    node, name = item
    shape = module.layout.shape(node.shape)
    assert shapes.has_examples(shape)
    return f"m = {name}.shape[{shape.index(M)}]"
