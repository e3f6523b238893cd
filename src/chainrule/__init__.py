"""Train, explain and ship logistic regression and deep neural networks.

The names of this module are read from their own modules when they are first used, so that `import chainrule`
stays quick.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chainrule import plots as plots
    from chainrule.augment import Augmentation
    from chainrule.data.dataset import Dataset
    from chainrule.data.pictures import read_picture, read_pictures
    from chainrule.data.points import points
    from chainrule.data.settings import PictureSettings
    from chainrule.data.splits import split
    from chainrule.errors import UserError, WorkFailed
    from chainrule.fitting import TrainingWarning, fit
    from chainrule.graph.expression import (
        Expression,
        constant,
        draw,
        example_count,
        examples,
        parameter,
        variable,
        variables,
    )
    from chainrule.graph.gradients import grad, gradients
    from chainrule.graph.ops.activation import elu, gelu, leaky_relu, relu, sigmoid, silu, softplus, tanh
    from chainrule.graph.ops.cross_entropy import logit_cross_entropy
    from chainrule.graph.ops.elementwise import (
        abs as abs,
    )
    from chainrule.graph.ops.elementwise import (
        equal,
        erf,
        exp,
        expm1,
        log,
        log1p,
        maximum,
        minimum,
        power,
        sign,
        sqrt,
        where,
    )
    from chainrule.graph.ops.linear_algebra import matmul, transpose
    from chainrule.graph.ops.reduction import logsumexp, mean, softmax
    from chainrule.graph.ops.reduction import max as max
    from chainrule.graph.ops.reduction import sum as sum
    from chainrule.graph.ops.shape import broadcast_to, one_hot, pick, reshape
    from chainrule.graph.trace.trace import Trace, trace
    from chainrule.graph.value import value
    from chainrule.inspection.inspection import Inspection, inspect
    from chainrule.model import Model, load
    from chainrule.network.drawing.picture import draw_picture
    from chainrule.network.initializers import Glorot, He, Normal, Uniform, Zeros
    from chainrule.network.layers import Dense, Dropout
    from chainrule.network.losses import (
        absolute_error,
        binary_cross_entropy,
        categorical_cross_entropy,
        squared_error,
    )
    from chainrule.network.network import Network, dense_network, initial_values
    from chainrule.training.history import History
    from chainrule.training.minimize import minimize
    from chainrule.training.optimizers import LBFGS, Adam, AdamW, GradientDescent, Momentum, Nesterov, RMSprop
    from chainrule.training.schedules import Constant, Cosine, OneCycle, StepDecay, WarmUp

    __version__: str

__all__ = [
    "LBFGS",
    "Adam",
    "AdamW",
    "Augmentation",
    "Constant",
    "Cosine",
    "Dataset",
    "Dense",
    "Dropout",
    "Expression",
    "Glorot",
    "GradientDescent",
    "He",
    "History",
    "Inspection",
    "Model",
    "Momentum",
    "Nesterov",
    "Network",
    "Normal",
    "OneCycle",
    "PictureSettings",
    "RMSprop",
    "StepDecay",
    "Trace",
    "TrainingWarning",
    "Uniform",
    "UserError",
    "WarmUp",
    "WorkFailed",
    "Zeros",
    "__version__",
    "abs",
    "absolute_error",
    "binary_cross_entropy",
    "broadcast_to",
    "categorical_cross_entropy",
    "constant",
    "dense_network",
    "draw",
    "draw_picture",
    "elu",
    "equal",
    "erf",
    "example_count",
    "examples",
    "exp",
    "expm1",
    "fit",
    "gelu",
    "grad",
    "gradients",
    "initial_values",
    "inspect",
    "leaky_relu",
    "load",
    "log",
    "log1p",
    "logit_cross_entropy",
    "logsumexp",
    "matmul",
    "max",
    "maximum",
    "mean",
    "minimize",
    "minimum",
    "one_hot",
    "parameter",
    "pick",
    "plots",
    "points",
    "power",
    "read_picture",
    "read_pictures",
    "relu",
    "reshape",
    "sigmoid",
    "sign",
    "silu",
    "softmax",
    "softplus",
    "split",
    "sqrt",
    "squared_error",
    "sum",
    "tanh",
    "trace",
    "transpose",
    "value",
    "variable",
    "variables",
    "where",
]

# Where a public name lives. A new one goes here, into __all__ and under TYPE_CHECKING; a test compares them.
_HOMES = {
    "Augmentation": "chainrule.augment",
    "Dataset": "chainrule.data.dataset",
    "read_picture": "chainrule.data.pictures",
    "read_pictures": "chainrule.data.pictures",
    "points": "chainrule.data.points",
    "PictureSettings": "chainrule.data.settings",
    "split": "chainrule.data.splits",
    "UserError": "chainrule.errors",
    "WorkFailed": "chainrule.errors",
    "TrainingWarning": "chainrule.fitting",
    "fit": "chainrule.fitting",
    "Expression": "chainrule.graph.expression",
    "constant": "chainrule.graph.expression",
    "draw": "chainrule.graph.expression",
    "example_count": "chainrule.graph.expression",
    "examples": "chainrule.graph.expression",
    "parameter": "chainrule.graph.expression",
    "variable": "chainrule.graph.expression",
    "variables": "chainrule.graph.expression",
    "grad": "chainrule.graph.gradients",
    "gradients": "chainrule.graph.gradients",
    "elu": "chainrule.graph.ops.activation",
    "gelu": "chainrule.graph.ops.activation",
    "leaky_relu": "chainrule.graph.ops.activation",
    "relu": "chainrule.graph.ops.activation",
    "sigmoid": "chainrule.graph.ops.activation",
    "silu": "chainrule.graph.ops.activation",
    "softplus": "chainrule.graph.ops.activation",
    "tanh": "chainrule.graph.ops.activation",
    "logit_cross_entropy": "chainrule.graph.ops.cross_entropy",
    "abs": "chainrule.graph.ops.elementwise",
    "equal": "chainrule.graph.ops.elementwise",
    "erf": "chainrule.graph.ops.elementwise",
    "exp": "chainrule.graph.ops.elementwise",
    "expm1": "chainrule.graph.ops.elementwise",
    "log": "chainrule.graph.ops.elementwise",
    "log1p": "chainrule.graph.ops.elementwise",
    "maximum": "chainrule.graph.ops.elementwise",
    "minimum": "chainrule.graph.ops.elementwise",
    "power": "chainrule.graph.ops.elementwise",
    "sign": "chainrule.graph.ops.elementwise",
    "sqrt": "chainrule.graph.ops.elementwise",
    "where": "chainrule.graph.ops.elementwise",
    "matmul": "chainrule.graph.ops.linear_algebra",
    "transpose": "chainrule.graph.ops.linear_algebra",
    "logsumexp": "chainrule.graph.ops.reduction",
    "max": "chainrule.graph.ops.reduction",
    "mean": "chainrule.graph.ops.reduction",
    "softmax": "chainrule.graph.ops.reduction",
    "sum": "chainrule.graph.ops.reduction",
    "broadcast_to": "chainrule.graph.ops.shape",
    "one_hot": "chainrule.graph.ops.shape",
    "pick": "chainrule.graph.ops.shape",
    "reshape": "chainrule.graph.ops.shape",
    "Trace": "chainrule.graph.trace.trace",
    "trace": "chainrule.graph.trace.trace",
    "value": "chainrule.graph.value",
    "Inspection": "chainrule.inspection.inspection",
    "inspect": "chainrule.inspection.inspection",
    "Model": "chainrule.model",
    "load": "chainrule.model",
    "draw_picture": "chainrule.network.drawing.picture",
    "Glorot": "chainrule.network.initializers",
    "He": "chainrule.network.initializers",
    "Normal": "chainrule.network.initializers",
    "Uniform": "chainrule.network.initializers",
    "Zeros": "chainrule.network.initializers",
    "Dense": "chainrule.network.layers",
    "Dropout": "chainrule.network.layers",
    "absolute_error": "chainrule.network.losses",
    "binary_cross_entropy": "chainrule.network.losses",
    "categorical_cross_entropy": "chainrule.network.losses",
    "squared_error": "chainrule.network.losses",
    "Network": "chainrule.network.network",
    "dense_network": "chainrule.network.network",
    "initial_values": "chainrule.network.network",
    "plots": "chainrule.plots",
    "History": "chainrule.training.history",
    "minimize": "chainrule.training.minimize",
    "LBFGS": "chainrule.training.optimizers",
    "Adam": "chainrule.training.optimizers",
    "AdamW": "chainrule.training.optimizers",
    "GradientDescent": "chainrule.training.optimizers",
    "Momentum": "chainrule.training.optimizers",
    "Nesterov": "chainrule.training.optimizers",
    "RMSprop": "chainrule.training.optimizers",
    "Constant": "chainrule.training.schedules",
    "Cosine": "chainrule.training.schedules",
    "OneCycle": "chainrule.training.schedules",
    "StepDecay": "chainrule.training.schedules",
    "WarmUp": "chainrule.training.schedules",
}

if not TYPE_CHECKING:  # a type checker that saw this would take any name for granted

    def __getattr__(name: str) -> Any:
        if name == "__version__":
            value = _version()
        elif name in _HOMES:
            home = import_module(_HOMES[name])
            # A part of the package, such as plots, is its own home.
            value = home if home.__name__ == f"{__name__}.{name}" else getattr(home, name)
        else:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _version() -> str:
    # The version stands in pyproject.toml alone; an installed package knows it from its metadata.
    from importlib.metadata import version

    return version(__name__)
