"""Counter-based random numbers: a number depends on its key and its position, never on what was drawn before.

The mixing function is the finaliser of SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number
generators", OOPSLA 2014). It needs nothing but 64-bit integer arithmetic, so every machine draws the same numbers.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_GOLDEN = 0x9E3779B97F4A7C15
_MASK = (1 << 64) - 1


def _mix(z: NDArray[np.uint64]) -> NDArray[np.uint64]:
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def _mix_integer(z: int) -> int:
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return z ^ (z >> 31)


def combine(key: tuple[int, ...]) -> int:
    """Mix the integers of a key (seed, step, node, ...) into one 64-bit number.

    >>> combine((0, 1)) != combine((1, 0))
    True
    """
    state = 0
    for part in key:
        state = _mix_integer((state + _GOLDEN + (part & _MASK)) & _MASK)
    return state


def _bits(key: tuple[int, ...], count: int, start: int) -> NDArray[np.uint64]:
    first = np.uint64((combine(key) + _GOLDEN * (start + 1)) & _MASK)
    return _mix(first + np.arange(count, dtype=np.uint64) * np.uint64(_GOLDEN))


def uniform(key: tuple[int, ...], count: int, start: int = 0) -> NDArray[np.float64]:
    """Draw `count` numbers in [0, 1), those at positions `start`, `start + 1`, ... of the key's stream.

    The numbers have 24 random bits, so float32 holds them exactly.

    >>> bool((uniform((7,), 4)[2:] == uniform((7,), 2, start=2)).all())
    True
    """
    return (_bits(key, count, start) >> np.uint64(40)).astype(np.float64) * 2.0**-24


def normal(key: tuple[int, ...], count: int) -> NDArray[np.float64]:
    """Draw `count` standard normal numbers by the transform of Box and Muller (1958).

    >>> normal((3,), 2).shape
    (2,)
    """
    radius = np.sqrt(-2.0 * np.log(1.0 - uniform((*key, 0), count)))
    return np.asarray(radius * np.cos(2.0 * np.pi * uniform((*key, 1), count)))


def permutation(key: tuple[int, ...], n: int) -> NDArray[np.int64]:
    """Return the numbers 0 ... n - 1 in a random order that depends on the key alone.

    >>> sorted(permutation((5, 1), 4).tolist())
    [0, 1, 2, 3]
    """
    # No two of the numbers are equal, since mixing is one-to-one: every way of sorting gives the same order.
    return np.argsort(_bits(key, n, 0)).astype(np.int64, copy=False)
