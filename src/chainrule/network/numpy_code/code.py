"""`Network.as_numpy`: the code as text that can be printed and saved."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import SupportsIndex

from chainrule.arguments import from_zero, positive, whole
from chainrule.errors import UserError
from chainrule.files import write_atomically
from chainrule.graph.text import Notation, check_notation
from chainrule.network.losses import Function, Loss
from chainrule.network.network import Network
from chainrule.network.numpy_code.costs import Cost
from chainrule.network.numpy_code.header import definitions, facts, top, update_functions
from chainrule.network.numpy_code.layout import Layout
from chainrule.network.numpy_code.loops import with_loops
from chainrule.network.numpy_code.scribe import Module
from chainrule.network.numpy_code.vectorised import vectorised


@dataclass(frozen=True, repr=False)
class NumpyCode:
    """Python code of a network that needs nothing but NumPy; `print` shows it, and so do notebooks.

    Attributes:
        text: the code.
        names: the functions in it.
        summary: what it computes, in a few words.

    Example:
        >>> import chainrule as cr
        >>> code = cr.Network([cr.Dense(1, "sigmoid")]).as_numpy(2)
        >>> code
        <NumpyCode of the network 2-1, all examples at once>
        >>> code.names
        ('forward', 'cost', 'backward', 'cost_and_gradients', 'update', 'gradient_descent')
    """

    text: str
    names: tuple[str, ...]
    summary: str

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the code to a `.py` file, whole or not at all.

        Raises:
            UserError: a name with another ending.
            WorkFailed: the file cannot be written.
        """
        name = os.fspath(path)
        if os.path.splitext(name)[1] != ".py":
            raise UserError(f"Python code is saved with a name that ends in .py, not as {name!r}")
        write_atomically(path, self.text.encode())

    def _repr_markdown_(self) -> str:
        return f"```python\n{self.text}```"

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<NumpyCode of {self.summary}>"


_WORDS = """`parameters` is a dictionary of W1, b1, ... by name; `gradient_descent` trains it.
dW1 is short for dJ/dW1, J the cost; dZ1 for dL/dZ1, L the loss of each example.
Written by chainrule from the graph of the network and its derivatives."""
_DROPOUT = """
Dropout is drawn from `rng`, such as np.random.default_rng(0), in each `forward`.
For predictions, write the code of the network without Dropout."""
_MOST_SIZES = 12


def numpy_code(
    network: Network,
    features: SupportsIndex | None,
    loops: bool,
    loss: str | Loss | Function | None,
    l1: float,
    l2: float,
    learning_rate: float,
    notation: Notation,
) -> NumpyCode:
    """Write a network with a cost as NumPy code; see `Network.as_numpy`."""
    rate = positive(learning_rate, "learning_rate")
    if not isinstance(loops, bool):
        raise UserError(f"loops is True or False, not {loops!r:.60}")
    if features is None:
        raise UserError("as_numpy: say how many numbers an example has: network.as_numpy(features=...)")
    width = whole(features, "features (how many numbers an example has)", least=1)
    cost = Cost.build(network, width, loss, l1=from_zero(l1, "l1"), l2=from_zero(l2, "l2"))
    module = Module(Layout(check_notation(notation) == "columns"))
    functions = (with_loops if loops else vectorised)(cost, module, notation)
    functions.append(update_functions(rate, ", rng" if cost.drops else ""))
    sizes = [str(W.shape[0]) for W in cost.parameters if len(W.shape) == 2] + [str(network.outputs)]
    if len(sizes) > _MOST_SIZES:
        sizes = [*sizes[:4], "...", *sizes[-3:]]
    how = "example by example" if loops else "all examples at once"
    summary = f"the network {'-'.join(sizes)}, {how}"
    words = _WORDS + (_DROPOUT if cost.drops else "")
    title = f"T{summary[1:]}, in NumPy."
    lines = top(title, facts(cost, module.layout), words) + definitions(module)
    for function in functions:
        lines += ["", "", *function]
    text = "\n".join(lines) + "\n"
    names = tuple(line[4 : line.index("(")] for f in functions for line in f if line.startswith("def "))
    return NumpyCode(text, names, summary)
