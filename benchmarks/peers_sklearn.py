"""The peer in scikit-learn: MLPClassifier, given the same first values and the rows in the same order."""

from __future__ import annotations

import warnings

import numpy as np
from contender import Array, Contender, Unsuited
from data import Work
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

ACTIVATIONS = {"relu": "relu", "tanh": "tanh", "sigmoid": "logistic"}


class ScikitLearn(Contender):
    """Each epoch is a `partial_fit` on the rows in the epoch's order; full batch is one `fit`."""

    def __init__(self, work: Work, threads: int) -> None:
        super().__init__(work, threads)
        hidden = {activation for _, activation in self.case.layers[:-1]}
        if self.case.dropout or self.case.loss == "own" or not hidden <= set(ACTIVATIONS):
            raise Unsuited("has no such layer or loss")

    def prepare(self) -> None:
        self.X = None if self.case.with_set_up else self.work.floats()
        self.order = self.work.order.reshape(-1) if self.case.batch else None
        warnings.simplefilter("ignore", ConvergenceWarning)

    def reset(self) -> None:
        case = self.case
        hidden = [activation for _, activation in case.layers[:-1]]
        self.model = MLPClassifier(
            [units for units, _ in case.layers[:-1]],
            activation=ACTIVATIONS[hidden[0]] if hidden else "relu",
            solver=case.optimizer,
            alpha=0.0,
            batch_size=case.rows_in_step,
            learning_rate_init=case.rate,
            momentum=0.0,
            nesterovs_momentum=False,
            shuffle=False,
            tol=0.0,
            n_iter_no_change=10**9,
            max_iter=case.steps,
            warm_start=case.batch is None,
        )
        # A first fit makes the arrays, which then take the values of all contenders.
        few = np.zeros((max(2, case.classes), case.features), np.float32)
        labels = np.arange(len(few)) % case.classes
        begun = self.model.set_params(batch_size=len(few), max_iter=1)
        begun = (
            begun.fit(few, labels)
            if case.batch is None
            else begun.partial_fit(few, labels, classes=np.arange(case.classes))
        )
        begun.set_params(batch_size=case.rows_in_step, max_iter=case.steps)
        for ours, value in zip(self._arrays(), self.work.first_values(), strict=True):
            ours[...] = value
        if case.optimizer == "adam":
            optimizer = self.model._optimizer
            optimizer.t = 0
            for moment in (*optimizer.ms, *optimizer.vs):
                moment[...] = 0

    def run(self) -> None:
        X = self.work.floats() if self.X is None else self.X
        y, case = self.work.y, self.case
        if self.order is None:
            self.model.fit(X, y)
            return
        for start in range(0, len(self.order), case.rows):
            rows = self.order[start : start + case.rows]
            weights = {"sample_weight": self.work.weights[rows]} if case.weighted else {}
            self.model.partial_fit(X[rows], y[rows], **weights)

    def _arrays(self) -> list[Array]:
        return [part for both in zip(self.model.coefs_, self.model.intercepts_, strict=True) for part in both]

    def parameters(self) -> list[Array]:
        return [array.copy() for array in self._arrays()]
