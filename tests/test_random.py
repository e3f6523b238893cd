"""Random numbers by counter: the published stream, even and independent, wherever a stretch of it begins."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.random import _bits, combine, normal, permutation, uniform

# The first outputs of the public-domain splitmix64.c for the seeds 0 and 1234567.
SPLITMIX_0 = [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F, 0xF88BB8A8724C81EC]
SPLITMIX_1234567 = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431]
COUNT = 100_000

keys = st.lists(st.integers(0, 2**64 - 1), max_size=4).map(tuple)


def splitmix64(seed: int, count: int) -> list[int]:
    """The generator as it is published, one number at a time."""
    mask, numbers = 2**64 - 1, []
    for _ in range(count):
        seed = (seed + 0x9E3779B97F4A7C15) & mask
        z = ((seed ^ (seed >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        numbers.append(z ^ (z >> 31))
    return numbers


def test_the_published_generator_gives_the_published_numbers() -> None:
    assert splitmix64(0, 4) == SPLITMIX_0
    assert splitmix64(1234567, 4) == SPLITMIX_1234567


def test_the_stream_of_the_empty_key_is_that_of_seed_0() -> None:
    assert _bits((), 4, 0).tolist() == SPLITMIX_0


@given(keys)
def test_the_stream_of_a_key_is_that_of_its_combination(key: tuple[int, ...]) -> None:
    assert _bits(key, 5, 0).tolist() == splitmix64(combine(key), 5)


def test_a_key_of_one_is_the_first_output_of_that_seed() -> None:
    assert combine(()) == 0
    assert combine((0,)) == SPLITMIX_0[0]
    assert combine((1234567,)) == SPLITMIX_1234567[0]


@given(keys, st.integers(0, 2**64 - 1))
def test_a_longer_key_continues_a_shorter_one(key: tuple[int, ...], part: int) -> None:
    assert combine((*key, part)) == splitmix64((combine(key) + part) % 2**64, 1)[0]


@given(keys, st.integers(0, 2**40), st.integers(0, 50), st.integers(0, 50))
def test_a_stretch_is_the_same_from_wherever_it_is_drawn(
    key: tuple[int, ...], start: int, skipped: int, count: int
) -> None:
    whole = uniform(key, skipped + count, start)
    np.testing.assert_array_equal(whole[skipped:], uniform(key, count, start + skipped))


def test_negative_parts_of_a_key_are_taken_modulo_2_to_the_64() -> None:
    assert combine((-1,)) == combine((2**64 - 1,))


def test_keys_that_differ_give_other_streams() -> None:
    near = [(), (0,), (1,), (0, 0), (0, 1), (1, 0), (1, 1), (0, 0, 0), (2**63,)]
    assert len({combine(key) for key in near}) == len(near)
    grid = {combine((seed, step, node)) for seed in range(20) for step in range(20) for node in range(20)}
    assert len(grid) == 8000


def test_numbers_are_in_the_half_open_interval_with_24_bits() -> None:
    numbers = uniform((1,), COUNT)
    assert numbers.dtype == np.float64
    assert 0 <= numbers.min() < 1e-4
    assert 1 - 1e-4 < numbers.max() < 1
    np.testing.assert_array_equal(numbers.astype(np.float32), numbers)
    np.testing.assert_array_equal(numbers * 2**24, np.floor(numbers * 2**24))


def chi_square(counts: np.ndarray) -> float:
    expected = counts.sum() / counts.size
    return float(((counts - expected) ** 2 / expected).sum())


def assert_even(counts: np.ndarray) -> None:
    """Chi-square within five standard deviations of its mean: not even, and not too even either."""
    free = counts.size - 1
    assert abs(chi_square(counts) - free) < 5 * np.sqrt(2 * free)


@pytest.mark.parametrize("key", [(), (0,), (0, 1), (123, 4, 5)])
def test_numbers_are_even_and_so_are_pairs(key: tuple[int, ...]) -> None:
    numbers = uniform(key, COUNT)
    assert_even(np.histogram(numbers, bins=100, range=(0, 1))[0])
    assert_even(np.histogram2d(numbers[::2], numbers[1::2], bins=20, range=((0, 1), (0, 1)))[0].ravel())


def test_streams_of_neighbouring_keys_are_not_correlated() -> None:
    streams = np.array([uniform((7, step, node), 4000) for step in range(6) for node in range(6)])
    correlations = np.corrcoef(streams) - np.eye(len(streams))
    assert np.abs(correlations).max() < 5 / np.sqrt(4000)


def test_normal_numbers_have_the_moments_and_tails_of_theirs() -> None:
    numbers = normal((2, 3), COUNT)
    bound = 5 / np.sqrt(COUNT)
    assert abs(numbers.mean()) < bound
    assert abs(numbers.var() - 1) < 2 * bound
    assert abs((numbers**3).mean()) < 4 * bound
    assert abs((numbers**4).mean() - 3) < 10 * bound
    assert abs((np.abs(numbers) < 1.959964).mean() - 0.95) < 0.22 * bound
    assert np.isfinite(numbers).all()


@given(keys, st.integers(0, 200))
def test_a_permutation_has_each_number_once(key: tuple[int, ...], n: int) -> None:
    order = permutation(key, n)
    assert order.dtype == np.int64
    assert sorted(order.tolist()) == list(range(n))


def test_permutations_put_every_number_everywhere() -> None:
    orders = np.array([permutation((9, epoch), 6) for epoch in range(6000)])
    for place in range(6):
        assert_even(np.bincount(orders[:, place], minlength=6))
    assert len({tuple(order) for order in orders.tolist()}) == 720


def test_nothing_is_drawn_where_nothing_is_asked_for() -> None:
    assert uniform((1,), 0).shape == normal((1,), 0).shape == permutation((1,), 0).shape == (0,)
