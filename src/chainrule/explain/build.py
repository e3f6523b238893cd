"""From a model and a row to an explanation with all its parts."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from chainrule.arguments import array_of
from chainrule.data.settings import PictureSettings
from chainrule.errors import UserError
from chainrule.explain.backward import backward_part
from chainrule.explain.example import Array, Example, ExplainedModel
from chainrule.explain.explanation import Explanation
from chainrule.explain.forward import layer_parts
from chainrule.explain.inputs import input_part
from chainrule.explain.neighbours import Candidates, nearest
from chainrule.explain.parts import Input, Neighbours, Prediction
from chainrule.explain.prediction import cost_part, label_text, prediction_part
from chainrule.explain.run_examples import NoExamples, run_examples
from chainrule.explain.saliency import saliency
from chainrule.explain.update import update_part
from chainrule.threads import one_thread_for_products
from chainrule.training.labels import Labels


def explain(
    model: ExplainedModel,
    row: ArrayLike,
    y: object = None,
    *,
    learning_rate: float | None = None,
    path: str | None = None,
    run: str | os.PathLike[str] | None = None,
    all_pictures: bool = False,
    among: tuple[ArrayLike, ArrayLike] | None = None,
) -> Explanation:
    """Explain one answer of a model.

    Args:
        model: the trained model.
        row: shape (n,) or (1, n), as the model was trained on.
        y: the right label: a class, or the numbers of a regression; None takes the answer for it.
        learning_rate: of the update that is shown; None takes the one that the model was trained with.
        path: the picture's file, where the row is one.
        run: the folder of the run, for the nearest training pictures.
        all_pictures: whether all of them are looked at; otherwise, of many, an even sample of at most 400.
        among: rows and labels (X, y) to look for the nearest in, in place of a run's.

    Raises:
        UserError: a row that the model cannot read, an unknown label, a learning rate that is not above 0.

    Example:
        >>> import chainrule as cr
        >>> X, y = cr.points("moons", count=80)
        >>> network = cr.Network([cr.Dense(4, "tanh"), cr.Dense(1, "sigmoid")])
        >>> found = explain(cr.fit(network, X, y, classes=["red", "blue"], epochs=2), X[0], "red")
        >>> found.backward.label_text, [part.a_name for part in found.layers]
        ('red', ['A1', 'A2'])
    """
    # The products are many and small, and NumPy's threads would spin between them: four times slower.
    with one_thread_for_products():
        example = Example.of(model, one_row(model, row))
        given = None if y is None else example.label(y)
        input_ = input_part(example, path)
        layers = layer_parts(example)
        prediction = prediction_part(example, layers, given)
        label = given if given is not None else _answer_as_label(example, prediction)
        answer = None if model.classes is None else model.classes.index(prediction.answer)
        backward = None if label is None else backward_part(example, label, assumed=given is None)
        neighbours, why_not = _neighbours(
            example, among, lambda pictures: _of_run(pictures, run, path, all_pictures=all_pictures)
        )
        return Explanation(
            title=_title(input_, prediction),
            network=model.network.summary(model.preprocessing.features),
            input=input_,
            layers=layers,
            prediction=prediction,
            cost=cost_part(example, prediction, given),
            backward=backward,
            update=None
            if label is None or backward is None
            else update_part(example, label, backward, learning_rate),
            saliency=saliency(model, example.row, target=answer, shape=input_.shape),
            neighbours=neighbours,
            no_neighbours=why_not,
            example=example,
        )


def one_row(model: ExplainedModel, row: ArrayLike) -> Array:
    """Return the one row that is to be explained, shape (n,), as the model may read it.

    Raises:
        UserError: none or several rows, or one that the model cannot read.
    """
    array = array_of(row, "x")
    if array.ndim == 2 and len(array) != 1:
        raise UserError(f"one row is explained at a time, but x has {len(array)}: give x[0], for example")
    if array.ndim not in {1, 2}:
        raise UserError(f"x must be one row of shape ({model.preprocessing.features},), not {array.shape}")
    checked: Array = model.preprocessing.check(array.reshape(1, -1))[0]
    return checked


def _answer_as_label(example: Example, prediction: Prediction) -> Labels | None:
    """Take the answer for the label; there is nothing to learn from a regression's own answer."""
    classes = example.model.classes
    return None if classes is None else example.class_label(classes.index(prediction.answer))


def _title(input_: Input, prediction: Prediction) -> str:
    if prediction.probability is None:
        return f"{input_.name}: {prediction.answer_text}"
    return f"{input_.name}: {prediction.answer_text}, {100 * prediction.probability:.1f} %"


def _neighbours(
    example: Example,
    among: tuple[ArrayLike, ArrayLike] | None,
    of_run: Callable[[PictureSettings | None], Candidates],
) -> tuple[Neighbours | None, str]:
    """Find the nearest training examples, or say why there are none."""
    try:
        candidates = of_run(example.model.pictures) if among is None else _given(example, among)
    except NoExamples as reason:
        return None, str(reason)
    return nearest(example, candidates), ""


def _of_run(
    pictures: PictureSettings | None, run: str | os.PathLike[str] | None, path: str | None, *, all_pictures: bool
) -> Candidates:
    if run is None:
        raise NoExamples("No run's folder was given, and so its training examples are not known.")
    if pictures is None:
        raise NoExamples("The model was not trained on pictures, and its training rows are not known.")
    return run_examples(run, pictures, apart_from=path, all_pictures=all_pictures)


def _given(example: Example, among: tuple[ArrayLike, ArrayLike]) -> Candidates:
    if len(among) != 2:
        raise UserError(f"among is rows and their labels, (X, y), not {len(among)} things")
    rows = example.model.preprocessing.check(array_of(among[0], "among"))
    if not len(rows):
        raise UserError("among holds no rows")
    names = _label_names(example, array_of(among[1], "the labels of among"), len(rows))
    return Candidates(
        rows=rows,
        names=[f"row {row}" for row in range(len(rows))],
        paths=(),
        class_names=names,
        of=len(rows),
    )


def _label_names(example: Example, y: Array, count: int) -> Sequence[str]:
    labels: Any = example.read_labels(y, count)
    if labels.classes is None:
        return [label_text(tuple(float(v) for v in np.ravel(one))) for one in labels.values]
    return [str(labels.classes[index]) for index in labels.values]
