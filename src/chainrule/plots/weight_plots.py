"""The weights of a network as pictures: of each neuron that sees a picture, or of each layer as a table."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chainrule.arguments import whole
from chainrule.errors import UserError
from chainrule.plots.models import titled
from chainrule.plots.style import SMALL_SIZE, FigureTheme, Style, styled
from chainrule.training.model_graph import TrainedModel

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

Numbers = NDArray[np.float64]
Shape = tuple[int, int, int]

_MOST_NEURONS, _MOST_WITH_PLANES, _MOST_LAYERS = 36, 4, 6
# Beyond the scale lies at most this share of the weights: a few large ones would make all others pale.
_BEYOND = 0.002
# Up to so many cells, a table has its numbers written in.
_WRITTEN_ROWS, _WRITTEN_COLUMNS, _MOST_TICKS = 16, 4, 8
# In inches.
_WIDTH, _LEAST_WIDTH, _LARGEST_TILE = 8.4, 5.6, 3.6


def weights(
    model: TrainedModel,
    *,
    shape: Sequence[int] | None = None,
    neurons: Sequence[int] | None = None,
    planes: bool | None = None,
    theme: FigureTheme = "light",
) -> Figure:
    """Draw the weights of each neuron of the first layer as a picture of the shape that it sees.

    Where a weight is positive (blue), a brighter pixel makes the neuron's z larger; where it is negative (orange),
    smaller. Colour pictures have three weights a pixel: drawn as one colour picture (grey is 0) and, for a few
    neurons, as three planes. All pictures have one scale. A model whose rows are no pictures has its layers drawn
    as tables, a row for an input and a column for a neuron.

    Args:
        model: a trained model.
        shape: (height, width) or (height, width, channels) of a row of X, whose numbers lie in this order. None
            takes that of the model's picture settings, if it has them.
        neurons: which neurons of the first layer, counted from 0 as in W1[:, 0]. None takes all; of more than 36,
            those with the largest weights.
        planes: whether to draw the red, green and blue weights of each neuron too; None does so for up to 4.
        theme: "light" or "dark".

    Returns:
        The figure.

    Raises:
        UserError: a shape that does not fit the rows, or neurons that are not there.

    Example:
        >>> import chainrule as cr
        >>> import numpy as np
        >>> X = np.random.default_rng(0).integers(0, 256, (40, 12), dtype=np.uint8)
        >>> network = cr.Network([cr.Dense(3, "relu"), cr.Dense(1, "sigmoid")])
        >>> model = cr.fit(network, X, X.mean(axis=1) > 127, epochs=2)
        >>> figure = cr.plots.weights(model, shape=(3, 4))
        >>> [axes.get_title() for axes in figure.axes[:3]]
        ['neuron 1', 'neuron 2', 'neuron 3']
    """
    titled(model)
    found = _shape(model, shape)
    if found is None:
        if neurons is not None or planes is not None:
            raise UserError(
                "the rows of this model are no pictures: say what they show with shape=(height, width), or draw "
                "the layers as tables, without neurons and planes"
            )
        return _tables(model, theme)
    chosen = _chosen(model, neurons)
    pictures = np.stack([np.asarray(model.parameters["W1"][:, j], np.float64).reshape(found) for j in chosen])
    with_planes = len(chosen) <= _MOST_WITH_PLANES if planes is None else planes
    titles = _titles(model, chosen)
    total = model.parameters["W1"].shape[1]
    scale = _Scale.of(pictures)
    with styled(theme) as style:
        heading = f"The weights of {_counted(len(chosen), total, chosen_by_size=neurons is None)}"
        if found[2] == 3 and with_planes:
            return _planes(style, pictures, titles, scale, heading)
        return _tiles(style, pictures, titles, scale, heading)


@dataclass(frozen=True)
class _Scale:
    """The weight that has the full colour, and whether some lie beyond."""

    largest: float
    clipped: bool

    @classmethod
    def of(cls, values: Numbers) -> _Scale:
        sizes = np.sort(np.abs(values), axis=None)
        largest = float(sizes[-1 - int(_BEYOND * len(sizes))])
        # Weights that are nearly all 0 would else have no scale.
        largest = largest if largest > 0 else float(sizes[-1]) or 1.0
        return cls(largest, clipped=bool(sizes[-1] > largest))


def _shape(model: TrainedModel, given: Any) -> Shape | None:
    """The (height, width, channels) of a row; None where rows are no pictures."""
    features = model.preprocessing.features
    if given is None:
        known = getattr(getattr(model, "pictures", None), "shape", None)
        return None if known is None else (int(known[0]), int(known[1]), int(known[2]))
    if isinstance(given, str) or not isinstance(given, Sequence) or len(given) not in (2, 3):
        raise UserError(f"shape is (height, width) or (height, width, channels), not {given!r:.60}")
    height, width, channels = (whole(n, "each number of shape", least=1) for n in (*given, 1)[:3])
    if channels not in (1, 3):
        raise UserError(f"shape has {channels} channels, but a picture has 1 (grey) or 3 (red, green, blue)")
    if height * width * channels != features:
        raise UserError(
            f"shape {tuple(given)} has {height * width * channels} numbers, but the model reads {features} a row"
        )
    return height, width, channels


def _chosen(model: TrainedModel, neurons: Any) -> list[int]:
    W1 = model.parameters["W1"]
    count = W1.shape[1]
    if neurons is None:
        length = np.linalg.norm(np.asarray(W1, np.float64), axis=0)
        return sorted(np.argsort(-length, kind="stable")[:_MOST_NEURONS].tolist())
    if isinstance(neurons, str) or not isinstance(neurons, Sequence) or not len(neurons):
        raise UserError(f"neurons is a list of neurons of the first layer, such as [0, 1], not {neurons!r:.60}")
    numbers = [whole(number, "each of the neurons", least=0) for number in neurons]
    if max(numbers) >= count:
        raise UserError(f"the first layer has {count} neurons, counted from 0: there is no {max(numbers)}")
    if len(numbers) > _MOST_NEURONS:
        raise UserError(f"up to {_MOST_NEURONS} neurons fit one figure, not {len(numbers)}")
    return numbers


def _titles(model: TrainedModel, chosen: Sequence[int]) -> list[str]:
    """What the neurons are called: in a network of one layer, by the class that they speak for."""
    if len([name for name in model.parameters if name.startswith("W")]) > 1 or model.classes is None:
        return [f"neuron {j + 1}" for j in chosen]
    names = model.classes[-1:] if model.network.outputs == 1 else model.classes
    return [f"for {_short(str(names[j]))}" for j in chosen]


def _short(name: str) -> str:
    return name if len(name) <= 14 else f"{name[:13]}…"


def _counted(count: int, total: int, *, chosen_by_size: bool) -> str:
    if count == total:
        return "the neuron" if total == 1 else f"the {total} neurons of layer 1"
    return f"{count} of {total} neurons of layer 1" + (", the largest" if chosen_by_size else "")


def _tiles(style: Style, pictures: Numbers, titles: Sequence[str], scale: _Scale, heading: str) -> Figure:
    count, height, width, channels = pictures.shape
    columns = _columns(count, 1.6 * height / width)
    rows = math.ceil(count / columns)
    across = min(_WIDTH / columns, _LARGEST_TILE * max(1.0, width / height))
    down = across * height / width
    size = (max(_LEAST_WIDTH, columns * (across + 0.12) + 1.2), rows * (down + 0.35) + 0.9)
    figure, axes = style.figure(rows=rows, columns=columns, size=size, title=heading)
    for panel in axes.flat[count:]:
        panel.set_visible(False)
    for panel, picture, title in zip(axes.flat[:count], pictures, titles, strict=True):
        _bare(panel)
        panel.set_title(title, size=SMALL_SIZE, pad=4)
        image = _colored(panel, picture, scale) if channels == 3 else _signed(style, panel, picture[..., 0], scale)
    if channels == 3:
        _say_colors(style, figure, scale)
    else:
        _bar(style, figure, image, axes, scale)
    return figure


def _columns(count: int, wide: float) -> int:
    """How many columns make a grid about `wide` times as many columns as rows, with few places left empty."""
    ideal = math.sqrt(wide * count)
    around = range(max(1, math.floor(0.8 * ideal)), min(count, math.ceil(1.3 * ideal)) + 1)
    return min(around, key=lambda columns: (-count % columns, abs(columns - ideal)), default=1)


def _planes(style: Style, pictures: Numbers, titles: Sequence[str], scale: _Scale, heading: str) -> Figure:
    height, width = pictures.shape[1:3]
    size = (_WIDTH + 1.2, len(pictures) * (2.1 * height / width + 0.35) + 0.9)
    figure, axes = style.figure(rows=len(pictures), columns=4, size=size, title=heading)
    for row, picture, title in zip(axes, pictures, titles, strict=True):
        for panel, name in zip(row, (title, "red", "green", "blue"), strict=True):
            _bare(panel)
            panel.set_title(name, size=SMALL_SIZE, pad=4)
        _colored(row[0], picture, scale)
        for channel, panel in enumerate(row[1:]):
            image = _signed(style, panel, picture[..., channel], scale)
    _bar(style, figure, image, axes, scale)
    _say_colors(style, figure, scale)
    return figure


def _bare(panel: Any) -> None:
    panel.grid(visible=False)
    panel.set_xticks([])
    panel.set_yticks([])
    for spine in panel.spines.values():
        spine.set_visible(True)


def _colored(panel: Any, picture: Numbers, scale: _Scale) -> AxesImage:
    """Draw three planes as one picture: grey is 0."""
    shown: AxesImage = panel.imshow(np.clip(0.5 + 0.5 * picture / scale.largest, 0, 1), interpolation="nearest")
    return shown


def _signed(style: Style, panel: Any, values: Numbers, scale: _Scale, aspect: str = "equal") -> AxesImage:
    """Draw one plane: blue is positive, orange negative."""
    limits = {"vmin": -scale.largest, "vmax": scale.largest}
    shown: AxesImage = panel.imshow(
        values, cmap=style.diverging(), interpolation="nearest", aspect=aspect, **limits
    )
    return shown


def _bar(style: Style, figure: Figure, image: AxesImage, axes: Any, scale: _Scale) -> None:
    """Say which colour is which weight."""
    panels = list(np.ravel(axes))
    bar = figure.colorbar(
        image, ax=panels, shrink=0.8, aspect=22, pad=0.02, extend="both" if scale.clipped else "neither"
    )
    bar.outline.set_visible(False)
    bar.ax.tick_params(colors=style.color("soft"), labelsize=SMALL_SIZE, labelfontfamily="sans-serif", length=0)
    bar.set_label("weight", size=SMALL_SIZE, color=style.color("soft"))


def _say_colors(style: Style, figure: Figure, scale: _Scale) -> None:
    size = f"{scale.largest:.2g}"
    words = f"In colour, grey is 0: each channel is brightest at +{size}, darkest at −{size}"
    figure.supxlabel(words, size=SMALL_SIZE, color=style.color("soft"), x=0.012, ha="left")


def _tables(model: TrainedModel, theme: FigureTheme) -> Figure:
    """Each layer's weights as a table of colours."""
    names = [name for name in model.parameters if name.startswith("W")]
    if len(names) > _MOST_LAYERS:
        raise UserError(f"tables of up to {_MOST_LAYERS} layers fit one figure, but the model has {len(names)}")
    with styled(theme) as style:
        size = (max(5.6, 3.2 * len(names)), 4.2)
        figure, axes = style.figure(columns=len(names), size=size, title="The weights of each layer")
        for panel, name in zip(axes.flat, names, strict=True):
            W = np.asarray(model.parameters[name], np.float64)
            scale = _Scale.of(W)
            style.panel_title(panel, name, f"{W.shape[0]} × {W.shape[1]}, counted from 0")
            image = _signed(style, panel, W, scale, aspect="auto")
            _number(style, panel, W)
            _bar(style, figure, image, panel, scale)
        axes[0, 0].set_ylabel("input")
    return figure


def _number(style: Style, panel: Any, W: Numbers) -> None:
    """Count the inputs and neurons of a table, and write its numbers where there is room."""
    from matplotlib.ticker import FixedLocator, MaxNLocator

    panel.grid(visible=False)
    for axis, count in ((panel.yaxis, W.shape[0]), (panel.xaxis, W.shape[1])):
        locator = MaxNLocator(_MOST_TICKS, integer=True, steps=[1, 2, 5, 10])
        axis.set_major_locator(locator if count > _MOST_TICKS else FixedLocator(range(count)))
    panel.set_xlabel("neuron")
    if W.shape[0] > _WRITTEN_ROWS or W.shape[1] > _WRITTEN_COLUMNS:
        return
    for (row, column), weight in np.ndenumerate(W):
        panel.text(
            column,
            row,
            f"{weight:.2f}".replace("-", "−"),
            ha="center",
            va="center",
            size=SMALL_SIZE,
            path_effects=style.outlined(2.0),
        )
