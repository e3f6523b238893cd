"""How products, reductions and changes of shape are written in NumPy, and the leaves of a graph."""

from __future__ import annotations

from chainrule.graph import shapes
from chainrule.graph.expression import Expression
from chainrule.graph.shapes import Shape
from chainrule.network.numpy_code.layout import PRODUCT, Written
from chainrule.network.numpy_code.scribe import Rules, Scribe, as_numbers, number

_REDUCTIONS = {"sum": "np.sum", "mean": "np.mean", "max": "np.max"}


def _matmul(scribe: Scribe, node: Expression) -> Written:
    a, b = node.inputs
    ranks = (len(a.shape), len(b.shape))
    if not scribe.layout.columns or not _stays_a_product(node):
        first, second = scribe.in_graph_form(a), scribe.in_graph_form(b)
        return scribe.layout.from_graph(_product(first, second), node.shape)
    first, second = scribe.value(a), scribe.value(b)
    if ranks == (2, 1):
        return _product(first.then(".T"), second)
    return _product(second, first)


def _stays_a_product(node: Expression) -> bool:
    """Tell whether the product of the transposes is the transpose of the product: where vectors are columns."""
    a, b = node.inputs
    vectors = [source for source in (a, b, node) if len(source.shape) == 1]
    return len(vectors) != 3 and node.shape != () and not any(shapes.has_examples(v.shape) for v in vectors)


def _product(a: Written, b: Written) -> Written:
    return Written(f"{a.bracketed(PRODUCT + 1)} @ {b.bracketed(PRODUCT + 1)}", PRODUCT)


def _transpose(scribe: Scribe, node: Expression) -> Written:
    return scribe.value(node.inputs[0]).then(".T")


def _reduction(scribe: Scribe, node: Expression) -> Written:
    (a,), axes, keepdims = node.inputs, node.attributes["axes"], node.attributes["keepdims"]
    function, rank, layout = _REDUCTIONS[node.op.name], len(a.shape), scribe.layout
    if len(axes) == rank and not keepdims:
        # A sum of everything does not see the shape.
        whole = a.inputs[0] if a.op.name == "reshape" and a.inputs[0] in scribe.written else a
        return Written(f"{function}({scribe.value(whole).text})")
    becomes_column = len(node.shape) == 1 and not shapes.has_examples(node.shape)
    if layout.columns and rank == 1 and becomes_column and layout.shape(a.shape) != a.shape:
        return _reduced(function, scribe.value(a), axes, keepdims)
    if layout.columns and rank == 2 and not (becomes_column and axes != (0,)):
        return _reduced(function, scribe.value(a), layout.axes(axes, rank), keepdims or becomes_column)
    return layout.from_graph(_reduced(function, scribe.in_graph_form(a), axes, keepdims), node.shape)


def _reduced(function: str, a: Written, axes: tuple[int, ...], keepdims: bool) -> Written:
    axis = str(axes[0]) if len(axes) == 1 else str(axes)
    return Written(f"{function}({a.text}, axis={axis}{', keepdims=True' if keepdims else ''})")


def _logsumexp(scribe: Scribe, node: Expression) -> Written:
    (z,) = node.inputs
    axis: int | None
    if scribe.layout.columns and (node.shape == () or (len(z.shape) == 2 and shapes.has_examples(node.shape))):
        axis, operand, back = None if node.shape == () else 0, scribe.value(z), False
    else:
        axis, operand, back = len(z.shape) - 1, scribe.in_graph_form(z), True
    body = f'''def NAME(z):
    """log(sum(exp(z))) over the classes, without overflow."""
    return np.logaddexp.reduce(z, axis={axis})
'''
    text = Written(f"{scribe.module.helper('logsumexp', body)}({operand.text})")
    return scribe.layout.from_graph(text, node.shape) if back else text


def _reshape(scribe: Scribe, node: Expression) -> Written:
    (a,) = node.inputs
    chosen = _of_one_label(scribe, node)
    if chosen is not None:
        return chosen
    before, after = scribe.layout.shape(a.shape), scribe.layout.shape(node.shape)
    if _is_line(before) and _is_line(after):
        return _as_line(scribe, scribe.value(a), before, after)
    text = Written(f"np.reshape({scribe.in_graph_form(a).text}, {scribe.shape(node.shape)})")
    return scribe.layout.from_graph(text, node.shape)


def _is_line(shape: Shape) -> bool:
    """Tell whether at most one axis is longer than 1, so that only axes of length 1 come and go."""
    return sum(axis != 1 for axis in shape) <= 1


def _as_line(scribe: Scribe, a: Written, before: Shape, after: Shape) -> Written:
    if before == after:
        return a
    if after == ():
        return a.then(f"[{', '.join('0' * len(before))}]")
    length = next((axis for axis in before if axis != 1), 1)
    indices = {
        ((length,), (length, 1)): "[:, None]",
        ((length,), (1, length)): "[None, :]",
        ((length, 1), (length,)): "[:, 0]",
        ((1, length), (length,)): "[0]",
        ((1, length), (length, 1)): ".T",
        ((length, 1), (1, length)): ".T",
    }
    index = indices.get((before, after))
    return a.then(index) if index else Written(f"np.reshape({a.text}, {scribe.shape(after)})")


def _of_one_label(scribe: Scribe, node: Expression) -> Written | None:
    """The element at one label, or the row that is 1 at one label."""
    (a,) = node.inputs
    if a.op.name not in {"pick", "one_hot"} or a.inputs[-1].op.name != "reshape":
        return None
    label = a.inputs[-1].inputs[0]
    if label.shape != () or label not in scribe.written:
        return None
    if a.op.name == "one_hot" and node.shape == a.shape[1:] and not scribe.layout.columns:
        return Written(f"np.eye({a.attributes['classes']})[{_label(scribe, label)}]")
    row = a.inputs[0]
    if a.op.name == "pick" and node.shape == () and row.op.name == "reshape" and row.inputs[0] in scribe.written:
        vector = row.inputs[0]
        if len(vector.shape) == 1:
            return scribe.value(vector).then(f"[{_label(scribe, label)}{', 0' if scribe.layout.columns else ''}]")
    return None


def _label(scribe: Scribe, labels: Expression) -> str:
    """Labels as an index: whole numbers from outside are one, what is computed from them is not."""
    text, source = scribe.in_graph_form(labels), labels
    while source.op.name == "reshape":
        (source,) = source.inputs
    whole = source.op.name in {"examples", "variable"}
    return text.text if whole else f"np.asarray({text.text}).astype(int)"


def _broadcast_to(scribe: Scribe, node: Expression) -> Written:
    a = node.inputs[0]
    shape = scribe.shape(scribe.layout.shape(node.shape))
    if a.op.name == "constant" and a.shape == ():
        return Written(f"np.full({shape}, {float(a.attributes['value'])!r})")
    return Written(f"np.broadcast_to({as_numbers(scribe.operand(node, 0)).text}, {shape})")


def _pick(scribe: Scribe, node: Expression) -> Written:
    values, labels = node.inputs
    of_examples = shapes.has_examples(node.shape)
    rows = f"np.arange({scribe.number_of_examples() if of_examples else node.shape[0]})"
    label = _label(scribe, labels)
    if scribe.layout.columns:
        return scribe.layout.from_graph(scribe.value(values).then(f"[{label}, {rows}]"), node.shape)
    return scribe.value(values).then(f"[{rows}, {label}]")


def _one_hot(scribe: Scribe, node: Expression) -> Written:
    (labels,), before = node.inputs, ":, " if scribe.layout.columns else ""
    one = labels.op.name == "reshape" and labels.inputs[0].shape == () and labels.inputs[0] in scribe.written
    label = f"[{_label(scribe, labels.inputs[0])}]" if one else _label(scribe, labels)
    return Written(f"np.eye({node.attributes['classes']})[{before}{label}]")


def _constant(scribe: Scribe, node: Expression) -> Written:
    value = node.attributes["value"]
    if value.shape == ():
        return number(float(value))
    if scribe.layout.columns:
        value = value.T if value.ndim == 2 else value[:, None] if value.ndim == 1 else value
    return Written(scribe.module.constant(value))


def _draw(scribe: Scribe, node: Expression) -> Written:
    return Written(f"rng.random({scribe.size(scribe.layout.shape(node.shape))})")


def _count(scribe: Scribe, node: Expression) -> Written:
    return Written(scribe.number_of_examples())


def _input(scribe: Scribe, node: Expression) -> Written:
    raise AssertionError(f"{node} comes from outside, so the code has a name for it")


RULES: Rules = {
    **dict.fromkeys(_REDUCTIONS, _reduction),
    **dict.fromkeys(("variable", "examples", "parameter"), _input),
    "matmul": _matmul,
    "transpose": _transpose,
    "logsumexp": _logsumexp,
    "reshape": _reshape,
    "broadcast_to": _broadcast_to,
    "pick": _pick,
    "one_hot": _one_hot,
    "constant": _constant,
    "draw": _draw,
    "count": _count,
}
