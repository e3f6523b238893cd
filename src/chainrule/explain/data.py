"""An explanation as plain values, for JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.graph.trace.wording import number_text, value_data

if TYPE_CHECKING:
    from chainrule.explain.explanation import Explanation

# Larger arrays than a row or a layer (gradients of weights) are summarised.
_LARGEST = 1 << 16


def explanation_data(explanation: Explanation) -> dict[str, Any]:
    """Return every part by its name, as Python's own lists, texts and numbers.

    Arrays become lists, or, where they have more than 65,536 numbers, their shape with min, mean and max. What
    JSON has no word for becomes a text: "nan", "inf".

    Example:
        >>> import chainrule as cr
        >>> from chainrule.explain.build import explain
        >>> X, y = cr.points("gauss", count=80)
        >>> model = cr.fit(cr.Network([cr.Dense(1, "sigmoid")]), X, y, epochs=2)
        >>> explanation_data(explain(model, X[0]))["prediction"]["output_name"]
        'A1'
    """
    parts = [field.name for field in fields(explanation) if field.name != "example"]
    return {name: _plain(getattr(explanation, name)) for name in parts}


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, np.ndarray):
        return _of_array(value)
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, float):
        return value if np.isfinite(value) else number_text(value)
    return value.item() if isinstance(value, np.generic) else value


def _of_array(array: np.ndarray[Any, Any]) -> Any:
    if array.size > _LARGEST:
        return value_data(array)
    return array.tolist() if np.isfinite(array).all() else _plain(array.tolist())
