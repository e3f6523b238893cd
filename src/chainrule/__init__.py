"""Train, explain and ship logistic regression and deep neural networks.

The names of this module are read from their own modules when they are first used, so that `import chainrule`
stays quick.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chainrule.errors import UserError, WorkFailed
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
    from chainrule.graph.value import value

    __version__: str

__all__ = [
    "Expression",
    "UserError",
    "WorkFailed",
    "__version__",
    "abs",
    "broadcast_to",
    "constant",
    "draw",
    "elu",
    "equal",
    "erf",
    "example_count",
    "examples",
    "exp",
    "expm1",
    "gelu",
    "grad",
    "gradients",
    "leaky_relu",
    "log",
    "log1p",
    "logit_cross_entropy",
    "logsumexp",
    "matmul",
    "max",
    "maximum",
    "mean",
    "minimum",
    "one_hot",
    "parameter",
    "pick",
    "power",
    "relu",
    "reshape",
    "sigmoid",
    "sign",
    "silu",
    "softmax",
    "softplus",
    "sqrt",
    "sum",
    "tanh",
    "transpose",
    "value",
    "variable",
    "variables",
    "where",
]

# Where a public name lives. A new one goes here, into __all__ and under TYPE_CHECKING; a test compares them.
_HOMES = {
    "UserError": "chainrule.errors",
    "WorkFailed": "chainrule.errors",
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
    "value": "chainrule.graph.value",
}

if not TYPE_CHECKING:  # a type checker that saw this would take any name for granted

    def __getattr__(name: str) -> Any:
        if name == "__version__":
            value = _version()
        elif name in _HOMES:
            value = getattr(import_module(_HOMES[name]), name)
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
