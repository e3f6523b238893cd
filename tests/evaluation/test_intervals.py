"""Wilson's interval of a share."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.errors import UserError
from chainrule.evaluation.intervals import wilson_interval


@given(st.integers(1, 10_000), st.data(), st.floats(0.01, 0.999))
def test_it_holds_the_share_and_stays_within_0_and_1(count: int, data: st.DataObject, confidence: float) -> None:
    successes = data.draw(st.integers(0, count))
    low, high = wilson_interval(successes, count, confidence)
    assert 0 <= low <= successes / count <= high <= 1
    assert low < high


@given(st.integers(1, 1000), st.data())
def test_failures_mirror_successes(count: int, data: st.DataObject) -> None:
    successes = data.draw(st.integers(0, count))
    low, high = wilson_interval(successes, count)
    assert wilson_interval(count - successes, count) == pytest.approx((1 - high, 1 - low))


def test_more_trials_narrow_it_and_more_confidence_widens_it() -> None:
    def width(*arguments: float) -> float:
        low, high = wilson_interval(int(arguments[0]), int(arguments[1]), *arguments[2:])
        return high - low

    assert width(80, 100) < width(8, 10)
    assert width(8, 10, 0.99) > width(8, 10, 0.95)


@pytest.mark.parametrize(
    ("successes", "count", "confidence"), [(0, 0, 0.95), (-1, 3, 0.95), (4, 3, 0.95), (1, 3, 1)]
)
def test_impossible_numbers_are_refused(successes: int, count: int, confidence: float) -> None:
    with pytest.raises(UserError):
        wilson_interval(successes, count, confidence)
