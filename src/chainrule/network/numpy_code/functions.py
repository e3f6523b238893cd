"""What the functions for all examples and those for one example have in common."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from chainrule.graph.expression import DRAW, Expression
from chainrule.graph.text import Notation, formula
from chainrule.graph.walk import topological
from chainrule.network.numpy_code.block import Line, block
from chainrule.network.numpy_code.costs import Cost, Examples
from chainrule.network.numpy_code.layout import shape_text
from chainrule.network.numpy_code.names import Names
from chainrule.network.numpy_code.page import comment, dictionary, laid_out, listed, unpacked
from chainrule.network.numpy_code.scribe import Module

_RANDOM = "from 0 to 1, new in each call  "


@dataclass
class Functions:
    """Writes functions; a name means the same in all of them.

    Attributes:
        cost: the whole graph.
        examples: the part that is computed for each example.
        module: the top of the code.
        notation: of formulas in comments.
        parameters: the names of W1, b1, ...
        inputs: the names of X and y in the functions.
        names_of_values: what the named nodes of the network are called in the code.
        wishes: the names of nodes in a person's own loss, which get lines of their own.
        values: the names of the nodes of the network.
    """

    cost: Cost
    examples: Examples
    module: Module
    notation: Notation
    parameters: dict[Expression, str] = field(init=False)
    inputs: dict[Expression, str] = field(init=False)
    names_of_values: dict[str, str] = field(init=False)
    wishes: dict[Expression, str] = field(init=False)
    values: dict[Expression, str] = field(init=False)

    def __post_init__(self) -> None:
        claim, one = self.module.names.claim, self.examples
        for word in ("X", "y", "L", "J"):
            claim(word)
        self.parameters = {node: claim(str(node.name)) for node in self.cost.parameters}
        self.inputs = {node: claim(wish) if wish not in {"X", "y"} else wish for node, wish in self.name_inputs()}
        self.names_of_values = {name: claim(self.name_value(name)) for name in one.forward}
        self.wishes = {node: claim(name) for name, node in one.in_loss.items()}
        self.values = {}
        for name, node in one.forward.items():
            self.values.setdefault(node, self.names_of_values[name])

    def name_inputs(self) -> list[tuple[Expression, str]]:
        """What X and y are called."""
        return [(self.examples.X, "X"), (self.examples.y, "y")]

    def name_value(self, name: str) -> str:
        """What a named node is called."""
        return name

    @property
    def rng(self) -> str:
        """The argument that random numbers are drawn from, where there are any."""
        return ", rng" if self.cost.drops else ""

    @property
    def before(self) -> dict[Expression, str]:
        """What the forward pass reads."""
        return {**self.inputs, **self.parameters}

    @property
    def after(self) -> dict[Expression, str]:
        """What may be read after the forward pass."""
        return {**self.before, **self.values}

    def shape(self, node: Expression) -> str:
        """The shape of a node in the code, for a comment; nothing for a number."""
        shape = self.module.layout.shape(node.shape)
        return shape_text(shape) if shape else ""

    def unpack(self, read: Collection[Expression], indent: str = "    ") -> list[str]:
        """Take the parameters out of their dictionary."""
        return unpacked([name for node, name in self.parameters.items() if node in read], "parameters", indent)

    def unpack_values(self, read: Collection[Expression], indent: str = "    ") -> list[str]:
        """Take the values of the forward pass out of theirs."""
        return unpacked([name for node, name in self.values.items() if node in read], "values", indent)

    def forward_lines(self) -> tuple[list[str], set[Expression], bool]:
        """The forward pass; with what it reads, and whether it reads m."""
        items = [(self.names_of_values[name], node) for name, node in self.examples.forward.items()]
        written = block(self.module, items, self.before, self.module.names.inside())
        pairs = []
        for line in written.lines:
            words = _RANDOM if line.node.op is DRAW else ""
            pairs.append((f"{line.name} = {line.text}", words + self.shape(line.node)))
        returned = dictionary({name: name for name in self.names_of_values.values()})
        return [*laid_out(pairs), *listed("return {", returned, "}")], written.read, written.counts

    def derivatives(self, names: Names) -> tuple[dict[Expression, str], dict[str, str]]:
        """Name the derivatives.

        Returns:
            The name of each, by the parameter or by the variable that stands for it; and what each name means.
        """
        named: dict[Expression, str] = {}
        meaning: dict[str, str] = {}
        nodes = {marker: self.names_of_values.get(name, name) for name, marker, _ in self.examples.chain.steps}
        for key, by in {**nodes, **self.parameters}.items():
            named[key] = names.claim(f"d{by}")
            meaning[named[key]] = f"dJ/d{by}" if key in self.parameters else f"dL/d{by}"
        return named, meaning

    def about(self, lines: Sequence[Line], meaning: Mapping[str, str]) -> list[tuple[str, str]]:
        """Say of each line what it computes and of which shape it is."""
        return [
            (f"{line.name} = {line.text}", f"{meaning.get(line.name, '')}  {self.shape(line.node)}".strip())
            for line in lines
        ]

    def loss_comment(self, indent: str = "    ") -> list[str]:
        """Say what the loss is where the code computes it in another form."""
        names = {**self.names_of_values, "y": self.inputs[self.examples.y]}
        labels = {node: names[node.name] for node in topological([self.cost.written]) if node.name in names}
        written = formula(self.cost.written, labels=labels, notation=self.notation)
        if self.cost.sound or self.cost.written in labels:
            return []
        return comment(f"L = {written}, exact even for large Z:", indent)

    def returned_gradients(self, named: Mapping[Expression, str]) -> list[str]:
        """The dictionary of derivatives, by the names of the parameters."""
        return dictionary({name: named[node] for node, name in self.parameters.items()})

    def check(self) -> str:
        """The line that refuses a y of another shape, which NumPy would broadcast."""
        layout, whole = self.module.layout, self.cost.all_examples
        m = f"X.shape[{layout.shape(whole.X.shape).index('m')}]"
        shape = ", ".join(m if axis == "m" else str(axis) for axis in layout.shape(whole.y.shape))
        return f"    assert y.shape == ({shape}{',' if len(whole.y.shape) == 1 else ''})"
