"""The output that is explained, as a function of what the first layer reads, with its gradient: both are graphs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import UserError
from chainrule.graph.expression import Expression, constant, examples
from chainrule.graph.gradients import grad
from chainrule.graph.rewrite import stable
from chainrule.graph.value import evaluate
from chainrule.network.outputs import output_activation
from chainrule.training.model_graph import TrainedModel

Array = NDArray[np.float64]

_WITH_LOGITS = {"sigmoid", "softmax"}


@dataclass(frozen=True, eq=False)
class Explained:
    """One output f of a model, valued for many rows at a time in float64.

    Attributes:
        name: which output, in words.
        target: the index of its class, or of its output where answers are numbers.
        share_name: what `shares` gives, in words.
    """

    name: str
    target: int
    share_name: str
    _raw: Expression
    _read: Expression
    _x: Expression
    _f: Expression
    _gradient: Expression
    _share: Expression
    _parameters: dict[Expression, NDArray[Any]]

    def read(self, rows: NDArray[Any]) -> Array:
        """Return rows (m, n) as the first layer reads them."""
        return _value(self._read, {self._raw: rows})

    def values(self, x: Array) -> Array:
        """Return f, shape (m,), for what the first layer reads, shape (m, n)."""
        return _value(self._f, {self._x: x, **self._parameters})

    def gradients(self, x: Array) -> Array:
        """Return df/dx, shape (m, n): each row's own."""
        return _value(self._gradient, {self._x: x, **self._parameters})

    def shares(self, x: Array) -> Array:
        """Return the probability of the class, shape (m,); the output itself where answers are numbers."""
        return _value(self._share, {self._x: x, **self._parameters})


def explained(model: TrainedModel, row: NDArray[Any], target: int | None = None) -> Explained:
    """Choose the output to explain: the logit of a class, or an output that is a number.

    Args:
        model: the trained model.
        row: shape (n,), as the model was trained on.
        target: the index of the class or output; None for the class that the row is most likely of.

    Raises:
        UserError: there is no such class or output.

    Example:
        >>> import chainrule as cr
        >>> X, y = cr.points("gauss", count=80)
        >>> model = cr.fit(cr.Network([cr.Dense(1, "sigmoid")]), X, y, classes=["left", "right"], epochs=2)
        >>> explained(model, X[0], target=0).name
        'logit of left'
    """
    features = model.preprocessing.features
    raw, x = examples("X", features=features), examples("x", features=features)
    connected = model.network.connect(x)
    read = model.preprocessing.expression(raw)
    parameters = {node: np.asarray(model.parameters[str(node.name)]) for node in connected.parameters}
    chosen = _target(
        model, target, lambda: _value(connected.output, {x: _value(read, {raw: row[None]}), **parameters})
    )
    has_logits = model.classes is not None and output_activation(model.network) in _WITH_LOGITS
    source = connected.layers[-1].Z if has_logits else connected.output
    assert source is not None  # a network ends with a layer of neurons
    f = _one_output(source, model, chosen)
    share = _one_output(connected.output, model, chosen)
    if _is_negative(model, chosen):
        share = 1 + share
    sound_f, sound_gradient, sound_share = stable([f, grad(f, x), share])
    name = _name(model, chosen)
    return Explained(
        name=f"logit of {name}" if has_logits else name,
        target=chosen,
        share_name=f"probability of {name}" if model.classes is not None else name,
        _raw=raw,
        _read=read,
        _x=x,
        _f=sound_f,
        _gradient=sound_gradient,
        _share=sound_share,
        _parameters=parameters,
    )


def _value(root: Expression, given: dict[Expression, NDArray[Any]]) -> Array:
    return np.asarray(evaluate([root], given)[root])


def _target(model: TrainedModel, target: int | None, output: Any) -> int:
    outputs = model.network.outputs
    count = outputs if model.classes is None else len(model.classes)
    if target is None:
        if model.classes is None:
            return 0
        found = output()[0]
        return int(found[0] >= 0.5) if outputs == 1 else int(found.argmax())
    if isinstance(target, bool) or not isinstance(target, int | np.integer) or not 0 <= target < count:
        what = "outputs" if model.classes is None else "classes"
        raise UserError(f"target is the index of one of {count} {what}, from 0 to {count - 1}, not {target!r}")
    return int(target)


def _is_negative(model: TrainedModel, target: int) -> bool:
    """Tell whether the class is the one that a single output speaks against."""
    return model.classes is not None and model.network.outputs == 1 and target == 0


def _one_output(outputs: Expression, model: TrainedModel, target: int) -> Expression:
    """Return one column, shape (m,); of a single output that speaks against the class, with the other sign."""
    column = np.zeros(model.network.outputs)
    if _is_negative(model, target):
        column[0] = -1.0
    else:
        column[0 if model.network.outputs == 1 else target] = 1.0
    return outputs @ constant(column)


def _name(model: TrainedModel, target: int) -> str:
    if model.classes is not None:
        names: Sequence[object] = model.classes
        return str(names[target])
    return "y_hat" if model.network.outputs == 1 else f"y_hat[{target}]"
