"""How elementwise operations are written in NumPy."""

from __future__ import annotations

from chainrule.graph import shapes
from chainrule.graph.expression import Expression, is_constant
from chainrule.network.numpy_code.layout import CALL, COMPARISON, LOOSEST, PRODUCT, SUM, Written
from chainrule.network.numpy_code.scribe import Rule, Rules, Scribe, as_numbers

# The operations that are one function of NumPy.
_FUNCTIONS = {
    "exp": "np.exp",
    "log": "np.log",
    "log1p": "np.log1p",
    "expm1": "np.expm1",
    "sqrt": "np.sqrt",
    "abs": "np.abs",
    "sign": "np.sign",
    "tanh": "np.tanh",
    "maximum": "np.maximum",
    "minimum": "np.minimum",
}
_ARITHMETIC = ("add", "subtract", "multiply", "divide", "power")
_COMPARISONS = {"greater": ">", "greater_equal": ">=", "less": "<", "less_equal": "<=", "equal": "=="}

# Neither overflows: exp of a large number is never taken. (1 / (1 + exp(-z)) is right too, but warns.)
_SIGMOID = '''def NAME(z):
    """1 / (1 + exp(-z)), written so that exp never overflows."""
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1, e) / (1 + e)
'''
_ERF = '''def NAME(z):
    """The error function, which NumPy lacks: Python's, element by element."""
    return np.vectorize(math.erf, otypes=[float])(z)
'''


def _call(function: str) -> Rule:
    def rule(scribe: Scribe, node: Expression) -> Written:
        parts = [scribe.operand(node, position).text for position in range(len(node.inputs))]
        return Written(f"{function}({', '.join(parts)})")

    return rule


def _copy(scribe: Scribe, node: Expression) -> Written:
    return scribe.operand(node, 0)


def _negate(scribe: Scribe, node: Expression) -> Written:
    (source,) = node.inputs
    if source.op.name == "subtract" and scribe.written[source].binding == SUM:
        # -(a - b) is b - a, to the last bit.
        return _infix(scribe, Expression(source.op, source.inputs[::-1]))
    part = scribe.operand(node, 0)
    if part.binding >= PRODUCT and not part.text.startswith("-"):
        return Written(f"-{part.text}", min(part.binding, node.op.precedence))
    return Written(f"-({part.text})", node.op.precedence)


def _infix(scribe: Scribe, node: Expression) -> Written:
    a, b = _mixed(scribe, node)
    op, name = node.op, node.op.name
    outer = _outer_product(scribe, node)
    if outer is not None:
        return outer
    left = op.precedence + (name == "power")
    # Chains of + and of * need no brackets, except around what would be taken apart: a * (b / c), a * (b @ c).
    right = op.precedence + (name not in {"add", "power"})
    if name == "multiply" and b.binding == op.precedence and not any(s in b.text for s in (" / ", " @ ")):
        right = op.precedence
    first = a.bracketed(left)
    if name == "power" and a.text.startswith("-"):
        first = f"({a.text})"
    second = b.bracketed(right)
    simple = name == "power" and first.isidentifier() and second.isalnum()
    return Written(f"{first}**{second}" if simple else f"{first} {op.symbol} {second}", op.precedence)


def _mixed(scribe: Scribe, node: Expression) -> tuple[Written, Written]:
    """The two operands; True and False may stay where NumPy takes them for 1.0 and 0.0 beside other numbers."""
    operands = [scribe.operand(node, position, truth=True) for position in (0, 1)]
    if node.op.name == "power" or all(part.truth for part in operands):
        return as_numbers(operands[0]), as_numbers(operands[1])
    for position in (0, 1):
        if operands[position].truth and _is_whole(node.inputs[1 - position]):
            operands[position] = as_numbers(operands[position])
    return operands[0], operands[1]


def _is_whole(node: Expression) -> bool:
    return is_constant(node) and bool((node.attributes["value"] % 1 == 0).all())


def _outer_product(scribe: Scribe, node: Expression) -> Written | None:
    """A column times a row, as the derivative of x @ W by W is."""
    if node.op.name != "multiply":
        return None
    column, row = node.inputs
    for source, shape in ((column, (*column.shape[:1], 1)), (row, (1, *row.shape[1:]))):
        if source.op.name != "reshape" or len(source.inputs[0].shape) != 1 or source.shape != shape:
            return None
    first, second = column.inputs[0], row.inputs[0]
    a, b = scribe.value(first), scribe.value(second)
    if scribe.layout.columns:
        a = a.then("[None, :]" if shapes.has_examples(first.shape) else ".T")
        b = b.then("[:, None]" if shapes.has_examples(second.shape) else "")
        return Written(f"{b.bracketed(PRODUCT + 1)} @ {a.text}", PRODUCT)
    return Written(f"np.outer({a.text}, {b.text})")


def _comparison(scribe: Scribe, node: Expression) -> Written:
    parts = [scribe.operand(node, position).bracketed(COMPARISON + 1) for position in (0, 1)]
    return Written(f"{parts[0]} {_COMPARISONS[node.op.name]} {parts[1]}", COMPARISON, truth=True)


def _where(scribe: Scribe, node: Expression) -> Written:
    condition = scribe.operand(node, 0, truth=True)
    test = condition.text if condition.truth else f"{condition.bracketed(COMPARISON + 1)} != 0"
    parts = [scribe.operand(node, position).text for position in (1, 2)]
    return Written(f"np.where({', '.join([test, *parts])})")


def _sigmoid(scribe: Scribe, node: Expression) -> Written:
    name = scribe.module.helper("sigmoid", _SIGMOID)
    return Written(f"{name}({scribe.operand(node, 0).bracketed(LOOSEST)})", CALL)


def _erf(scribe: Scribe, node: Expression) -> Written:
    scribe.module.imports.add("import math")
    name = scribe.module.helper("erf", _ERF)
    return Written(f"{name}({scribe.operand(node, 0).text})")


RULES: Rules = {
    **{name: _call(function) for name, function in _FUNCTIONS.items()},
    **dict.fromkeys(_ARITHMETIC, _infix),
    **dict.fromkeys(_COMPARISONS, _comparison),
    "copy": _copy,
    "negate": _negate,
    "where": _where,
    "sigmoid": _sigmoid,
    "erf": _erf,
}
