"""The prediction as the sum of its parts, and what it costs."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from chainrule.explain.example import Array, Example
from chainrule.explain.inputs import place_of
from chainrule.explain.parts import Cost, Label, LabelCost, LayerPart, Prediction, Sum, Term
from chainrule.graph.text import formula
from chainrule.graph.trace.wording import number_text
from chainrule.training.labels import ClassName, Labels

_TERMS = 8
# Of many classes or outputs, so many are looked at.
_MOST_SUMS, _MOST_LABELS = 3, 5
# A softmax of up to so many classes is written out with its numbers.
_WRITTEN_OUT = 4


def answer_of(example: Example, outputs: Array) -> tuple[Label, int | None, Array]:
    """Return the answer that outputs stand for: the class, its index, and the probability of each class.

    Of a regression the answer is the outputs themselves, there is no index, and there are no probabilities.
    """
    classes = example.model.classes
    if classes is None:
        return tuple(float(number) for number in outputs), None, np.empty(0)
    probabilities = np.array([1 - outputs[0], outputs[0]]) if outputs.size == 1 else outputs
    # As `Model.predict` decides, which has float32.
    rounded = probabilities.astype(np.float32)
    index = int(rounded[1] >= example.model.threshold) if len(classes) == 2 else int(rounded.argmax())
    return classes[index], index, probabilities


def label_text(label: Label) -> str:
    """Write a class, or the numbers of a regression.

    >>> label_text("dog"), label_text((0.25,)), label_text((1.0, 2.0))
    ('dog', '0.25', '[1, 2]')
    """
    if not isinstance(label, tuple):
        return str(label)
    written = [number_text(number) for number in label]
    return written[0] if len(written) == 1 else f"[{', '.join(written)}]"


def prediction_part(example: Example, layers: Sequence[LayerPart], given: Labels | None) -> Prediction:
    """Take the answer apart.

    Args:
        example: the example.
        layers: its layers, from `layer_parts`.
        given: the right label, whose sum is shown too.

    Example:
        >>> import chainrule as cr
        >>> from chainrule.explain.forward import layer_parts
        >>> X, y = cr.points("gauss", count=80)
        >>> example = Example.of(cr.fit(cr.Network([cr.Dense(1, "sigmoid")]), X, y, epochs=2), X[0])
        >>> found = prediction_part(example, layer_parts(example), None).sums[0]
        >>> abs(sum(term.product for term in found.terms) + found.rest + found.bias - found.z) < 1e-12
        True
    """
    last = layers[-1]
    answer, index, probabilities = answer_of(example, last.A)
    classes = example.model.classes
    return Prediction(
        answer=answer,
        answer_text=label_text(answer),
        probability=None if index is None else float(probabilities[index]),
        probabilities=tuple(zip(classes or (), probabilities.tolist(), strict=True)),
        threshold=float(example.model.threshold) if classes is not None and len(classes) == 2 else None,
        outputs=tuple(last.A.tolist()),
        output_name=last.a_name,
        formula=f"{last.a_name} = {last.a_formula}" if last.a_formula else "",
        numbers=_output_numbers(last),
        sums=tuple(_sum(example, layers, output) for output in _outputs_shown(last, index, given)),
    )


def _outputs_shown(last: LayerPart, index: int | None, given: Labels | None) -> list[int]:
    if last.units == 1:
        return [0]
    if index is None:
        return list(range(min(last.units, _MOST_SUMS)))
    first = [index, *([] if given is None else [int(given.values[0])])]
    by_probability = np.argsort(-last.A, kind="stable").tolist()
    return list(dict.fromkeys([*first, *by_probability]))[:_MOST_SUMS]


def _sum(example: Example, layers: Sequence[LayerPart], output: int) -> Sum:
    last = layers[-1]
    source = example.x if len(layers) == 1 else layers[-2].A
    nodes = example.layers[-1].parameters
    w = example.parameters[nodes["W"]][:, output]
    products = source * w
    order = np.argsort(-np.abs(products), kind="stable")
    # Terms of exactly 0, of silent neurons, say nothing one by one; and few terms are not cut for the sake of one.
    telling = int(np.count_nonzero(products))
    shown = order[: telling if telling <= _TERMS + 1 else _TERMS]
    classes = example.model.classes
    name: ClassName | None = None if classes is None else classes[1 if last.units == 1 else output]
    return Sum(
        output=output,
        z_name=last.z_name if last.units == 1 else f"{last.z_name}[{output}]",
        class_name=name,
        terms=tuple(
            Term(
                index=int(j),
                name=f"{last.reads}[{j}]",
                place=_place(example, int(j)) if len(layers) == 1 else "",
                a=float(source[j]),
                w=float(w[j]),
                product=float(products[j]),
            )
            for j in shown
        ),
        rest=math.fsum(products[order[shown.size :]]),
        rest_count=order.size - shown.size,
        bias=float(example.parameters[nodes["b"]][output]) if "b" in nodes else None,
        z=float(last.Z[output]),
    )


def _place(example: Example, index: int) -> str:
    place, channel = place_of(example.model, index)
    return "" if place is None else f"row {place[0]}, column {place[1]}, {channel}"


def _output_numbers(last: LayerPart) -> str:
    """Write the output's formula with its numbers, where that is short."""
    z = [_bracketed(number_text(number)) for number in last.Z]
    result = label_text(tuple(last.A.tolist()))
    if last.activation == "sigmoid" and last.units == 1:
        return f"1 / (1 + exp(-{z[0]})) = {result}"
    if last.activation == "softmax" and last.units <= _WRITTEN_OUT:
        total = " + ".join(f"exp({number.strip('()')})" for number in z)
        best = int(last.A.argmax())
        return f"exp({z[best].strip('()')}) / ({total}) = {number_text(last.A[best])} for output {best}"
    return ""


def _bracketed(number: str) -> str:
    return f"({number})" if number.startswith("-") else number


def cost_part(example: Example, prediction: Prediction, given: Labels | None) -> Cost | None:
    """Return what the answer costs for each label; nothing for a regression without a label."""
    labels = _labels(example, prediction, given)
    if not labels:
        return None
    costs = example.costs(labels)
    classes = example.model.classes
    found = []
    for label, cost in zip(labels, costs, strict=True):
        y = example.label_value(label).ravel()
        name: Label = tuple(float(v) for v in y) if classes is None else classes[int(label.values[0])]
        found.append(
            LabelCost(
                label=name,
                label_text=label_text(name),
                y=tuple(float(number) for number in y),
                cost=cost,
                given=label is given,
                is_answer=classes is not None and name == prediction.answer,
                numbers=_cost_numbers(example, prediction, y, cost),
            )
        )
    return Cost(loss=example.model.loss.name, formula=f"J = {formula(example.J)}", labels=tuple(found))


def _labels(example: Example, prediction: Prediction, given: Labels | None) -> list[Labels]:
    """List the given label, then the others by their probability."""
    if not prediction.probabilities:
        return [] if given is None else [given]
    order = np.argsort([-share for _, share in prediction.probabilities], kind="stable").tolist()
    first = None if given is None else int(given.values[0])
    others = [example.class_label(index) for index in order if index != first]
    return [*([] if given is None else [given]), *others][:_MOST_LABELS]


def _cost_numbers(example: Example, prediction: Prediction, y: Array, cost: float) -> str:
    """Write the loss with numbers put in, where it is a built-in one of one number."""
    name, result = example.model.loss.name, number_text(cost)
    if example.model.loss.own:
        return ""
    if name == "categorical_cross_entropy":
        return f"-log({number_text(prediction.outputs[int(y[0])])}) = {result}"
    if len(prediction.outputs) > 1:
        return ""
    y_hat = number_text(prediction.outputs[0])
    if name == "binary_cross_entropy":
        return f"-log({y_hat}) = {result}" if y[0] == 1 else f"-log(1 - {y_hat}) = {result}"
    difference = f"{y_hat} - {_bracketed(number_text(y[0]))}"
    return f"({difference}) ** 2 = {result}" if name == "squared_error" else f"abs({difference}) = {result}"
