"""The parts of an explanation: plain data, from which the page, the text and the JSON are made.

Indices count from 0, as in NumPy; layers are numbered from 1, as in the names W1, Z1, A1. Arrays are of one
example, without the axis of examples.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from numpy.typing import NDArray

from chainrule.graph.trace.wording import Summary
from chainrule.training.labels import ClassName

Array = NDArray[Any]

# A class, or the numbers that are the right answer of a regression.
Label = ClassName | tuple[float, ...]


@dataclass(frozen=True)
class Number:
    """One number of the row that is explained.

    Attributes:
        index: where it stands in the row, and so in x.
        place: where it stands in a picture: (row of pixels, column, channel); None of other rows.
        channel: "red", "green", "blue" or "grey"; "" of other rows.
        raw: as it was read: a byte of a picture.
        x: as the first layer reads it.
    """

    index: int
    place: tuple[int, int, int] | None
    channel: str
    raw: float
    x: float


@dataclass(frozen=True, eq=False)
class Input:
    """The picture, or the row, as numbers.

    Attributes:
        name: what it is called on the page: a file's name, or "the row".
        path: the picture's file; None where a row was given.
        shape: (height, width, channels) of a picture; None of other rows.
        dtype: of the row, such as "uint8".
        raw_name, x_name: what the row is called in formulas before and after preprocessing: "pixels" or "row", and
            "X"; both are "X" where nothing is preprocessed.
        formula: how the one becomes the other, such as "X = pixels / 255"; empty where nothing is preprocessed.
        preprocessing: the same in words.
        row: (n,) as it was read.
        x: (n,) as the first layer reads it.
        numbers: some of them, from the first to the last.
        summary: of x.
    """

    name: str
    path: str | None
    shape: tuple[int, int, int] | None
    dtype: str
    raw_name: str
    x_name: str
    formula: str
    preprocessing: str
    row: Array
    x: Array
    numbers: tuple[Number, ...]
    summary: Summary


@dataclass(frozen=True, eq=False)
class LayerPart:
    """One layer of neurons on the way forward.

    Attributes:
        number: from 1.
        title: such as "layer 2, 16 neurons, relu" or "output layer, 1 neuron, sigmoid".
        activation: its name.
        is_output: whether it is the last.
        reads: the name of what it reads: "X", "A1", ...
        inputs, units: how many numbers it reads and gives.
        parameters: the shape of "W1" and, with bias, of "b1".
        z_name, a_name: "Z1" and "A1"; both are "Z1" where the activation is the identity.
        z_formula, a_formula: such as "X @ W1 + b1" and "relu(Z1)"; the second is empty for the identity.
        Z, A: (units,) their values.
        shown: the neurons to show: all of a small layer, in order; of a wide one those of the largest |A|,
            the largest first.
        z_summary, a_summary: of all neurons.
        silent: how many neurons give exactly 0.
        dropout: the rate of a dropout after the layer, which does nothing when the model predicts; 0 for none.
    """

    number: int
    title: str
    activation: str
    is_output: bool
    reads: str
    inputs: int
    units: int
    parameters: Mapping[str, tuple[int, ...]]
    z_name: str
    a_name: str
    z_formula: str
    a_formula: str
    Z: Array
    A: Array
    shown: tuple[int, ...]
    z_summary: Summary
    a_summary: Summary
    silent: int
    dropout: float

    @property
    def shows_all(self) -> bool:
        """Whether every neuron is shown."""
        return len(self.shown) == self.units


@dataclass(frozen=True)
class Term:
    """One term w_j * a_j of a neuron's sum.

    Attributes:
        index: j.
        name: "A2[5]", or of the row "X[12]".
        place: where in the picture, such as "row 3, column 7, red"; empty elsewhere.
        a, w: the two factors.
        product: w * a.
    """

    index: int
    name: str
    place: str
    a: float
    w: float
    product: float


@dataclass(frozen=True)
class Sum:
    """z of an output neuron as the sum of its parts: the terms, the rest of them, and the bias.

    Attributes:
        output: which output neuron.
        z_name: "Z3", or "Z3[1]" where there are several outputs.
        class_name: the class that a high z speaks for; None of a regression.
        terms: those with the largest |product|, the largest first; none that is exactly 0.
        rest: the sum of all others.
        rest_count: how many others there are.
        bias: b; None where the layer has none.
        z: the whole sum.
    """

    output: int
    z_name: str
    class_name: ClassName | None
    terms: tuple[Term, ...]
    rest: float
    rest_count: int
    bias: float | None
    z: float


@dataclass(frozen=True)
class Prediction:
    """The answer, as the sum of its parts.

    Attributes:
        answer: the class that the model says; the output's numbers of a regression.
        answer_text: the answer in words: a class's name, or numbers.
        probability: of that class; None of a regression.
        probabilities: of each class, in the order of the model's classes; empty of a regression.
        threshold: from which probability on the positive class is said; None of more than two classes.
        outputs: what the output layer gives.
        output_name: "A3", or "Z3" where the activation is the identity.
        formula: how the output follows from z: "A3 = sigmoid(Z3)"; empty for the identity.
        numbers: the same with numbers: "1 / (1 + exp(-(0.83))) = 0.696"; empty where it cannot be written shortly.
        sums: of the output neurons, that of the answer first; of many classes only the most probable ones.
    """

    answer: Label
    answer_text: str
    probability: float | None
    probabilities: tuple[tuple[ClassName, float], ...]
    threshold: float | None
    outputs: tuple[float, ...]
    output_name: str
    formula: str
    numbers: str
    sums: tuple[Sum, ...]


@dataclass(frozen=True)
class LabelCost:
    """What the answer costs if a label is the right one.

    Attributes:
        label: the class, or the numbers of a regression.
        label_text: in words.
        y: the label as the loss reads it: 0 or 1, an index, or numbers.
        cost: J, of this one example.
        given: whether it is the label that was given.
        is_answer: whether it is what the model says.
        numbers: the loss with numbers put in, such as "-log(0.696) = 0.362"; empty where it has no short form.
    """

    label: Label
    label_text: str
    y: tuple[float, ...]
    cost: float
    given: bool
    is_answer: bool
    numbers: str


@dataclass(frozen=True)
class Cost:
    """The cost of the example.

    Attributes:
        loss: the loss's name.
        formula: such as "L = -(y * log(A3) + (1 - y) * log(1 - A3))".
        labels: the cost for each label: the given one first, then the others by probability (of many classes, the
            most probable ones). Of a regression the given one alone.
    """

    loss: str
    formula: str
    labels: tuple[LabelCost, ...]


@dataclass(frozen=True, eq=False)
class BackwardStep:
    """The gradient of the cost by one node, as the chain rule writes it.

    Attributes:
        name: "dJ/dA2".
        node: "A2".
        layer: the number of the layer that the node belongs to; None of the loss, and of the row.
        is_parameter: whether it is a W or b, which training changes.
        formula: "dJ/dZ3 @ W3.T", or "dJ/dA2 * dA2/dZ2".
        numbers: the formula with numbers or shapes put in.
        locals: the local derivatives in it, such as "dA2/dZ2 = A2 * (1 - A2) = [0.24]".
        result: the gradient in words: a number, a short array, or a summary.
        text: all of it in one line.
        latex: all of it as LaTeX, without dollar signs.
        value: the gradient, of the node's shape with an axis of 1 for the example.
    """

    name: str
    node: str
    layer: int | None
    is_parameter: bool
    formula: str
    numbers: str
    locals: tuple[str, ...]
    result: str
    text: str
    latex: str
    value: Array


@dataclass(frozen=True, eq=False)
class TrainedForm:
    """A gradient in the numerically sound form that training uses.

    Attributes:
        name: "dJ/dZ3".
        formula: "A3 - y".
        result: its value in words.
        text: all of it in one line.
    """

    name: str
    formula: str
    result: str
    text: str


@dataclass(frozen=True, eq=False)
class Backward:
    """The whole backward pass.

    Attributes:
        label, label_text: the label that the cost is of.
        assumed: whether no label was given, and the answer itself was taken for it.
        inner_steps: what the nodes are that the layers do not show, in the steps that the chain goes back through,
            such as "v1 = log(A3) = log(0.696) = -0.362"; the last is J.
        steps: from the cost back to the first layer.
        trained: the forms that training uses in the place of some steps, by the name of the gradient.
        gradients: dJ/dW1, ... by the name of the parameter, computed in the sound form.
    """

    label: Label
    label_text: str
    assumed: bool
    inner_steps: tuple[str, ...]
    steps: tuple[BackwardStep, ...]
    trained: Mapping[str, TrainedForm]
    gradients: Mapping[str, Array]


@dataclass(frozen=True)
class ParameterStep:
    """How one parameter changes, with one of its numbers as an example: that with the largest gradient.

    Attributes:
        name: "W1".
        shape: its shape.
        index: where the example stands in it.
        before, gradient, after: of that number: after = before - learning_rate * gradient.
        largest_change: the largest |change| of all its numbers.
    """

    name: str
    shape: tuple[int, ...]
    index: tuple[int, ...]
    before: float
    gradient: float
    after: float
    largest_change: float


@dataclass(frozen=True)
class Update:
    """One step of gradient descent on this example alone, and what it does; the model itself stays as it is.

    Attributes:
        learning_rate: of the step.
        rate_from: where it comes from: "given", "trained with", or "usual" where the model does not say.
        note: what training does otherwise (its optimizer, its batches), in a sentence; empty if nothing.
        parameters: each parameter's change.
        cost_before, cost_after: J before the step and, computed anew, after it.
        answer_after: the answer after the step, in words.
        probability_before, probability_after: of the label's class; None of a regression.
        outputs_after: what the output layer gives after the step.
    """

    learning_rate: float
    rate_from: Literal["given", "trained with", "usual"]
    note: str
    parameters: tuple[ParameterStep, ...]
    cost_before: float
    cost_after: float
    answer_after: str
    probability_before: float | None
    probability_after: float | None
    outputs_after: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class Neighbour:
    """A training example that is near.

    Attributes:
        name: its file's name, or "row 17".
        path: its file; None where it has none.
        class_name: its class.
        answer: what the model says of it, in words.
        distance: the Euclidean distance in the space that is searched.
        row: (n,) as it was read, for a thumbnail; None where its picture is no longer there.
    """

    name: str
    path: str | None
    class_name: str
    answer: str
    distance: float
    row: Array | None


@dataclass(frozen=True, eq=False)
class Neighbours:
    """The nearest training examples.

    Attributes:
        space: where distances are measured: "A2, the last hidden layer (16 numbers)".
        found: the nearest, the nearest first.
        searched, of: how many of how many training examples were looked at.
        note: why not all of them, in a sentence; empty where all were.
    """

    space: str
    found: tuple[Neighbour, ...]
    searched: int
    of: int
    note: str
