"""The choices of a drawing of a network, checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, SupportsIndex, get_args

from chainrule.arguments import positive, whole
from chainrule.errors import UserError
from chainrule.graph.draw.colors import Theme, check_theme
from chainrule.graph.text import Notation, check_notation
from chainrule.network.layers import Dense
from chainrule.network.names import chosen
from chainrule.network.network import Network

Level = Literal["network", "layers", "neuron", "examples"]

# Fewer could not show the first, an ellipsis and the last.
_LEAST_SHOWN = 3


@dataclass(frozen=True)
class Options:
    """What to draw and how; layers, neurons and examples count from 1, as in W1 and x^(1).

    Attributes:
        level: "network" (circles and lines), "layers" (a box each), "neuron" (one of them opened), "examples".
        backward: whether gradients are shown.
        notation: "rows" or "columns".
        theme: "auto", "light" or "dark".
        layer, neuron: which neuron is opened.
        example: whose numbers are shown.
        classes: what the outputs are called.
        max_neurons, max_layers, max_examples: how many are drawn before an ellipsis stands for the rest.
        learning_rate: of the update that is drawn beside the gradients; None for no update.
    """

    level: Level = "network"
    backward: bool = False
    notation: Notation = "rows"
    theme: Theme = "auto"
    layer: int = 1
    neuron: int = 1
    example: int = 1
    classes: tuple[str, ...] = ()
    max_neurons: int = 8
    max_layers: int = 8
    max_examples: int = 3
    learning_rate: float | None = None


def checked_options(
    network: Network,
    *,
    level: Level = "network",
    backward: bool = False,
    learning_rate: float | None = None,
    notation: Notation = "rows",
    theme: Theme = "auto",
    layer: SupportsIndex = 1,
    neuron: SupportsIndex = 1,
    example: SupportsIndex = 1,
    classes: Sequence[Any] | None = None,
    max_neurons: SupportsIndex = Options.max_neurons,
    max_layers: SupportsIndex = Options.max_layers,
    max_examples: SupportsIndex = Options.max_examples,
) -> Options:
    """Return the options of a drawing of a network.

    Raises:
        UserError: one of them makes no sense for the network.
    """
    chosen("level", level, dict.fromkeys(get_args(Level)))
    if not isinstance(backward, bool):
        raise UserError(f"backward is True or False, not {backward!r:.60}")
    dense = [one for one in network.layers if isinstance(one, Dense)]
    number = _counted(layer, "layer", len(dense), "Dense layers")
    return Options(
        level=level,
        backward=backward,
        notation=check_notation(notation),
        theme=check_theme(theme),
        layer=number,
        neuron=_counted(neuron, "neuron", dense[number - 1].units, f"neurons of layer {number}"),
        example=whole(example, "example (counted from 1)", least=1),
        classes=_class_names(classes, network.outputs),
        max_neurons=whole(max_neurons, "max_neurons", least=_LEAST_SHOWN),
        max_layers=whole(max_layers, "max_layers", least=_LEAST_SHOWN),
        max_examples=whole(max_examples, "max_examples", least=_LEAST_SHOWN),
        learning_rate=_learning_rate(learning_rate, backward=backward),
    )


def _learning_rate(value: float | None, *, backward: bool) -> float | None:
    if value is None:
        return None
    if not backward:
        raise UserError("the update at a learning rate needs the gradients: draw with backward=True")
    return positive(value, "learning_rate")


def _counted(value: SupportsIndex, name: str, most: int, of_what: str) -> int:
    number = whole(value, f"{name} (counted from 1)", least=1)
    if number > most:
        raise UserError(f"there is no {name} {number}: the {of_what} count from 1 to {most}")
    return number


def _class_names(classes: Sequence[Any] | None, outputs: int) -> tuple[str, ...]:
    if classes is None:
        return ()
    if isinstance(classes, str) or not isinstance(classes, Sequence):
        raise UserError(f"classes is a list of names, one an output, not {classes!r:.60}")
    expected = max(outputs, 2)
    if len(classes) != expected:
        why = "one for each output" if outputs > 1 else "of the negative and the positive class"
        raise UserError(f"classes has {len(classes)} names, but must have {expected}: {why}")
    return tuple(map(str, classes))
