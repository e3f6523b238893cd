"""The models that a plot is of: their titles, their snapshots, and what is no model."""

from types import MappingProxyType

import pytest

import chainrule as cr
from chainrule.plots.models import described, snapshots_of, thinned, titled

X, Y = cr.points("gauss", count=20)


@pytest.fixture(scope="module")
def model() -> cr.Model:
    return cr.fit(cr.Network([cr.Dense(2, "tanh"), cr.Dense(1, "sigmoid")]), X, Y, epochs=10, snapshots=True)


def test_models_without_titles_are_called_by_their_layers_and_told_apart(model: cr.Model) -> None:
    plain = cr.fit(cr.Network([cr.Dense(1, "sigmoid")]), X, Y, epochs=1)
    found = titled([model, plain, model])
    assert list(found) == ["1 hidden layer, tanh", "no hidden layer", "1 hidden layer, tanh (3)"]
    assert list(found.values()) == [model, plain, model]
    assert list(titled(model)) == ["1 hidden layer, tanh"]
    assert list(titled(MappingProxyType({"mine": model}))) == ["mine"]


def test_layers_of_different_kinds_are_all_named() -> None:
    layers = [cr.Dense(3, "relu"), cr.Dropout(0.1), cr.Dense(3, "tanh"), cr.Dense(3, "relu"), cr.Dense(1)]
    assert described(cr.Network(layers)) == "3 hidden layers, relu and tanh"


def test_a_choice_of_snapshots_is_even_and_has_both_ends(model: cr.Model) -> None:
    snapshots = snapshots_of(model)
    assert [one.epoch for one in thinned(snapshots, 3)] == [0, 5, 10]
    assert [one.epoch for one in thinned(snapshots, 99)] == list(range(11))


def test_what_is_no_model_is_refused_by_what_it_is(model: cr.Model) -> None:
    with pytest.raises(cr.UserError, match="there is no model to plot"):
        titled([])
    with pytest.raises(cr.UserError, match="there is no model to plot"):
        titled({})
    for wrong in ("model.safetensors", ["model.safetensors"], {"a": "model.safetensors"}):
        with pytest.raises(cr.UserError, match=r"^'model.safetensors' is no trained model: give what cr.fit or"):
            titled(wrong)  # type: ignore[arg-type]


def test_a_model_read_from_a_file_says_why_it_has_no_snapshots(
    model: cr.Model, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("model") / "model.safetensors"
    model.save(path)
    with pytest.raises(cr.UserError, match="a model's file does not store them"):
        snapshots_of(cr.load(path))
