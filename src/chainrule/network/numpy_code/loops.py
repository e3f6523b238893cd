"""The functions that go through the examples one by one, as a course shows it first."""

from __future__ import annotations

from collections.abc import Mapping

from chainrule.graph.expression import Expression, variable
from chainrule.graph.shapes import M, Shape
from chainrule.graph.text import Notation
from chainrule.network.numpy_code.block import count_line
from chainrule.network.numpy_code.costs import Cost
from chainrule.network.numpy_code.functions import Functions
from chainrule.network.numpy_code.layout import size_text
from chainrule.network.numpy_code.names import Names
from chainrule.network.numpy_code.page import laid_out, listed, statements
from chainrule.network.numpy_code.scribe import Module

_INNER = " " * 8


def with_loops(cost: Cost, module: Module, notation: Notation) -> list[list[str]]:
    """Write the forward pass of one example, and the loop over the examples, each as its lines."""
    whole, one, names = cost.all_examples, cost.one_example(), module.names
    names.claim("X"), names.claim("y")
    inputs = {one.X: names.claim("x"), one.y: names.claim("y_i")}
    values = {name: names.claim(_of_one(name, node)) for name, node in whole.forward.items()}
    functions = _Loops(cost, one, module, notation, inputs, values)
    return [functions.forward(), functions.loop()]


def _of_one(name: str, node: Expression) -> str:
    """One example's row of a matrix has the small letter: z1 of Z1."""
    return name.lower() if len(node.shape) == 2 else name


class _Loops(Functions):
    def forward(self) -> list[str]:
        lines, read, _ = self.forward_lines()
        return [
            f"def forward(x, parameters{self.rng}):",
            f'    """Forward propagation of one example x, of shape {self.shape(self.examples.X)}."""',
            *self.unpack(read),
            "",
            *lines,
        ]

    def loop(self) -> list[str]:
        names = self.module.names.inside()
        J = names.claim("J")
        named, meaning = self.derivatives(names)
        inside, read = self._inside(names, J, named, meaning)
        after, more = self._after(names, J, named)
        whole = self.cost.all_examples
        starts = [(f"{J} = 0.0", "")]
        starts += [
            (f"{named[node]} = np.zeros({size_text(self.module.layout.shape(node.shape))})", "")
            for node in self.parameters
        ]
        X, y = (_row(self.module, name, node.shape) for name, node in (("X", whole.X), ("y", whole.y)))
        return [
            f"def cost_and_gradients(X, y, parameters{self.rng}):",
            '    """The cost J and its derivatives by every parameter, summed up one example at a time."""',
            *self.unpack(read | more),
            f"    {count_line(self.module, (whole.X, 'X'))}",
            *laid_out(starts),
            "",
            "    for i in range(m):",
            f"        {self.inputs[self.examples.X]}, {self.inputs[self.examples.y]} = {X}, {y}",
            "",
            "        # Forward.",
            f"        values = forward({self.inputs[self.examples.X]}, parameters{self.rng})",
            *self.unpack_values(read, _INNER),
            *inside,
            "",
            "    # From sums over the examples to means" + (", and the price of large weights." if more else "."),
            *laid_out(after),
            *listed(f"return {J}, {{", self.returned_gradients(named).split(", "), "}"),
        ]

    def _inside(
        self, names: Names, J: str, named: Mapping[Expression, str], meaning: Mapping[str, str]
    ) -> tuple[list[str], set[Expression]]:
        """The lines of the loop after the forward pass, and what they read."""
        one, L = self.examples, names.claim("L")
        losses, read, _ = statements(self.module, [(L, one.L)], self.after, names)
        sums, _, _ = statements(self.module, [(J, one.each)], {one.loss: L}, names)
        steps = {key: name for key, name in named.items() if key not in self.parameters}
        items = [(named[key], g) for key, g in one.chain.in_order(self.cost.parameters)]
        lines, more, _ = statements(self.module, items, self.after | steps, names)
        totals = {J, *(named[node] for node in self.parameters)}
        pairs = []
        for line, (code, words) in zip(lines, self.about(lines, meaning), strict=True):
            adds = line.name in totals
            pairs.append((f"{line.name} += {line.text}", self.shape(line.node)) if adds else (code, words))
        return [
            "",
            *self.loss_comment(_INNER),
            *laid_out(self.about(losses, {L: "the loss of this example"}), _INNER),
            *laid_out(
                [(f"{line.name} {'+=' if line.name == J else '='} {line.text}", "") for line in sums], _INNER
            ),
            "",
            "        # Backward.",
            *laid_out(pairs, _INNER),
        ], read | more

    def _after(
        self, names: Names, J: str, named: Mapping[Expression, str]
    ) -> tuple[list[tuple[str, str]], set[Expression]]:
        """The lines after the loop, and which parameters they read."""
        sums = {node: variable(name, node.shape) for node, name in named.items() if node in self.parameters}
        known = {**self.parameters, self.cost.total: J, **{total: named[node] for node, total in sums.items()}}
        items = [(J, self.cost.J), *((named[n], self.cost.gradient(n, sums[n])) for n in self.parameters)]
        lines, read, _ = statements(self.module, items, known, names)
        return self.about(lines, {J: "the cost", **{named[n]: f"dJ/d{self.parameters[n]}" for n in sums}}), {
            node for node in read if node in self.parameters
        }


def _row(module: Module, name: str, shape: Shape) -> str:
    """Take one example out of an input: a row, or a column, which stays one."""
    if len(shape) == 1 or not module.layout.columns:
        return f"{name}[i]"
    return f"{name}[:, [i]]" if module.layout.shape(shape)[1] == M else f"{name}[i]"
