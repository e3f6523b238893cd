"""How long one step of gradient descent takes: example by example, or all examples at once."""

from __future__ import annotations

import runpy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from chainrule.arguments import whole
from chainrule.errors import UserError
from chainrule.graph.expression import examples
from chainrule.network.layers import Dense
from chainrule.network.losses import binary_cross_entropy, mean_cost
from chainrule.network.network import Network, initial_values
from chainrule.plots.style import FigureTheme, Style, styled
from chainrule.random import normal
from chainrule.threads import one_thread_for_products
from chainrule.training.descent import Descent
from chainrule.training.optimizers import GradientDescent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Numbers = NDArray[np.float64]
Parameters = Mapping[str, Numbers]
# One step from some parameters on X and y: the parameters after it.
Step = Callable[[Numbers, Numbers, Parameters], Parameters]

_SIZES = (10, 30, 100, 300, 1000, 3000, 10_000)
_LEARNING_RATE = 0.1
_STREAM = 0x54494D45
# Numbers in X, at most: 80 MB.
_MOST_NUMBERS = 10_000_000
# Seconds: for the slowest form, for the repetitions of one measurement, and what a repetition lasts at least.
_BUDGET, _POINT_BUDGET, _SHORTEST = 1.8, 0.06, 5e-4
_REPEATS = (3, 9)
_LOOPS, _VECTORISED, _PROGRAM = "loop over the examples", "vectorised: all at once", "chainrule's compiled program"


def loops_against_vectorised(
    sizes: Sequence[int] | None = None, *, features: int = 20, theme: FigureTheme = "light"
) -> Figure:
    """Measure one step of logistic regression, as a loop over the examples and vectorised, and draw the times.

    Both forms are the code that `Network.as_numpy` writes with `loops=True` and without; the third line is the
    program that `cr.minimize` runs. All compute the same step in float64, on one thread; each time is the median
    of repeated measurements on this machine. The loop is measured for as many sizes as a few seconds allow.

    Args:
        sizes: the numbers of examples m. None takes seven from 10 to 10,000.
        features: how many numbers an example has.
        theme: "light" or "dark".

    Returns:
        A figure with the time of a step over m, both in powers of ten.

    Raises:
        UserError: sizes that are none, or more data than 10 million numbers.

    Example:
        >>> import chainrule as cr
        >>> figure = cr.plots.loops_against_vectorised([10, 100], features=5)
        >>> figure.axes[0].get_xlabel()
        'examples m'
    """
    chosen, features = _checked_sizes(sizes), whole(features, "features", least=1)
    if chosen[-1] * features > _MOST_NUMBERS:
        raise UserError(
            f"{chosen[-1]:,} examples of {features:,} features are too many to measure: at most {_MOST_NUMBERS:,} "
            "numbers in all"
        )
    times = measured(_forms(features), chosen, features)
    with styled(theme) as style:
        figure, axes = style.figure(size=(8.0, 4.8), title=_title(times))
        _draw(axes[0, 0], style, times)
    return figure


def _checked_sizes(sizes: Sequence[int] | None) -> list[int]:
    listed = list(_SIZES if sizes is None else sizes) if isinstance(sizes, Sequence | np.ndarray | None) else []
    found = sorted({whole(size, "a number of examples", least=1) for size in listed})
    if not found:
        raise UserError(f"sizes are numbers of examples, such as [10, 100, 1000], not {sizes!r:.60}")
    return found


@dataclass(frozen=True)
class Times:
    """The seconds that one form took.

    Attributes:
        name: the form.
        sizes: the numbers of examples that were measured.
        seconds: the median time of a step for each.
    """

    name: str
    sizes: tuple[int, ...]
    seconds: tuple[float, ...]


def _forms(features: int) -> dict[str, Step]:
    network = Network([Dense(1, "sigmoid")])
    return {
        _LOOPS: _written(network, features, loops=True),
        _VECTORISED: _written(network, features, loops=False),
        _PROGRAM: _compiled(network, features),
    }


def _written(network: Network, features: int, *, loops: bool) -> Step:
    """Save the code that the network writes, and read it as a person's own file."""
    with TemporaryDirectory(prefix="chainrule-") as folder:
        path = Path(folder) / "step.py"
        network.as_numpy(features, loops=loops).save(path)
        functions = runpy.run_path(str(path))

    def step(X: Numbers, y: Numbers, parameters: Parameters) -> Parameters:
        _, gradients = functions["cost_and_gradients"](X, y, parameters)
        found: Parameters = functions["update"](parameters, gradients, _LEARNING_RATE)
        return found

    return step


def _compiled(network: Network, features: int) -> Step:
    X_node, y_node = examples("X", features=features), examples("y", features=1)
    connected = network.connect(X_node)
    J = mean_cost(binary_cross_entropy(connected.output, y_node))
    nodes = connected.parameters
    values = dict(zip(nodes, initial_values(nodes, 0), strict=True))
    descent = Descent(J, nodes, values, optimizer=GradientDescent(_LEARNING_RATE), dtype=np.float64)
    names = [descent.names[node] for node in (X_node, y_node)]

    def step(X: Numbers, y: Numbers, parameters: Parameters) -> Parameters:
        descent.restore([parameters[str(node.name)] for node in nodes])
        descent.step(dict(zip(names, (X, y), strict=True)), 1, _LEARNING_RATE)
        return {str(node.name): value for node, value in zip(nodes, descent.values(), strict=True)}

    return step


def _data(count: int, features: int) -> tuple[Numbers, Numbers]:
    X = normal((_STREAM, features), count * features).reshape(count, features)
    return X, (X.sum(axis=1, keepdims=True) > 0).astype(np.float64)


def measured(forms: Mapping[str, Step], sizes: Sequence[int], features: int) -> list[Times]:
    """Measure each form on each size, the first form only where the time allows.

    Args:
        forms: the steps to measure, by name; the first is the slowest.
        sizes: the numbers of examples, rising.
        features: how many numbers an example has.
    """
    X, y = _data(sizes[-1], features)
    parameters = {"W1": np.zeros((features, 1)), "b1": np.zeros(1)}
    found = []
    with one_thread_for_products():
        for place, (name, step) in enumerate(forms.items()):
            left = _BUDGET if place == 0 else np.inf
            seconds: list[float] = []
            for size in sizes:
                if seconds and seconds[-1] * size / sizes[len(seconds) - 1] * _REPEATS[0] > left:
                    break
                begin = perf_counter()
                seconds.append(_median(partial(step, X[:size], y[:size], parameters)))
                left -= perf_counter() - begin
            found.append(Times(name, tuple(sizes[: len(seconds)]), tuple(seconds)))
    return found


def _median(step: Callable[[], object]) -> float:
    """The median time of a step, in seconds."""
    begin = perf_counter()
    step()
    first = perf_counter() - begin
    calls = max(1, int(_SHORTEST / max(first, 1e-9)))
    times: list[float] = []
    least, most = _REPEATS
    while len(times) < least or (len(times) < most and sum(times) * calls < _POINT_BUDGET):
        begin = perf_counter()
        for _ in range(calls):
            step()
        times.append((perf_counter() - begin) / calls)
    return float(np.median(times))


def _ratio(times: Sequence[Times]) -> tuple[int, float, float]:
    """The largest size that both NumPy forms have, and the time of each there."""
    loops, vectorised = times[0], times[1]
    place = len(loops.sizes) - 1
    return loops.sizes[place], loops.seconds[place], vectorised.seconds[place]


def _title(times: Sequence[Times]) -> str:
    size, slow, quick = _ratio(times)
    if slow < 2 * quick:
        return "One step of logistic regression, with a loop and without"
    return f"At {size:,} examples, all at once is {_times(slow / quick)} times faster than a loop"


def _times(ratio: float) -> str:
    """A ratio in two digits: more would claim a precision that measured times do not have."""
    return f"{float(f'{ratio:.2g}'):,.0f}" if ratio >= 10 else f"{ratio:.1f}"


def _draw(axes: Axes, style: Style, times: Sequence[Times]) -> None:
    from matplotlib.ticker import FuncFormatter, NullFormatter, NullLocator

    forward, backward, third, *_ = style.series
    looks = [(backward, "o", "-"), (forward, "s", "-"), (third, "^", (0, (4, 1.5)))]
    for one, (color, marker, dashes) in zip(times, looks, strict=True):
        axes.plot(
            one.sizes,
            one.seconds,
            color=color,
            marker=marker,
            markersize=6,
            linestyle=dashes,
            label=one.name,
        )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _duration(value)))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_minor_formatter(NullFormatter())
        axis.set_minor_locator(NullLocator())
    axes.set_xlabel("examples m")
    axes.set_ylabel("time of one step")
    _annotate(axes, style, times)
    axes.margins(x=0.12)
    # Whole powers of ten, so that at least two have a label.
    seconds = [second for one in times for second in one.seconds]
    axes.set_ylim(10.0 ** np.floor(np.log10(min(seconds))), 10.0 ** np.ceil(np.log10(max(seconds)) + 0.3))
    style.legend(axes, loc="upper left")


def _annotate(axes: Axes, style: Style, times: Sequence[Times]) -> None:
    size, slow, quick = _ratio(times)
    if slow < 2 * quick:
        return
    ink = style.color("ink")
    arrow = {"arrowstyle": "<->", "color": ink, "linewidth": 1.2, "shrinkA": 5, "shrinkB": 5}
    axes.annotate("", (size, quick), (size, slow), arrowprops=arrow)
    axes.annotate(
        f"{_times(slow / quick)} ×",
        (size, float(np.sqrt(slow * quick))),
        (-7, 0),
        textcoords="offset points",
        ha="right",
        va="center",
        color=ink,
        weight="bold",
        path_effects=style.outlined(),
    )


def _duration(seconds: float) -> str:
    """Write a time in the unit that suits it.

    >>> _duration(1e-5), _duration(0.1), _duration(2.0)
    ('10 µs', '100 ms', '2 s')
    """
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= 0.9999 * size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"
