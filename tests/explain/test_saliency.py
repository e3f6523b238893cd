"""Saliency against finite differences, closed forms and loops over the model's own answers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import chainrule as cr
from chainrule.errors import UserError
from chainrule.explain.build import explain
from chainrule.explain.explained import explained
from chainrule.explain.saliency import Saliency, saliency

Array = NDArray[Any]
SHAPE = (8, 8, 3)


def pictures(count: int = 60) -> tuple[Array, Array]:
    """Noise in which class 1 is brighter in the upper left quarter."""
    generator = np.random.default_rng(0)
    X = generator.integers(0, 200, (count, *SHAPE))
    y = np.arange(count) % 2
    X[y == 1, :4, :4] += 50
    return X.reshape(count, -1).astype(np.uint8), y


def trained(network: cr.Network, X: Array, y: Array, **options: Any) -> cr.Model:
    return cr.fit(network, X, y, **{"epochs": 30, "optimizer": cr.Adam(0.01), "seed": 1, **options})


@pytest.fixture(scope="module")
def model() -> cr.Model:
    network = cr.Network([cr.Dense(16, "tanh"), cr.Dense(4, "relu"), cr.Dense(1, "sigmoid")])
    return trained(network, *pictures(), classes=["dark", "bright"], preprocess="standardize")


@pytest.fixture(scope="module")
def found(model: cr.Model) -> Saliency:
    return saliency(model, pictures()[0][1], shape=SHAPE)


def logit(probability: float) -> float:
    return float(np.log(probability / (1 - probability)))


@pytest.mark.parametrize(
    ("network", "labels", "target", "name"),
    [
        (cr.Network([cr.Dense(5, "tanh"), cr.Dense(1, "sigmoid")]), [0, 1], 1, "logit of 1"),
        (cr.Network([cr.Dense(5, "tanh"), cr.Dense(1, "sigmoid")]), [0, 1], 0, "logit of 0"),
        (cr.Network([cr.Dense(5, "gelu"), cr.Dense(3, "softmax")]), [0, 1, 2], 2, "logit of 2"),
        (cr.Network([cr.Dense(5, "silu"), cr.Dense(2, "identity")]), [[0.5, 1.0], [2.0, 0.0]], 1, "y_hat[1]"),
    ],
)
def test_gradients_agree_with_finite_differences_of_the_named_output(
    network: cr.Network, labels: list[Any], target: int, name: str
) -> None:
    X = np.random.default_rng(2).normal(size=(24, 4))
    model = trained(network, X, np.resize(np.array(labels), (24, *np.shape(labels)[1:])), epochs=3)
    output = explained(model, X[0], target)
    assert output.name == name
    step = 1e-5 * np.eye(4)
    differences = (output.values(X[0] + step) - output.values(X[0] - step)) / 2e-5
    assert np.allclose(output.gradients(X[:1])[0], differences, atol=1e-6)


def test_the_logit_and_the_share_are_those_of_the_models_own_probability(model: cr.Model) -> None:
    X = pictures()[0][:5]
    for target in (0, 1):
        output = explained(model, X[0], target)
        probabilities = model.predict_proba(X)[:, target]
        assert np.allclose(output.shares(output.read(X)), probabilities, atol=1e-5)
        assert np.allclose(output.values(output.read(X)), [logit(p) for p in probabilities], rtol=1e-3)


def test_each_row_of_a_batch_has_its_own_gradient(model: cr.Model) -> None:
    X = pictures()[0][:7]
    output = explained(model, X[0])
    x = output.read(X)
    assert np.allclose(output.gradients(x)[4], output.gradients(x[4:5])[0])


def test_a_linear_model_has_the_closed_forms_in_all_four_maps() -> None:
    X, y = pictures()
    model = trained(cr.Network([cr.Dense(1, "sigmoid")]), X, y, preprocess="standardize")
    w, b = model.parameters["W1"][:, 0].astype(float), float(model.parameters["b1"][0])
    found = saliency(model, X[3], target=1)
    preprocessing = model.preprocessing
    assert preprocessing.shift is not None
    assert preprocessing.scale is not None
    x = (X[3] - preprocessing.shift) * preprocessing.scale
    assert np.allclose(found.gradient, w)
    assert np.allclose(found.gradient_times_input, w * x)
    # From the mean, where x is 0, the way is straight: both attributions are one.
    assert found.integrated.baseline_name == "mean"
    assert np.allclose(found.integrated.attributions, w * x)
    assert found.integrated.f == pytest.approx(w @ x + b)
    without = w @ x + b - w * x
    assert np.allclose(found.occlusion.drops, 1 / (1 + np.exp(-(w @ x + b))) - 1 / (1 + np.exp(-without)))


@pytest.mark.parametrize("baseline", ["mean", "black"])
@pytest.mark.parametrize("target", [0, 1])
def test_integrated_gradients_are_complete_within_half_a_percent(
    model: cr.Model, baseline: str, target: int
) -> None:
    integrated = saliency(model, pictures()[0][1], shape=SHAPE, baseline=baseline, target=target).integrated
    assert integrated.baseline_name == baseline
    assert integrated.total == pytest.approx(integrated.f - integrated.f_baseline, rel=0.005)
    assert integrated.error == abs(integrated.total - integrated.difference)


def test_a_crooked_way_takes_more_steps_and_never_too_many() -> None:
    X = np.linspace(-1, 1, 40)[:, None]
    network = cr.Network([cr.Dense(8, "tanh"), cr.Dense(1)])
    model = trained(network, X, np.sin(20 * X[:, 0]), epochs=1)
    steep = cr.Model(
        network=model.network,
        parameters={**model.parameters, "W1": np.full((1, 8), 3e3), "b1": np.linspace(-3e3, 0, 8)},
        preprocessing=model.preprocessing,
        classes=None,
        loss=model.loss,
    )
    assert saliency(model, X[-1]).integrated.steps == 64
    assert saliency(steep, X[-1]).integrated.steps == 512


def test_a_feature_that_equals_the_baseline_gets_nothing(model: cr.Model) -> None:
    row = pictures()[0][1].copy()
    row[:30] = 0
    attributions = saliency(model, row, shape=SHAPE, baseline="black").integrated.attributions
    assert (attributions[:30] == 0).all()
    assert (attributions[30:] != 0).any()


def test_occlusion_is_what_the_model_says_of_covered_pictures(model: cr.Model) -> None:
    picture = pictures()[0][1].reshape(SHAPE)
    found = saliency(model, picture.reshape(-1), shape=SHAPE, target=1).occlusion
    assert (found.patch, found.stride, found.covers) == (1, 1, "grey")
    covered = picture.copy()
    covered[2, 3] = 128
    before, after = model.predict_proba(np.stack([picture, covered]).reshape(2, -1))[:, 1]
    assert found.share == pytest.approx(before, abs=1e-5)
    assert found.drops.reshape(SHAPE)[2, 3] == pytest.approx([before - after] * 3, abs=1e-5)


def test_larger_patches_overlap_and_reach_every_pixel_of_an_odd_picture() -> None:
    X = np.random.default_rng(3).integers(0, 255, (20, 19 * 21)).astype(np.uint8)
    model = trained(cr.Network([cr.Dense(1, "sigmoid")]), X, np.arange(20) % 2)
    output = saliency(model, X[0], shape=(19, 21, 1), target=1)
    picture = X[0].reshape(19, 21)
    answers = np.zeros((19, 21)), np.zeros((19, 21))
    for top in [*range(17), 17]:
        for left in [*range(19), 19]:
            covered = picture.copy()
            covered[top : top + 2, left : left + 2] = 128
            drop = output.occlusion.share - model.predict_proba(covered.reshape(1, -1))[0, 1]
            answers[0][top : top + 2, left : left + 2] += drop
            answers[1][top : top + 2, left : left + 2] += 1
    assert output.occlusion.patch == 2
    assert np.allclose(output.occlusion.drops, (answers[0] / answers[1]).reshape(-1), atol=1e-5)


def test_long_rows_that_are_no_pictures_are_covered_part_by_part() -> None:
    X = np.random.default_rng(4).normal(size=(20, 1030))
    model = trained(cr.Network([cr.Dense(1, "sigmoid")]), X, np.arange(20) % 2, epochs=2)
    found = saliency(model, X[0]).occlusion
    assert found.patch == 3
    assert len(np.unique(found.drops.round(12))) <= 344
    assert found.drops[0] == found.drops[2] != found.drops[3]


def test_the_answer_is_explained_unless_another_class_is_asked_for(model: cr.Model, found: Saliency) -> None:
    answer = model.predict(pictures()[0][1:2])[0]
    assert found.explained == f"logit of {answer}"
    assert saliency(model, pictures()[0][1], target=1 - found.target).gradient == pytest.approx(-found.gradient)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"target": 2}, "one of 2 classes, from 0 to 1, not 2"),
        ({"target": True}, "not True"),
        ({"shape": (8, 8, 1)}, "has 64 numbers, but the row has 192"),
        ({"baseline": "white"}, '"mean" or "black", not \'white\''),
    ],
)
def test_what_is_not_there_is_refused(model: cr.Model, options: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        saliency(model, pictures()[0][0], **options)


def test_a_mean_that_is_not_known_is_refused_and_zero_taken_instead() -> None:
    X, y = cr.points("moons", count=40)
    model = trained(cr.Network([cr.Dense(1, "sigmoid")]), X, y, epochs=2)
    assert saliency(model, X[0]).integrated.baseline_name == "zero"
    with pytest.raises(UserError, match="known only where they were standardised"):
        saliency(model, X[0], baseline="mean")
    with pytest.raises(UserError, match=r"one row is explained at a time.*\(40, 2\)"):
        saliency(model, X)


@pytest.mark.parametrize("threshold", [0.0, 1.0])
def test_an_explanation_is_of_what_the_model_says_at_its_threshold(model: cr.Model, threshold: float) -> None:
    row = pictures()[0][1]
    strict = replace(model, threshold=threshold)
    assert explain(strict, row).saliency.explained == f"logit of {strict.predict(row[None])[0]}"
