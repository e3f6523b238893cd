"""When weights are kept as sums of the examples: what is refused, what pays, and what a fit makes of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import chainrule as cr
from chainrule.errors import UserError
from chainrule.graph.expression import Expression
from chainrule.training.dual_candidates import find_candidates
from chainrule.training.dual_descent import DualDescent
from chainrule.training.dual_plan import Work, plan_dual
from chainrule.training.optimizers import Optimizer

Array = NDArray[Any]

SGD = cr.GradientDescent(0.1)


def work(rows: int, features: int, *, steps: int, batch: int | None = None) -> tuple[Expression, Expression, Work]:
    X, w = cr.examples("X", features=features), cr.parameter("w", (features,))
    # One byte stands for all, so that large tables cost nothing.
    array = np.broadcast_to(np.uint8(1), (rows, features))
    return cr.mean((X / 255 @ w) ** 2), w, Work({X: array}, None, steps, batch or rows)


@pytest.mark.parametrize(
    ("rows", "features", "steps", "chosen"),
    [
        (209, 12288, 2000, True),  # few pictures
        (209, 12288, 3, False),  # K alone costs more than three steps
        (8192, 12288, 200, False),  # nearly as many rows as features
        (8192, 12288, 10**6, False),  # however many steps: rows of K are four times as many bytes
        (60000, 784, 10000, False),  # more rows than features
        (3, 12, 1000, False),  # too small to matter
    ],
)
def test_the_dual_form_is_chosen_where_it_pays(rows: int, features: int, steps: int, chosen: bool) -> None:
    J, w, todo = work(rows, features, steps=steps)
    plan = plan_dual([J], [w], work=todo, optimizer=SGD, dual=None)
    assert (plan.found is not None) == chosen
    assert plan.line.startswith("dual: " if chosen else "direct: ")
    assert f"of X w a step for {rows} rows of {features} numbers" in plan.line


def test_the_plan_follows_the_wish() -> None:
    J, w, todo = work(3, 12, steps=10)
    wanted = plan_dual([J], [w], work=todo, optimizer=SGD, dual=True)
    assert wanted.found is not None
    assert wanted.line.endswith("as wanted")
    assert plan_dual([J], [w], work=todo, optimizer=SGD, dual=False).found is None
    with pytest.raises(UserError, match="dual is True, False or None"):
        plan_dual([J], [w], work=todo, optimizer=SGD, dual="yes")  # type: ignore[arg-type]


@pytest.mark.parametrize("optimizer", [cr.Adam(), cr.AdamW(), cr.RMSprop(), cr.LBFGS()], ids=repr)
def test_optimizers_that_leave_the_sums_of_examples_are_refused(optimizer: Optimizer) -> None:
    J, w, todo = work(209, 12288, steps=2000)
    with pytest.raises(UserError, match=f"dual=True: {type(optimizer).__name__} leaves the sums of examples"):
        plan_dual([J], [w], work=todo, optimizer=optimizer, dual=True)
    assert "leaves the sums" in plan_dual([J], [w], work=todo, optimizer=optimizer, dual=None).line


def costs() -> dict[str, tuple[Expression, Expression, str]]:
    X, w, v = cr.examples("X", features=9), cr.parameter("w", (9,)), cr.parameter("v", (9,))
    kept = cr.draw(("m", 9), node=1) >= 0.5
    return {
        "L1": (cr.mean((X @ w) ** 2) + cr.sum(abs(w)), w, "enters in abs"),
        "another power": (cr.mean((X @ w) ** 2) + cr.sum(w**4), w, "enters in w \\*\\* 4"),
        "a square that is not summed": (cr.mean((X @ w) ** 2) + cr.max(w**2), w, "enters in w \\*\\* 2"),
        "dropout of the input": (cr.mean(((X * kept) @ w) ** 2), w, "no product of data"),
        "the mean of the batch": (cr.mean(((X - cr.mean(X, axis=0)) @ w) ** 2), w, "no product of data"),
        "another parameter": (cr.mean(((X * v) @ w) ** 2), w, "no product of data"),
        "no product": (cr.mean((cr.sum(X, axis=1) - cr.sum(w)) ** 2), w, "enters in sum\\(w\\)"),
        "different data": (cr.mean((X @ w) ** 2 + (X / 2) @ w), w, "different data"),
    }


@pytest.mark.parametrize("kind", costs())
def test_weights_that_are_no_sums_of_examples_are_told(kind: str) -> None:
    J, w, why = costs()[kind]
    with pytest.raises(UserError, match=why):
        find_candidates([J], [w])


def pictures(count: int) -> tuple[Array, Array]:
    X = np.random.default_rng(count).integers(0, 256, (count, 90)).astype(np.uint8)
    return X, np.where(X[:, :20].mean(axis=1) > X[:, 20:].mean(axis=1), "left", "right")


NETWORK = cr.Network([cr.Dense(3, "tanh"), cr.Dense(1, "sigmoid")])


@pytest.mark.parametrize(
    "validation", [None, 0.3, (pictures(30)), (pictures(700))], ids=["no", "share", "few", "many"]
)
@pytest.mark.parametrize("batch_size", ["all", 8])
@pytest.mark.parametrize("weighted", [False, True])
def test_a_fit_gives_the_same_model(validation: Any, batch_size: int | str, weighted: bool) -> None:
    X, y = pictures(40)
    weights = np.random.default_rng(0).integers(0, 3, 40) if weighted else None
    dual, direct = (
        cr.fit(
            NETWORK,
            X,
            y,
            preprocess="standardize",
            optimizer=cr.Nesterov(0.01),
            epochs=15,
            batch_size=batch_size,
            validation=validation,
            sample_weight=weights,
            l2=0.05,
            patience=4,
            snapshots=3,
            dual=yes,
        )
        for yes in (True, False)
    )
    assert dual.history.plan.startswith("dual: K C costs ")
    assert (len(dual.history), dual.history.best_epoch) == (len(direct.history), direct.history.best_epoch)
    for mine, other in zip(dual.history, direct.history, strict=True):
        assert mine.cost == pytest.approx(other.cost, rel=1e-4)
        assert (mine.validation_cost or 0) == pytest.approx(other.validation_cost or 0, rel=1e-4)
    for name, array in direct.parameters.items():
        np.testing.assert_allclose(dual.parameters[name], array, atol=2e-5)
    for kept, others in zip(dual.history.snapshots, direct.history.snapshots, strict=True):
        np.testing.assert_allclose(kept.parameters["W1"], others.parameters["W1"], atol=2e-5)


def test_many_rows_to_check_are_checked_with_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    prepared: list[int] = []
    before = DualDescent.prepared

    def counted(self: DualDescent, data: Any, rows: Any = None) -> dict[str, Array]:
        prepared.append(len(prepared))
        return before(self, data, rows)

    monkeypatch.setattr(DualDescent, "prepared", counted)
    X, y = pictures(40)
    options: Any = {"optimizer": cr.Momentum(0.01), "epochs": 2, "dual": True}
    cr.fit(NETWORK, X, y, validation=pictures(700), **options)
    assert len(prepared) == 1  # the rows that are learned from, and no others
    cr.fit(NETWORK, X, y, validation=pictures(10), **{**options, "epochs": 40})
    assert len(prepared) == 3


def test_a_fit_gives_the_same_bits_for_any_number_of_threads() -> None:
    X, y = pictures(40)
    one, two = (
        cr.fit(NETWORK, X / 7.0, y, optimizer=cr.Momentum(0.01), epochs=5, dual=True, threads=threads)
        for threads in (1, 2)
    )
    for name, array in one.parameters.items():
        assert array.tobytes() == two.parameters[name].tobytes()
