"""One neuron and one example: the names, the numbers and the derivatives that a drawing of the neuron shows."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from chainrule.graph.expression import Expression
from chainrule.graph.gradients import gradients
from chainrule.network.drawing.derivatives import Derivatives, Stage, one_by_one
from chainrule.network.drawing.ellipsis import shown
from chainrule.network.drawing.options import Options
from chainrule.network.drawing.subject import Array, LayerView, Subject
from chainrule.network.drawing.words import Words, bracketed, short

# What a mean over the examples is in a gradient.
_MEAN = "1 / m * "


@dataclass(frozen=True, eq=False)
class Numbers:
    """What a neuron computes for one example.

    Attributes:
        x: its inputs.
        w: their weights.
        b: the bias; 0 without one.
        z, a: what it gives.
    """

    x: Array
    w: Array
    b: float
    z: float
    a: float


@dataclass(frozen=True, eq=False)
class Slopes:
    """The derivatives of one neuron: formulas, and numbers where there are numbers.

    Attributes:
        root: what is differentiated: L, the loss of the example; J where the loss has no name.
        root_by_a, a_by_z: formulas; empty where they come from elsewhere.
        mean: whether dJ/dw is the mean of dL/dw over the examples.
        trained: the form in which training computes dJ/dz, where it is another; empty otherwise.
        in_one_step: dL/dz of one example in that form, such as `a - y`, with its numbers where there are numbers;
            empty where J is not the mean of L.
        about: the label and the loss of the example, where it is an output and there are numbers.
        at_a, slope, at_z: dL/da, da/dz and dL/dz as numbers.
    """

    root: str
    root_by_a: str
    a_by_z: str
    mean: bool
    trained: str
    in_one_step: str = ""
    about: str = ""
    at_a: float | None = None
    slope: float | None = None
    at_z: float | None = None


class Neuron:
    """One neuron of a network in the words of a drawing.

    Attributes:
        view: its layer.
        place: which of the layer's neurons it is, counted from 0.
        slots: which inputs are drawn; None for the ellipsis.
        name: what it gives, such as `a1_{3}`.
        marks: the number of each input that is drawn, or n.
        names: what those inputs are called.
        single: whether the activation is a function of this neuron's z alone, as all but softmax are.
        numbers: of the example; None without numbers.
        slopes: None without gradients.
    """

    def __init__(self, subject: Subject, options: Options, words: Words) -> None:
        self.subject, self.options, self.words = subject, options, words
        self.view: LayerView = subject.dense[options.layer - 1]
        self.place = options.neuron - 1
        self.single = self.view.A is self.view.Z or one_by_one(self.view.A, self._z)
        self.slots = self._slots()
        example = options.example if subject.trace is not None else None
        self.name = words.element(self.view.A, None if self.units == 1 else options.neuron, example)
        self.marks = [self._mark(slot) for slot in self.slots]
        self.names = [words.element(self.view.before, mark, example) for mark in self.marks]
        self.numbers = self._numbers()
        self.slopes = self._slopes() if options.backward else None

    @property
    def _z(self) -> Expression:
        assert self.view.Z is not None
        return self.view.Z

    @property
    def strongest(self) -> int:
        """Where among the slots the input of largest size stands: its weight has the largest gradient."""
        if self.numbers is None:
            return 0
        sizes = [-1.0 if slot is None else abs(float(self.numbers.x[slot])) for slot in self.slots]
        return int(np.argmax(np.nan_to_num(sizes, nan=-1.0)))

    @property
    def is_output(self) -> bool:
        """Whether it is in the last layer."""
        return self.view.A is self.subject.output

    @property
    def units(self) -> int:
        """How many neurons its layer has."""
        assert self.view.dense is not None
        return self.view.dense.units

    @property
    def own(self) -> bool:
        """Whether the activation is a person's own function."""
        assert self.view.dense is not None
        return self.view.dense.activation.own

    @property
    def activation(self) -> str:
        """The name of the activation."""
        assert self.view.dense is not None
        return self.view.dense.activation.name

    @property
    def inputs(self) -> int | None:
        """How many inputs it has; None where that is left open."""
        width = self.view.before.shape[1]
        return None if self.view.number == 1 and self.subject.features is None else int(width)

    def _slots(self) -> list[int | None]:
        most = self.options.max_neurons
        return shown(most + 1, most) if self.inputs is None else shown(self.inputs, most)

    def _mark(self, slot: int | None) -> int | str:
        last = self.inputs is None and slot == self.options.max_neurons
        return "n" if last else (slot or 0) + 1

    def _numbers(self) -> Numbers | None:
        subject, view = self.subject, self.view
        x, z, a = subject.value(view.before), subject.value(view.Z), subject.value(view.A)
        if x is None or z is None or a is None or subject.parameters is None or view.W is None:
            return None
        row = self.options.example - 1
        w = np.asarray(subject.parameters[str(view.W.name)], dtype=np.float64)[:, self.place]
        b = 0.0 if view.b is None else float(subject.parameters[str(view.b.name)][self.place])
        return Numbers(x[row], w, b, float(z[row, self.place]), float(a[row, self.place]))

    def _slopes(self) -> Slopes:
        A, Z = self.view.A, self._z
        labels = {**self.words.labels, Z: "z", A: "z" if A is Z else "a"}
        found = Derivatives(self.subject, self.words, labels)
        root = self.subject.L if self.subject.L is not None else found.J
        own_stage = Stage(A, Z, "A", self.view)
        by_a = ""
        if self.is_output:
            kind = "L" if root is self.subject.L else "J"
            by_a = found.local(Stage(root, A, kind))
        by_z = "1" if A is Z else found.local(own_stage) if self.single else ""
        name = found.labels[root]
        mean = root is not found.J and found.local(Stage(found.J, root, "J")) == "1 / m" and not found.penalties
        trained = found.trained.get(Z, "")
        step = self._in_one_step(trained) if mean else ""
        if self.numbers is None:
            return Slopes(name, by_a, by_z, mean, trained, step)
        at_a, at_z = (self._one(found.evaluate(node)) for node in gradients(root, [A, Z]))
        slope = 1.0 if A is Z else self._one(found.local_value(own_stage)) if self.single else None
        return Slopes(name, by_a, by_z, mean, trained, step, self._about(), at_a, slope, at_z)

    def _in_one_step(self, trained: str) -> str:
        """Take the mean off the form that training computes: what is left belongs to one example."""
        text = without_mean(trained)
        y = self.subject.value(self.subject.y)
        if text != "a - y" or y is None or self.numbers is None or y[0].size != 1:
            return text
        label = float(y[self.options.example - 1].reshape(()))
        return f"{text} = {short(self.numbers.a)} - {bracketed(short(label))}"

    def _about(self) -> str:
        """Say the label of the example and its loss."""
        found = [(node, self.subject.value(node)) for node in (self.subject.y, self.subject.L)]
        rows = [(node, value[self.options.example - 1]) for node, value in found if value is not None]
        return ", ".join(
            f"{self.words.labels[node]} = {short(float(row.reshape(())))}"
            for node, row in rows
            if node is not None and row.size == 1
        )

    def _one(self, array: Array | None) -> float | None:
        return None if array is None else float(array[self.options.example - 1, self.place])


def without_mean(formula: str) -> str:
    """Take `1 / m * ` off every term of a formula; empty where a term does not begin with it.

    >>> without_mean("1 / m * (a - y)"), without_mean("1 / m * a - 1 / m * one_hot(y)"), without_mean("2 / m * a")
    ('a - y', 'a - one_hot(y)', '')
    """
    terms, signs = [""], [""]
    depth = 0
    for part in re.split(r"([()]| [+-] )", formula):
        depth += (part == "(") - (part == ")")
        if depth == 0 and part in (" + ", " - "):
            terms.append("")
            signs.append(part)
        else:
            terms[-1] += part
    if not all(term.startswith(_MEAN) for term in terms):
        return ""
    left = [term.removeprefix(_MEAN) for term in terms]
    whole = re.fullmatch(r"\(([^()]*)\)", left[0]) if len(left) == 1 else None
    return whole[1] if whole else "".join(sign + term for sign, term in zip(signs, left, strict=True))
