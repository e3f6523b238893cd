"""What stands in the drawing of an opened neuron: products, formulas, the result, and whose they are."""

from __future__ import annotations

import numpy as np

from chainrule.graph.draw.fonts import shortened
from chainrule.graph.text import formula
from chainrule.network.drawing.arithmetic import adds_up, product
from chainrule.network.drawing.blocks import Line
from chainrule.network.drawing.columns import layer_titles
from chainrule.network.drawing.neuron_values import Neuron
from chainrule.network.drawing.words import short

_LONGEST_NAME, _LONGEST_FORMULA = 240.0, 40


def title(neuron: Neuron) -> str:
    """Say which neuron it is."""
    layer = " · ".join(text for text, _ in layer_titles(neuron.subject, neuron.view))
    which = f"neuron {neuron.place + 1} of {neuron.units:,}" if neuron.units > 1 else "its one neuron"
    return f"{layer}: {which}, {neuron.activation}"


def where(neuron: Neuron) -> str:
    """Say which of the layer's parameters are this neuron's."""
    view, words, place = neuron.view, neuron.words, neuron.place + 1
    assert view.W is not None
    W, which = words.labels[view.W], "row" if words.columns else "column"
    one = neuron.units == 1
    text = f"w is all of {W}" if one else f"w is {which} {place} of {W}"
    if view.b is not None:
        text += f", b is {'all' if one else f'number {place}'} of {words.labels[view.b]}"
    return text


def products(neuron: Neuron) -> list[Line]:
    """Return the lines of the linear part: each product, and b."""
    numbers = neuron.numbers
    lines = []
    for mark, name, slot in zip(neuron.marks, neuron.names, neuron.slots, strict=True):
        if slot is None:
            lines.append(Line(_rest(neuron), "soft"))
            continue
        text = f"w_{{{mark}}} {name}"
        if numbers is not None:
            w, x = float(numbers.w[slot]), float(numbers.x[slot])
            text += f" = {' '.join(product([w, x], w * x))}"
        lines.append(Line(text))
    if neuron.view.b is not None:
        lines.append(Line("b" if numbers is None else f"b = {short(numbers.b)}"))
    return lines


def _rest(neuron: Neuron) -> str:
    """Say what the inputs that are not drawn add."""
    numbers = neuron.numbers
    if numbers is None or neuron.inputs is None:
        return "…"
    drawn = sum(slot is not None for slot in neuron.slots)
    return f"{neuron.inputs - drawn:,} more: {short(_left_out(neuron))}"


def _left_out(neuron: Neuron) -> float:
    """Return the sum of the products that are not written out."""
    numbers = neuron.numbers
    assert numbers is not None
    left = np.ones(len(numbers.x), dtype=bool)
    left[[slot for slot in neuron.slots if slot is not None]] = False
    return float(numbers.w[left] @ numbers.x[left])


def linear_formula(neuron: Neuron) -> str:
    """Write z by the inputs, in short where there are many."""
    terms = [f"w_{{{mark}}} {name}" for mark, name in zip(neuron.marks, neuron.names, strict=True)]
    if len(terms) > 3 or None in neuron.slots:
        terms = [terms[0], "…", terms[-1]]
    return "z = " + " + ".join([*terms, *(["b"] if neuron.view.b is not None else [])])


def sum_line(neuron: Neuron) -> Line:
    """Write what the lines of the linear part add up to."""
    numbers = neuron.numbers
    if numbers is None:
        return Line("z = the sum of all", "forward")
    drawn = [slot for slot in neuron.slots if slot is not None]
    terms = [float(numbers.w[slot] * numbers.x[slot]) for slot in drawn]
    sign = "=" if adds_up([*terms, _left_out(neuron), numbers.b], numbers.z) else "≈"
    return Line(f"z = the sum of all {sign} *{{{short(numbers.z)}}}", "forward")


def activation_lines(neuron: Neuron) -> list[Line]:
    """Write how z becomes a."""
    if neuron.single:
        return [Line(f"a = {_of_z(neuron)}")]
    lines = [Line(f"a = {neuron.activation}(all z of the layer)")]
    if neuron.activation == "softmax":
        lines += [Line("exp(z), divided by the", "soft"), Line(f"sum of exp over the {neuron.units:,} z", "soft")]
    return lines


def _of_z(neuron: Neuron) -> str:
    """Write the activation of z; a person's own by its formula, if that is short."""
    if neuron.activation == "identity":
        return "z"
    if neuron.own:
        assert neuron.view.Z is not None
        text = formula(neuron.view.A, labels={neuron.view.Z: "z"}, notation=neuron.words.notation)
        if len(text) <= _LONGEST_FORMULA:
            return text
    return f"{neuron.activation}(z)"


def result_line(neuron: Neuron) -> Line | None:
    """Write a with its number; None without numbers."""
    numbers = neuron.numbers
    if numbers is None:
        return None
    named = neuron.single and not neuron.own and neuron.activation != "identity"
    inside = f"{neuron.activation}({short(numbers.z)}) = " if named else ""
    return Line(f"a = {inside}*{{{short(numbers.a)}}}", "forward")


def meaning(neuron: Neuron) -> str:
    """Say what an output is, or where a hidden neuron's result goes."""
    if not neuron.is_output:
        return f"goes on to layer {neuron.view.number + 1}"
    classes = neuron.options.classes
    if not classes or neuron.activation not in ("sigmoid", "softmax"):
        return "the output"
    name = classes[1] if neuron.units == 1 else classes[neuron.place]
    return shortened(f"the probability of {name}", _LONGEST_NAME)
