"""What a search tries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from chainrule.errors import UserError
from chainrule.runs.settings import RunSettings
from chainrule.training.defaults import DEFAULTS
from chainrule.training.optimizers import NAMES
from chainrule.tuning.space import SEARCHABLE
from tests.tuning.trials import space


class Fixed:
    """Draws what it is told."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.left = dict(values)

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float:
        value = float(self.left.pop(name))
        assert low <= value <= high
        return value

    def suggest_int(self, name: str, low: int, high: int, *, log: bool = False) -> int:
        value = int(self.left.pop(name))
        assert low <= value <= high
        return value

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        value = self.left.pop(name)
        assert value in choices
        return value


class AtRandom:
    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float:
        if log:
            return float(np.exp(self.random.uniform(np.log(low), np.log(high))))
        return float(self.random.uniform(low, high))

    def suggest_int(self, name: str, low: int, high: int, *, log: bool = False) -> int:
        return int(self.random.integers(low, high + 1))

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        return choices[int(self.random.integers(len(choices)))]


def test_all_is_searched_but_what_is_given() -> None:
    assert space().searched == SEARCHABLE
    assert space("l2", "hidden").searched == ("learning_rate", "activation", "batch_size", "dropout")


def test_without_hidden_layers_there_is_neither_activation_nor_dropout_to_search() -> None:
    assert space("hidden", hidden=()).searched == ("learning_rate", "l2", "batch_size")


def test_what_is_given_stays_in_every_trial() -> None:
    found = space("l2", "activation", l2=0.05, activation=("tanh",))
    for seed in range(20):
        settings = found.with_drawn(found.draw(AtRandom(seed)))
        assert (settings.l2, settings.activation) == (0.05, ("tanh",))


@pytest.mark.parametrize("optimizer", sorted(set(NAMES) - {"lbfgs"}))
def test_the_first_trial_is_what_train_does_by_itself(optimizer: str) -> None:
    found = space(optimizer=optimizer)
    drawing = Fixed(found.usual())
    settings = found.with_drawn(found.draw(drawing))
    assert drawing.left == {}
    if optimizer == DEFAULTS.optimizer:
        assert settings == RunSettings(pictures="pets", learning_rate=DEFAULTS.picture_learning_rate)
    else:
        usual = RunSettings(pictures="pets", optimizer=optimizer, learning_rate=settings.learning_rate)
        assert settings == usual


def test_what_is_drawn_are_settings_of_a_run_in_few_digits() -> None:
    found = space()
    layers = set()
    for seed in range(200):
        drawn = found.draw(AtRandom(seed))
        settings = found.with_drawn(drawn)
        layers.add(len(settings.hidden))
        assert ("activation" in drawn) == ("dropout" in drawn) == bool(settings.hidden)
        for name in ("learning_rate", "l2"):
            assert float(f"{drawn[name]:.2g}") == drawn[name]
        assert len(str(drawn.get("dropout", 0))) <= 4
    assert layers == {0, 1, 2, 3}


def test_an_optimizer_without_a_learning_rate_is_refused() -> None:
    with pytest.raises(UserError, match=r"--optimizer lbfgs.*adam"):
        space(optimizer="lbfgs", batch_size="all", dropout=0.0)


def test_a_search_of_nothing_is_refused() -> None:
    with pytest.raises(UserError, match=r"nothing to search.*--learning-rate.*chainrule train"):
        space(*SEARCHABLE)


def test_trials_need_an_epoch() -> None:
    with pytest.raises(UserError, match="--epochs 0"):
        space(epochs=0)


def test_activations_of_each_layer_need_the_layers() -> None:
    with pytest.raises(UserError, match=r"--activation relu,tanh.*give --hidden too"):
        space("activation", activation=("relu", "tanh"))
    assert space("activation", "hidden", activation=("relu", "tanh"), hidden=(4, 4)).searched
