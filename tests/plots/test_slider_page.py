"""The page of a training on points: its numbers, its text, what it refuses."""

import base64
import json
import re
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import chainrule as cr
from chainrule.plots import slider
from chainrule.plots.slider_page import Page

Array = NDArray[Any]
X, Y = cr.points("moons", count=60, seed=3)
X_TEST, Y_TEST = cr.points("moons", count=30, seed=4)


@pytest.fixture(scope="module")
def model() -> cr.Model:
    network = cr.Network([cr.Dense(3, "tanh"), cr.Dense(1, "sigmoid")])
    return cr.fit(network, X, Y, epochs=40, optimizer=cr.Adam(0.05), batch_size=20, snapshots=9, seed=2)


def data_of(page: Page) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page.html, re.DOTALL)
    assert found
    data: dict[str, Any] = json.loads(found[1])
    return data


def probability(parameters: Any, rows: Array) -> Array:
    """The network by hand."""
    hidden = np.tanh(rows @ parameters["W1"].astype(float) + parameters["b1"])
    found: Array = 1 / (1 + np.exp(-(hidden @ parameters["W2"].astype(float) + parameters["b2"])))[:, 0]
    return found


def cost(parameters: Any, rows: Array, labels: Array) -> float:
    p = probability(parameters, rows)
    return float(-np.mean(labels * np.log(p) + (1 - labels) * np.log(1 - p)))


def unpacked(packed: dict[str, Any], frames: int) -> Array:
    whole = np.frombuffer(base64.b64decode(packed["data"]), "<i2").reshape(frames, -1)
    return np.asarray(whole / 32767 * packed["largest"])


def test_cost_and_accuracy_of_both_sets_are_those_of_each_snapshot(model: cr.Model) -> None:
    data = data_of(slider(model, X, Y, test=(X_TEST, Y_TEST)))
    snapshots = model.history.snapshots
    assert data["epochs"] == [one.epoch for one in snapshots]
    for of, rows, labels in ((data, X, Y), (data["test"], X_TEST, Y_TEST)):
        np.testing.assert_allclose(of["cost"], [cost(one.parameters, rows, labels) for one in snapshots], rtol=1e-5)
        right = [np.mean((probability(one.parameters, rows) >= 0.5) == labels) for one in snapshots]
        np.testing.assert_allclose(of["accuracy"], right, rtol=1e-5)


def test_the_weights_are_those_of_each_snapshot(model: cr.Model) -> None:
    snapshots = model.history.snapshots
    for place, layer in enumerate(data_of(slider(model, X, Y))["network"]["layers"], start=1):
        for key, name in (("W", f"W{place}"), ("b", f"b{place}")):
            real = np.stack([one.parameters[name].ravel() for one in snapshots])
            assert (layer["name"], layer["bias"]) == (f"W{place}", f"b{place}")
            np.testing.assert_allclose(
                unpacked(layer[key], len(snapshots)), real, atol=np.abs(real).max() / 30_000, rtol=0
            )


def test_the_shades_are_the_likelier_class_and_how_sure_the_network_is(model: cr.Model) -> None:
    data = data_of(slider(model, X, Y))
    side = data["answers"]["side"]
    shades = np.frombuffer(base64.b64decode(data["answers"]["shades"]), np.uint8).reshape(-1, side, side)
    low, high = X.min(axis=0), X.max(axis=0)
    margin = 0.08 * (high - low)
    x, y = (np.linspace(a, b, side) for a, b in zip(low - margin, high + margin, strict=True))
    for frame, snapshot in enumerate(model.history.snapshots):
        grid = np.array([(across, up) for up in y for across in x])
        p = probability(snapshot.parameters, grid).reshape(side, side)
        np.testing.assert_array_equal(shades[frame] // 128, p >= 0.5)
        np.testing.assert_allclose(shades[frame] % 128, 127 * np.abs(2 * p - 1), atol=0.51)


def test_the_boundary_runs_where_both_classes_are_equally_likely(model: cr.Model) -> None:
    data = data_of(slider(model, X, Y))
    low, high = X.min(axis=0), X.max(axis=0)
    margin = 0.08 * (high - low)
    for snapshot, lines in zip(model.history.snapshots, data["answers"]["boundaries"], strict=True):
        for line in lines:
            shares = np.array(line).reshape(-1, 2) / 1000
            points = low - margin + shares * (high - low + 2 * margin)
            np.testing.assert_allclose(probability(snapshot.parameters, points), 0.5, atol=0.03)
    assert data["answers"]["boundaries"][-1]


def test_the_descent_over_two_weights_is_where_they_were(model: cr.Model) -> None:
    data = data_of(slider(model, X, Y, directions=("W1[0, 1]", "W2[2, 0]")))["descent"]
    at = np.array([(one.parameters["W1"][0, 1], one.parameters["W2"][2, 0]) for one in model.history.snapshots])
    drawn = np.array(data["path"])
    # One scale in each direction takes the weights to where they are drawn.
    for axis in (0, 1):
        slope, start = np.polyfit(at[:, axis], drawn[:, axis], 1)
        np.testing.assert_allclose(start + slope * at[:, axis], drawn[:, axis], atol=1)
        ticks = data["axes"]["xTicks" if axis == 0 else "yTicks"]
        np.testing.assert_allclose(
            [start + slope * float(text) for _, text in ticks], [p for p, _ in ticks], atol=3
        )


def test_what_users_name_is_text_and_no_markup(model: cr.Model) -> None:
    evil = '</script><img src=x onerror="alert(1)">&'
    page = slider(model, X, Y, title=evil, names=(evil, "x2"))
    assert "<img" not in page.html
    assert data_of(page)["names"][0] == evil
    title = re.search("<title>(.*)</title>", page.html)
    assert title
    assert unescape(title[1]) == evil


def test_numbered_classes_are_called_so_and_named_ones_by_name(model: cr.Model) -> None:
    assert data_of(slider(model, X, Y))["classes"] == ["class 0", "class 1"]
    named = np.array(["calm", "storm"])[Y]
    network = cr.Network([cr.Dense(1, "sigmoid")])
    other = cr.fit(network, X, named, epochs=2, snapshots=2)
    assert data_of(slider(other, X, named))["classes"] == ["calm", "storm"]


def test_of_many_snapshots_as_many_frames_as_asked_are_spread_evenly(model: cr.Model) -> None:
    page = slider(model, X, Y, frames=3)
    assert data_of(page)["epochs"] == [0, 20, 40]
    assert "3 of 9 snapshots are shown" in page.html


def test_a_wide_network_shows_its_strongest_neurons() -> None:
    network = cr.Network([cr.Dense(60, "relu"), cr.Dense(1, "sigmoid")])
    wide = cr.fit(network, X, Y, epochs=4, snapshots=3, seed=1)
    drawn = data_of(slider(wide, X, Y))["network"]
    assert not drawn["circles"]
    length = np.linalg.norm(wide.parameters["W1"], axis=0)
    strongest = np.sort(np.argsort(length)[-48:]) + 1
    assert drawn["layers"][0]["neurons"] == strongest.tolist()
    shown = unpacked(drawn["layers"][1]["W"], 3)[-1]
    np.testing.assert_allclose(shown, wide.parameters["W2"][strongest - 1, 0], atol=1e-4)


def test_training_that_overflows_still_has_a_page() -> None:
    network = cr.Network([cr.Dense(2, "relu"), cr.Dense(1, "sigmoid")])
    with pytest.warns(cr.TrainingWarning):
        model = cr.fit(network, 1e3 * X, Y, epochs=30, optimizer=cr.GradientDescent(1e10), snapshots=True)
    data = data_of(slider(model, 1e3 * X, Y))
    assert len(data["cost"]) == len(model.history.snapshots) > 1


def test_it_is_saved_and_shown_in_a_frame_of_its_own(model: cr.Model, tmp_path: Path) -> None:
    page = slider(model, X, Y)
    page.save(tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == page.html
    frame = page._repr_html_()
    source = re.search('srcdoc="([^"]*)"', frame)
    assert source
    assert unescape(source[1]) == page.html
    assert len(repr(page)) < 100


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"directions": "random"}, "directions is"),
        ({"directions": ("W1[0, 0]", "W9[0, 0]")}, r"'W9\[0, 0\]' is no weight"),
        ({"directions": ("W1[0, 0]", "W1[0, 0]")}, "two different weights"),
        ({"test": X}, "test is a pair"),
        ({"names": "x"}, "names are those"),
        ({"frames": 1}, "frames must be"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(model: cr.Model, change: dict[str, Any], said: str) -> None:
    with pytest.raises(cr.UserError, match=said):
        slider(model, X, Y, **change)


def test_models_that_it_cannot_show_are_refused() -> None:
    sigmoid = cr.Network([cr.Dense(1, "sigmoid")])
    with pytest.raises(cr.UserError, match="no snapshots"):
        slider(cr.fit(sigmoid, X, Y, epochs=1), X, Y)
    with pytest.raises(cr.UserError, match="only one snapshot"):
        slider(cr.fit(sigmoid, X, Y, epochs=1, snapshots=[1]), X, Y)
    three = np.hstack([X, X[:, :1]])
    with pytest.raises(cr.UserError, match="3 features"):
        slider(cr.fit(sigmoid, three, Y, epochs=1, snapshots=2), three, Y)
    with pytest.raises(cr.UserError, match="numbers"):
        slider(cr.fit(cr.Network([cr.Dense(1)]), X, X[:, 0], epochs=1, snapshots=2), X, X[:, 0])
