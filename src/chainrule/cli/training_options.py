"""Options of the commands that train, and what makes a run's settings of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from chainrule.cli import options
from chainrule.data.settings import LARGEST, Color, Fit
from chainrule.training.defaults import DEFAULTS

if TYPE_CHECKING:
    from chainrule.runs.settings import RunSettings

OPTIMIZER_NAMES = "sgd, momentum, nesterov, rmsprop, adam, adamw, lbfgs"
AUGMENTATION_NAMES = "flip, shift, brightness, contrast, cutout"
USUAL_AUGMENTATION = ",".join(DEFAULTS.augment)
ACTIVATION_NAMES = "relu, leaky_relu, elu, softplus, gelu, silu, tanh, sigmoid, softmax, identity"

Positive = Annotated[
    str | None,
    typer.Option(metavar="CLASS", help="The class to tell from the rest; all classes are told apart if left out."),
]
Size = Annotated[
    int,
    typer.Option(min=1, max=LARGEST, metavar="PIXELS", help="Width and height that each picture is brought to."),
]
ColorName = Annotated[str, typer.Option(metavar="NAME", help="rgb or grey.")]
FitName = Annotated[
    str, typer.Option(metavar="NAME", help="What makes a picture square: squash, pad (with grey) or crop.")
]
Preprocess = Annotated[
    str,
    typer.Option(metavar="NAME", help="What pixels become: standardize (mean 0, deviation 1) or scale (0..1)."),
]
OptimizerName = Annotated[str, typer.Option(metavar="NAME", help=f"One of {OPTIMIZER_NAMES}.")]
Epochs = Annotated[int, typer.Option(min=0, metavar="N", help="How often to go through all pictures, at most.")]
Patience = Annotated[
    int, typer.Option(min=1, metavar="N", help="Stop after so many epochs without a better validation cost.")
]
L1 = Annotated[float, typer.Option("--l1", metavar="WEIGHT", help="Penalty l1 * sum|W|, from 0 up.")]
ClassWeight = Annotated[
    str | None, typer.Option(metavar="NAME", help="balanced: rare classes weigh as much as frequent ones.")
]
Augment = Annotated[
    str | None,
    typer.Option(
        metavar="NAME,...",
        help=f"Change pictures in each epoch: {AUGMENTATION_NAMES}, or none.  [default: {USUAL_AUGMENTATION}]",
    ),
]
NoCache = Annotated[
    bool, typer.Option("--no-cache", help="Do not keep the decoded pictures for the next run on the same files.")
]
Validation = Annotated[
    float, typer.Option(metavar="SHARE", help="Share of the pictures to choose the best epoch by, 0 to 1.")
]
Test = Annotated[float, typer.Option(metavar="SHARE", help="Share of the pictures to judge the model by, 0 to 1.")]
Seed = Annotated[
    int, typer.Option(min=0, metavar="N", help="Decides the split, the first parameters and the order.")
]
GroupBy = Annotated[
    str | None,
    typer.Option(
        metavar="REGEX",
        help="Pictures in whose paths this finds the same stay on one side of the split: '(rex|ida)_'.",
    ),
]


def run_settings(**given: Any) -> RunSettings:
    """Return the settings of a run, each value checked under the name of its option.

    Args:
        given: values by the names of `RunSettings`, as the command line has them.

    Raises:
        UserError: a value that its option does not take.

    Example:
        >>> run_settings(pictures="pets", hidden="64, 16", activation="tanh", size=32).hidden
        (64, 16)
    """
    from chainrule.runs.settings import RunSettings

    for name, read in _readers().items():
        if given.get(name) is not None:
            given[name] = read(f"--{name.replace('_', '-')}", given[name])
    return RunSettings(**given)


def _readers() -> Mapping[str, Callable[[str, Any], Any]]:
    """What checks and reads the value of an option, by its name; typer itself checks the others."""
    from chainrule.augment import USUAL
    from chainrule.network.activations import ACTIVATIONS
    from chainrule.network.layers import MOST_UNITS
    from chainrule.training.optimizers import NAMES
    from chainrule.training.rates import AUTO

    return {
        "color": lambda option, value: options.one_of(option, value, get_args(Color)),
        "fit": lambda option, value: options.one_of(option, value, get_args(Fit)),
        "preprocess": lambda option, value: options.one_of(option, value, ("standardize", "scale")),
        "hidden": lambda option, value: options.layer_sizes(option, value, MOST_UNITS),
        "activation": lambda option, value: options.each_of(option, value, ACTIVATIONS),
        "optimizer": lambda option, value: options.one_of(option, value, NAMES),
        "learning_rate": lambda option, value: options.learning_rate(option, str(value), AUTO),
        "batch_size": options.batch_size,
        "l1": lambda option, value: options.number(option, value, low=0),
        "l2": lambda option, value: options.number(option, value, low=0),
        "dropout": lambda option, value: options.number(option, value, low=0, high=1, ends="[)"),
        "augment": lambda option, value: (
            () if value.strip() == options.NONE else options.each_of(option, value, USUAL)
        ),
        "class_weight": lambda option, value: options.one_of(option, value, ("balanced",)),
        "validation": lambda option, value: options.number(option, value, low=0, high=1, ends="()"),
        "test": lambda option, value: options.number(option, value, low=0, high=1, ends="()"),
        "engine": lambda option, value: options.one_of(option, value, options.ENGINES),
        "checkpoint_every": lambda option, value: options.number(option, value, low=0),
    }
