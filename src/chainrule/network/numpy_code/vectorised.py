"""The functions for all examples at once."""

from __future__ import annotations

from chainrule.graph.text import Notation
from chainrule.network.numpy_code.block import block, count_line
from chainrule.network.numpy_code.costs import Cost
from chainrule.network.numpy_code.functions import Functions
from chainrule.network.numpy_code.page import laid_out, listed
from chainrule.network.numpy_code.scribe import Module


def vectorised(cost: Cost, module: Module, notation: Notation) -> list[list[str]]:
    """Write forward, cost, backward, and the three in one, each as its lines."""
    functions = _Vectorised(cost, cost.all_examples, module, notation)
    return [functions.forward(), functions.cost_function(), functions.backward(), functions.both()]


class _Vectorised(Functions):
    def forward(self) -> list[str]:
        lines, read, counts = self.forward_lines()
        return [
            f"def forward(X, parameters{self.rng}):",
            '    """Forward propagation, from X to the output of the network."""',
            *self.unpack(read),
            *self._count("X", counts),
            "",
            *lines,
        ]

    def cost_function(self) -> list[str]:
        whole, names = self.examples, self.module.names.inside()
        losses = block(self.module, [("L", whole.L)], self.after, names, self.wishes)
        costs = block(self.module, [("J", self.cost.J_of_losses)], {**self.parameters, whole.loss: "L"}, names)
        meaning = {"L": "the loss of each example", "J": "the cost"}
        price = ", and the price of large weights" if self.cost.penalties else ""
        return [
            "def cost(y, parameters, values):",
            f'    """The cost J: the mean loss of the examples{price}."""',
            *self.unpack(losses.read | costs.read),
            *self.unpack_values(losses.read),
            *self._count("y", losses.counts or costs.counts),
            "",
            *self.loss_comment(),
            *laid_out(self.about([*losses.lines, *costs.lines], meaning)),
            "    return J",
        ]

    def backward(self) -> list[str]:
        names = self.module.names.inside()
        named, meaning = self.derivatives(names)
        items = [
            (named[key], self.cost.gradient(key, g) if key in self.parameters else g)
            for key, g in self.examples.chain.in_order(self.cost.parameters)
        ]
        steps = {key: name for key, name in named.items() if key not in self.parameters}
        written = block(self.module, items, self.after | steps, names, self.wishes)
        return [
            "def backward(X, y, parameters, values):",
            '    """Backpropagation, from the cost to every parameter."""',
            *self.unpack(written.read),
            *self.unpack_values(written.read),
            *self._count("X", written.counts),
            "",
            *laid_out(self.about(written.lines, meaning)),
            *listed("return {", self.returned_gradients(named), "}"),
        ]

    def both(self) -> list[str]:
        return [
            f"def cost_and_gradients(X, y, parameters{self.rng}):",
            '    """The cost J and its derivatives by every parameter."""',
            self.check(),
            f"    values = forward(X, parameters{self.rng})",
            "    J = cost(y, parameters, values)",
            "    return J, backward(X, y, parameters, values)",
        ]

    def _count(self, name: str, counts: bool) -> list[str]:
        node = self.examples.X if name == "X" else self.examples.y
        return [f"    {count_line(self.module, (node, name))}"] if counts else []
