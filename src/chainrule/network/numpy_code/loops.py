"""The functions that go through the examples one by one, as a course shows it first."""

from __future__ import annotations

from collections.abc import Mapping

from chainrule.graph.expression import Expression, apply, variable
from chainrule.graph.shapes import M, Shape
from chainrule.graph.text import Notation
from chainrule.network.numpy_code.block import block, count_line
from chainrule.network.numpy_code.costs import Cost
from chainrule.network.numpy_code.functions import Functions
from chainrule.network.numpy_code.layout import size_text
from chainrule.network.numpy_code.names import Names
from chainrule.network.numpy_code.page import laid_out, listed
from chainrule.network.numpy_code.scribe import Module

_INNER = " " * 8


def with_loops(cost: Cost, module: Module, notation: Notation) -> list[list[str]]:
    """Write the forward pass of one example, and the loop over the examples, each as its lines."""
    functions = _Loops(cost, cost.one_example(), module, notation)
    return [functions.forward(), functions.loop()]


class _Loops(Functions):
    def name_inputs(self) -> list[tuple[Expression, str]]:
        return [(self.examples.X, "x"), (self.examples.y, "y_i")]

    def name_value(self, name: str) -> str:
        """One example's row of a matrix has the small letter: z1 of Z1."""
        return name.lower() if len(self.cost.all_examples.forward[name].shape) == 2 else name

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
        named, meaning = self.derivatives(names)
        inside, read = self._inside(names, named, meaning)
        after, penalised = self._after(names, named)
        whole, x, y = self.cost.all_examples, self.inputs[self.examples.X], self.inputs[self.examples.y]
        rows = [_row(self.module, name, node.shape) for name, node in (("X", whole.X), ("y", whole.y))]
        zeros = [size_text(self.module.layout.shape(node.shape)) for node in self.parameters]
        return [
            f"def cost_and_gradients(X, y, parameters{self.rng}):",
            '    """The cost J and its derivatives by every parameter, one example at a time."""',
            self.check(),
            *self.unpack(read | penalised),
            f"    {count_line(self.module, (whole.X, 'X'))}",
            "    J = 0.0",
            *(f"    {named[n]} = np.zeros({shape})" for n, shape in zip(self.parameters, zeros, strict=True)),
            "",
            "    for i in range(m):",
            f"        {x}, {y} = {', '.join(rows)}",
            "",
            "        # Forward.",
            f"        values = forward({x}, parameters{self.rng})",
            *self.unpack_values(read, _INNER),
            "",
            *inside,
            "",
            f"    # From sums over the examples to means{', and the price of large weights' if penalised else ''}.",
            *laid_out(after),
            *listed("return J, {", self.returned_gradients(named), "}"),
        ]

    def _inside(
        self, names: Names, named: Mapping[Expression, str], meaning: Mapping[str, str]
    ) -> tuple[list[str], set[Expression]]:
        """The lines of the loop after the forward pass, and what they read."""
        one, totals = self.examples, {named[node] for node in self.parameters}
        steps = {key: name for key, name in named.items() if key not in self.parameters}
        items = [("L", one.L)]
        for key, g in one.chain.in_order(self.cost.parameters):
            # What is added to a sum is a node of its own: nothing else may read the sum in its place.
            items.append((named[key], apply("copy", g) if key in self.parameters else g))
        written = block(self.module, items, self.after | steps, names, self.wishes)
        last = [line.name for line in written.lines].index("L") + 1
        losses = self.about(written.lines[:last], {"L": "the loss of this example"})
        sums = block(self.module, [("J", one.each)], {one.loss: "L"}, names).lines
        backward = [
            (f"{line.name} += {line.text}", self.shape(line.node)) if line.name in totals else described
            for line, described in zip(written.lines, self.about(written.lines, meaning), strict=True)
        ]
        return [
            *self.loss_comment(_INNER),
            *laid_out(losses, _INNER),
            *(
                f"{_INNER}J += {line.text}" if line.name == "J" else f"{_INNER}{line.name} = {line.text}"
                for line in sums
            ),
            "",
            "        # Backward.",
            *laid_out(backward[last:], _INNER),
        ], written.read

    def _after(
        self, names: Names, named: Mapping[Expression, str]
    ) -> tuple[list[tuple[str, str]], set[Expression]]:
        """The lines after the loop, and the weights that they read."""
        sums = {node: variable(named[node], node.shape) for node in self.parameters}
        known = {**self.parameters, self.cost.total: "J", **{total: named[node] for node, total in sums.items()}}
        items = [("J", self.cost.J), *((named[n], self.cost.gradient(n, total)) for n, total in sums.items())]
        written = block(self.module, items, known, names)
        meaning = {"J": "the cost", **{named[node]: f"dJ/d{name}" for node, name in self.parameters.items()}}
        return self.about(written.lines, meaning), written.read & set(self.parameters)


def _row(module: Module, name: str, shape: Shape) -> str:
    """Take one example out of an input: a row, or a column, which stays one."""
    if len(shape) == 1 or not module.layout.columns:
        return f"{name}[i]"
    return f"{name}[:, [i]]" if module.layout.shape(shape)[1] == M else f"{name}[i]"
