"""Initializers: first values of weights."""

import contextlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import chainrule as cr
from chainrule.errors import UserError
from chainrule.network.initializers import INITIALIZERS, Initializer, initializer, initializer_from_dict

SHAPE = (120, 80)  # fan_in 120, fan_out 80

# The standard deviation that the published formula says, and the largest value of a uniform distribution.
EXPECTED: list[tuple[Initializer, float, float | None]] = [
    (cr.Zeros(), 0.0, 0.0),
    (cr.Uniform(), 0.05 / 3**0.5, 0.05),
    (cr.Normal(), 0.01, None),
    (cr.Normal(0.5), 0.5, None),
    (cr.Glorot(), (2 / 200) ** 0.5, (6 / 200) ** 0.5),
    (cr.Glorot("normal"), (2 / 200) ** 0.5, None),
    (cr.He(), (2 / 120) ** 0.5, None),
    (cr.He("uniform"), (2 / 120) ** 0.5, (6 / 120) ** 0.5),
]


def test_every_initializer_is_tested() -> None:
    assert {type(made) for made, _, _ in EXPECTED} == set(INITIALIZERS.values())


@pytest.mark.parametrize(("made", "deviation", "limit"), EXPECTED, ids=[repr(made) for made, _, _ in EXPECTED])
def test_values_are_spread_as_published(made: Initializer, deviation: float, limit: float | None) -> None:
    values = made(SHAPE, (7, 0))
    # 9,600 draws: the mean varies by deviation / 98, the deviation itself by less than 1 %.
    assert abs(values.mean()) <= 5 * deviation / 98
    assert values.std() == pytest.approx(deviation, rel=0.05)
    if limit is not None:
        assert abs(values).max() <= limit
        assert abs(values).max() >= 0.99 * limit


@pytest.mark.parametrize("made", [made for made, _, _ in EXPECTED], ids=repr)
def test_values_have_the_shape_and_depend_on_the_key_alone(made: Initializer) -> None:
    values = made((4, 3), (1, 2))
    assert values.shape == (4, 3)
    assert values.dtype == np.float64
    assert (values == made((4, 3), (1, 2))).all()
    if not isinstance(made, cr.Zeros):
        assert (values != made((4, 3), (1, 3))).all()
        assert (values != made((4, 3), (2, 2))).all()


@pytest.mark.parametrize("made", [made for made, _, _ in EXPECTED], ids=repr)
def test_an_initializer_comes_back_from_its_dict(made: Initializer) -> None:
    assert initializer_from_dict(made.to_dict()) == made


@pytest.mark.parametrize("name", INITIALIZERS)
def test_an_initializer_is_chosen_by_name(name: str) -> None:
    assert initializer(name) == INITIALIZERS[name]()
    assert initializer(INITIALIZERS[name]()) == INITIALIZERS[name]()


@given(low=st.floats(-1e6, 1e6), width=st.floats(1e-3, 1e6))
def test_uniform_values_lie_between_the_bounds(low: float, width: float) -> None:
    values = cr.Uniform(low, low + width)((50,), (0,))
    assert (values >= low).all()
    assert (values <= low + width).all()


def test_a_vector_has_a_fan_out_of_one() -> None:
    assert abs(cr.Glorot()((500,), (0,))).max() <= (6 / 501) ** 0.5


def test_a_misspelt_name_is_answered_with_a_suggestion() -> None:
    with pytest.raises(UserError, match=r"did you mean 'glorot'.*zeros, uniform, normal, glorot, he"):
        initializer("glorott")


SENSELESS: dict[str, Callable[[], object]] = {
    "no width": lambda: cr.Uniform(1.0, 1.0),
    "high below low": lambda: cr.Uniform(2.0, 1.0),
    "infinite": lambda: cr.Uniform(float("-inf"), 1.0),
    "no deviation": lambda: cr.Normal(0.0),
    "not a number": lambda: cr.Normal(float("nan")),
    "text": lambda: cr.Normal("wide"),  # type: ignore[arg-type]
    "bool": lambda: cr.Normal(True),
    "distribution": lambda: cr.Glorot("flat"),  # type: ignore[arg-type]
    "list": lambda: cr.He(["normal"]),  # type: ignore[arg-type]
    "number for a name": lambda: initializer(5),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("case", SENSELESS)
def test_settings_that_make_no_sense_are_refused(case: str) -> None:
    with pytest.raises(UserError):
        SENSELESS[case]()


values = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.lists(st.integers(), max_size=2)
)


@given(st.sampled_from([made.to_dict() for made, _, _ in EXPECTED]), st.text(max_size=12), values)
def test_mutated_data_is_an_initializer_or_a_clear_error(data: dict[str, Any], extra: str, new: Any) -> None:
    for key in [*data, extra]:
        with contextlib.suppress(UserError):
            assert isinstance(initializer_from_dict({**data, key: new}), Initializer)
