"""An explanation as text: the same walk as on the page, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from chainrule.explain.occlusion import Occlusion
from chainrule.explain.parts import Array, Backward, Cost, Input, LayerPart, Neighbours, Prediction, Sum, Update
from chainrule.explain.pixels import pixel_sums
from chainrule.explain.prediction import label_text
from chainrule.explain.saliency import Saliency
from chainrule.graph.trace.wording import number_text
from chainrule.network.text import table

if TYPE_CHECKING:
    from chainrule.explain.explanation import Explanation

_STRONGEST = 6
_RATE_FROM = {"given": "given", "trained with": "the one the model was trained with", "usual": "a usual one"}


def explanation_text(explanation: Explanation) -> str:
    """Write all parts, one after the other.

    Example:
        >>> import chainrule as cr
        >>> from chainrule.explain.build import explain
        >>> X, y = cr.points("gauss", count=80)
        >>> model = cr.fit(cr.Network([cr.Dense(1, "sigmoid")]), X, y, epochs=2)
        >>> print(explanation_text(explain(model, X[0])).splitlines()[2])
        1. The input as numbers
    """
    sections: list[tuple[str, Iterator[str]]] = [
        ("The input as numbers", _input(explanation.input)),
        ("Forward: every layer's Z and A", _layers(explanation)),
        ("The prediction as the sum of its parts", _prediction(explanation.prediction)),
    ]
    if explanation.cost is not None:
        sections.append(("The cost", _cost(explanation.cost)))
    if explanation.backward is not None:
        sections.append(("Backward: every gradient", _backward(explanation.backward)))
    if explanation.update is not None:
        sections.append(("One update, and the cost after it", _update(explanation.update, explanation.backward)))
    sections += [
        ("What the answer rests on", _saliency(explanation.saliency, explanation.input)),
        ("The nearest training examples", _neighbours(explanation.neighbours, explanation.no_neighbours)),
    ]
    lines = [explanation.title]
    for number, (title, content) in enumerate(sections, start=1):
        lines += ["", f"{number}. {title}", *(f"   {line}".rstrip() for line in content)]
    return "\n".join(lines)


def _input(part: Input) -> Iterator[str]:
    size = f"{part.row.size:,} numbers ({part.dtype})"
    if part.shape is None:
        yield f"{part.name}: {size}"
    else:
        height, width, channels = part.shape
        yield f"{part.name}: {height} x {width} pixels, {channels} number{'s' * (channels > 1)} each: {size}"
    yield part.preprocessing
    if part.formula:
        yield part.formula
    yield ""
    picture = part.shape is not None
    head = ["X[j]", *(["row", "column", "channel"] if picture else []), part.raw_name, "X"]
    rows = [
        (
            f"X[{one.index}]",
            *(() if one.place is None else (str(one.place[0]), str(one.place[1]), one.channel)),
            number_text(one.raw),
            number_text(one.x),
        )
        for one in part.numbers
    ]
    if not part.formula:
        head, rows = [*head[:-2], "X"], [(*row[:-2], row[-1]) for row in rows]
    yield from _table([tuple(head), *rows], right=tuple(range(4 if picture else 1, len(head))))
    yield f"X: {part.summary}"


def _layers(explanation: Explanation) -> Iterator[str]:
    yield from explanation.network.splitlines()
    for part in explanation.layers:
        yield ""
        yield part.title
        shapes = ", ".join(f"{name} {'x'.join(map(str, shape))}" for name, shape in part.parameters.items())
        yield f"{part.z_name} = {part.z_formula}   ({shapes})"
        if part.a_formula:
            yield f"{part.a_name} = {part.a_formula}"
        if part.dropout:
            yield f"dropout {part.dropout:g} after it does nothing when the model predicts"
        yield from _neurons(part)
        yield f"{part.z_name}: {part.z_summary}"
        if part.a_formula:
            yield f"{part.a_name}: {part.a_summary}{_silent(part)}"


def _neurons(part: LayerPart) -> Iterator[str]:
    if not part.shows_all:
        yield f"{len(part.shown)} of {part.units:,} neurons, those with the largest |{part.a_name}|:"
    names = (part.z_name, part.a_name) if part.a_formula else (part.z_name,)
    columns = (part.Z, part.A) if part.a_formula else (part.Z,)
    rows = [(str(j), *(number_text(values[j]) for values in columns)) for j in part.shown]
    yield from _table([("neuron", *names), *rows], right=(0, 1, 2)[: len(names) + 1])


def _silent(part: LayerPart) -> str:
    return f", {part.silent} of {part.units:,} exactly 0" if part.silent else ""


def _prediction(part: Prediction) -> Iterator[str]:
    for one in part.sums:
        yield from _sum(one)
        yield ""
    if part.formula:
        yield part.formula + (f" = {part.numbers}" if part.numbers else "")
    for name, share in part.probabilities:
        yield f"probability of {name}: {number_text(share)}"
    if part.threshold is not None and part.probabilities:
        yield f"the answer is {part.probabilities[1][0]} from a probability of {number_text(part.threshold)} on"
    yield f"answer: {part.answer_text}"


def _sum(part: Sum) -> Iterator[str]:
    speaks = "" if part.class_name is None else f", which speaks for {part.class_name} where it is high"
    yield f"{part.z_name}{speaks}:"
    rows = [
        (f"{term.name} * w", f"{number_text(term.a)} * {_bracketed(term.w)}", number_text(term.product), term.place)
        for term in part.terms
    ]
    if part.rest_count:
        rows.append((f"{part.rest_count:,} other terms", "", number_text(part.rest), ""))
    if part.bias is not None:
        rows.append(("b", "", number_text(part.bias), ""))
    rows.append((f"sum = {part.z_name}", "", number_text(part.z), ""))
    yield from _table(rows, right=(2,))


def _cost(part: Cost) -> Iterator[str]:
    yield f"{part.formula}   ({part.loss})"
    for one in part.labels:
        words = [*(["given"] if one.given else []), *(["the answer"] if one.is_answer else [])]
        remark = f" ({', '.join(words)})" if words else ""
        yield f"if {one.label_text} is right{remark}: J = {one.numbers or number_text(one.cost)}"


def _backward(part: Backward) -> Iterator[str]:
    if part.assumed:
        yield f"No label was given: the answer, {part.label_text}, is taken as right."
    else:
        yield f"For the label {part.label_text}."
    yield from part.inner_steps
    yield ""
    for step in part.steps:
        yield step.text
        yield from (f"    {local}" for local in step.locals)
        if step.name in part.trained:
            yield f"    training computes {part.trained[step.name].text}"
    if not all(np.isfinite(step.value).all() for step in part.steps):
        yield "The chain as it is written meets a number that float64 cannot hold; training's own form does not."


def _update(part: Update, backward: Backward | None) -> Iterator[str]:
    rate, source = number_text(part.learning_rate), _RATE_FROM[part.rate_from]
    yield f"w := w - learning_rate * dJ/dw, learning_rate = {rate} ({source})"
    if part.note:
        yield part.note
    yield ""
    rows = [
        (
            f"{one.name}[{', '.join(map(str, one.index))}]",
            f"{number_text(one.before)} - {rate} * {_bracketed(one.gradient)}",
            f"= {number_text(one.after)}",
            f"largest change in {one.name}: {number_text(one.largest_change)}",
        )
        for one in part.parameters
    ]
    yield from _table(rows, right=())
    yield f"J before: {number_text(part.cost_before)}   J after: {number_text(part.cost_after)}"
    if part.probability_before is not None and part.probability_after is not None and backward is not None:
        yield (
            f"probability of {backward.label_text} before: {number_text(part.probability_before)}   "
            f"after: {number_text(part.probability_after)}"
        )
    else:
        yield f"output after: {label_text(part.outputs_after)}"


def _saliency(part: Saliency, source: Input) -> Iterator[str]:
    yield f"explained: {part.explained}"
    integrated, hidden = part.integrated, part.occlusion
    maps = [
        ("gradient", part.gradient),
        ("gradient * input", part.gradient_times_input),
        ("integrated gradients", integrated.attributions),
    ]
    if source.shape is None:
        maps.append(("occlusion", hidden.drops))
    else:
        channels = "; a pixel's channels are added up" if source.shape[2] > 1 else ""
        yield f"the pixels with the largest values, as (row, column){channels}"
    yield from _table([(name, _strongest(values, source)) for name, values in maps], right=())
    yield (
        f"integrated gradients from the {integrated.baseline_name} baseline add up to "
        f"{number_text(integrated.total)}; f(x) - f(baseline) = {number_text(integrated.f)} - "
        f"{_bracketed(integrated.f_baseline)} = {number_text(integrated.difference)}"
    )
    yield (
        f"occlusion: with {_covered(hidden, source)} covered by {hidden.covers}, {hidden.share_name} falls most, "
        f"from {number_text(hidden.share)} to {number_text(hidden.lowest)}"
    )


def _covered(hidden: Occlusion, source: Input) -> str:
    """Say what is covered where the answer falls most."""
    most = int(hidden.drops.argmax())
    if source.shape is None:
        return f"X[{most}]"
    row, column, _ = np.unravel_index(most, source.shape)
    return f"{hidden.patch} x {hidden.patch} pixels around ({row}, {column})"


def _strongest(values: Array, source: Input) -> str:
    """List the largest |values|, of a picture by pixel."""
    if source.shape is None:
        flat, names = values, None
    else:
        flat, names = pixel_sums(values, source.shape).ravel(), source.shape[:2]
    found = []
    for place in np.argsort(-np.abs(flat), kind="stable")[:_STRONGEST]:
        where = f"X[{place}]" if names is None else "({}, {})".format(*np.unravel_index(place, names))
        found.append(f"{where}: {number_text(flat[place])}")
    return "  ".join(found)


def _neighbours(part: Neighbours | None, why_not: str) -> Iterator[str]:
    if part is None:
        yield why_not
        return
    yield f"distances in {part.space}"
    rows = [(one.name, one.class_name, f"model: {one.answer}", number_text(one.distance)) for one in part.found]
    yield from _table([("example", "class", "answer", "distance"), *rows], right=(3,))
    if part.note:
        yield part.note


def _table(rows: Sequence[tuple[str, ...]], right: tuple[int, ...]) -> list[str]:
    return table(list(rows), right=right).splitlines()


def _bracketed(number: float) -> str:
    written = number_text(number)
    return f"({written})" if written.startswith("-") else written
