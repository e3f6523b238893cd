"""Drawing a network: what `network.draw` does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, SupportsIndex

from numpy.typing import ArrayLike

from chainrule.errors import UserError
from chainrule.graph.draw.drawing import Drawing
from chainrule.graph.draw.svg import Canvas
from chainrule.graph.trace.trace import Trace
from chainrule.network.drawing.options import Level, Options, checked_options
from chainrule.network.drawing.subject import LossChoice, Subject, subject_of
from chainrule.network.drawing.words import Words
from chainrule.network.network import Network

Draw = Callable[[Canvas, Subject, Options, Words], None]


def draw_network(
    network: Network,
    features: SupportsIndex | None = None,
    *,
    parameters: Mapping[str, ArrayLike] | None = None,
    X: ArrayLike | None = None,
    y: ArrayLike | None = None,
    loss: LossChoice = None,
    trace: Trace | None = None,
    backward: bool = False,
    **choices: Any,
) -> Drawing:
    """Draw a network; `Network.draw` says what everything means.

    >>> from chainrule.network.layers import Dense
    >>> draw_network(Network([Dense(4, "relu"), Dense(1, "sigmoid")]), 2)
    <Drawing of the network 2-4-1>
    """
    options = checked_options(network, backward=backward, **choices)
    subject = subject_of(
        network, features, parameters=parameters, X=X, y=y, loss=loss, given=trace, backward=backward
    )
    _check_example(subject, options)
    summary = f"the network {sizes_text(subject)}" + _LEVELS[options.level]
    canvas = Canvas(f"A drawing of {summary}", theme=options.theme, description=described(subject))
    _drawing_of(options.level)(canvas, subject, options, Words(subject, options.notation))
    return Drawing(canvas.render(), summary)


# A network of more layers is not written out.
_SIZES = 8
_LEVELS = {
    "network": "",
    "layers": ", a layer a box",
    "neuron": ", one neuron opened",
    "examples": ", its examples unrolled",
}


def sizes_text(subject: Subject) -> str:
    """Write the sizes of a network from its input to its output, for example `2-4-1`."""
    features = "n" if subject.features is None else str(subject.features)
    sizes = [features, *(str(view.dense.units) for view in subject.dense if view.dense)]
    if len(sizes) > _SIZES:
        return "-".join([*sizes[: _SIZES - 1], "…", sizes[-1]]) + f" of {len(sizes) - 1:,} layers"
    return "-".join(sizes)


def described(subject: Subject) -> str:
    """Write what a network is made of, for people who cannot see its drawing."""
    layers = [view.dense for view in subject.dense if view.dense]
    parts = [f"layer {place}: {one.units} {one.activation.name}" for place, one in enumerate(layers, start=1)]
    if len(parts) > _SIZES:
        parts = [*parts[: _SIZES - 1], "…", parts[-1]]
    features = "n" if subject.features is None else f"{subject.features:,}"
    return f"input: {features}; " + "; ".join(parts)


def _check_example(subject: Subject, options: Options) -> None:
    X = subject.value(subject.X)
    if X is not None and options.example > len(X):
        raise UserError(f"there is no example {options.example}: the rows of X count from 1 to {len(X):,}")


def _drawing_of(level: Level) -> Draw:
    """Return what draws a level; only its modules are imported."""
    if level == "layers":
        from chainrule.network.drawing.layers_level import draw_layers

        return draw_layers
    if level == "neuron":
        from chainrule.network.drawing.neuron_level import draw_neuron

        return draw_neuron
    if level == "examples":
        from chainrule.network.drawing.examples_level import draw_examples

        return draw_examples
    from chainrule.network.drawing.circles import draw_circles

    return draw_circles
