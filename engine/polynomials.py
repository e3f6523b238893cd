"""Where the numbers of math.inl and math_power.inl come from: run it, and it prints them.

Minimax polynomials by Remez' exchange in long double: the largest relative error of the function (not of the
polynomial) is made small. Coefficients become float32 one after the other, the first one first, and those that
remain are fitted again, so that they make up for the rounding.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Real = np.longdouble
Numbers = NDArray[Any]
Function = Callable[[Numbers], Numbers]

LN2 = np.log(Real(2))
PI = np.arccos(Real(-1))


def solve(A: Numbers, b: Numbers) -> Numbers:
    """Solve A x = b by elimination (NumPy's own works in double alone)."""
    A = np.concatenate([A, b[:, None]], axis=1).astype(Real)
    for i in range(len(A)):
        pivot = i + int(np.argmax(np.abs(A[i:, i])))
        A[[i, pivot]] = A[[pivot, i]]
        A[i] /= A[i, i]
        for j in range(len(A)):
            if j != i:
                A[j] -= A[i] * A[j, i]
    return A[:, -1]


def extremes(residual: Numbers, count: int) -> list[int]:
    """Return where the residual is largest between its changes of sign, the `count` that matter most."""
    changes = np.flatnonzero(np.diff(np.sign(residual)) != 0) + 1
    found = [int(run[np.argmax(np.abs(residual[run]))]) for run in np.split(np.arange(len(residual)), changes)]
    while len(found) > count:
        size = np.abs(residual[found])
        if len(found) == count + 1:
            found.pop(0 if size[0] < size[-1] else -1)
        else:
            least = int(np.argmin(np.minimum(size[1:], size[:-1])))
            del found[least : least + 2]
    return found


def remez(f: Numbers, basis: Numbers, weight: Numbers) -> Numbers:
    """Return c that makes the largest |weight (f - basis @ c)| over the samples as small as it can be."""
    n = basis.shape[1]
    chosen = np.round((1 - np.cos(np.linspace(0, np.pi, n + 1))) / 2 * (len(f) - 1)).astype(int)
    for _ in range(60):
        signs = (-1.0) ** np.arange(n + 1) / weight[chosen]
        c = solve(np.concatenate([basis[chosen], signs[:, None]], axis=1), f[chosen])[:n]
        found = extremes(weight * (f - basis @ c), n + 1)
        if len(found) < n + 1 or found == chosen.tolist():
            break
        chosen = np.array(found)
    return c


def fit(name: str, f: Function, powers: range, low: Any, high: Any, weight: Function) -> None:
    """Print float32 coefficients of the powers, and the largest weighted error."""
    nodes = np.cos(np.linspace(0, np.pi, 4003).astype(Real)[1:-1])
    x = (Real(low) + Real(high)) / 2 - (Real(high) - Real(low)) / 2 * nodes
    rest, weights = f(x), np.abs(weight(x))
    left, coefficients = list(powers), []
    while left:
        c = np.float32(remez(rest, np.stack([x**power for power in left], axis=1), weights)[0])
        rest = rest - Real(c) * x ** left.pop(0)
        coefficients.append(c)
    print(f"{name}: error 2^{np.log2(float(np.max(np.abs(weights * rest)))):.1f}")
    print("   ", ", ".join(float(c).hex().replace("0000000p", "p") + "f" for c in coefficients))


def series(x: Numbers, terms: list[Any]) -> Numbers:
    """Add up terms[0] + terms[1] x + ... from the last one on."""
    total = np.zeros_like(x)
    for term in reversed(terms):
        total = total * x + Real(term)
    return total


def exp_rest(x: Numbers, skipped: int) -> Numbers:
    """Return what exp leaves after its first terms, over x^skipped."""
    terms, factorial = [], Real(1)
    for k in range(1, 40):
        factorial *= k
        if k >= skipped:
            terms.append(1 / factorial)
    return series(x, terms)


def log_rest(f: Numbers) -> Numbers:
    """Return (log(1 + f) - f) / f^2."""
    near = series(np.clip(f, -0.1, 0.1), [Real((-1) ** (k + 1)) / k for k in range(2, 40)])
    return np.where(np.abs(f) < 0.1, near, (np.log1p(f) - f) / f**2)


def tanh_rest(u: Numbers) -> Numbers:
    """Return (tanh(x) / x - 1) / x^2 as a function of u = x^2."""
    near = series(u, [-1 / Real(3), 2 / Real(15), -17 / Real(315), 62 / Real(2835), -1382 / Real(155925)])
    x = np.sqrt(u)
    return np.where(u < 1e-3, near, (np.tanh(x) / x - 1) / u)


def erf(x: Numbers) -> Numbers:
    """The error function by its series without cancellation (Abramowitz and Stegun 7.1.6)."""
    term, total = x, x
    for n in range(1, 200):
        term = term * 2 * x * x / (2 * n + 1)
        total = total + term
    return np.asarray(2 / np.sqrt(PI) * np.exp(-x * x) * total)


def erf_rest(u: Numbers) -> Numbers:
    """Return erf(x) / x - 1 as a function of u = x^2."""
    return erf(np.sqrt(u)) / np.sqrt(u) - 1


def main() -> None:
    """Print all polynomials, in the order of the files."""
    half = LN2 / 2 * Real(1.0005)
    fit("exp, from r^2 on", lambda r: exp_rest(r, 2), range(5), -half, half, lambda r: r * r / np.exp(r))
    fit("expm1, from r^2 on", lambda r: exp_rest(r, 2), range(5), -half, half, lambda r: r * r / np.expm1(r))
    low, high = np.sqrt(Real(0.5)) - 1 - Real(1e-6), np.sqrt(Real(2)) - 1 + Real(1e-6)
    fit("log, from f^2 on", log_rest, range(9), low, high, lambda f: f * f / np.log1p(f))
    fit("tanh, from x^3 on", tanh_rest, range(4), 0, 0.55**2, lambda u: u / (1 + u * tanh_rest(u)))
    fit("erf near 0, from x on", erf_rest, range(6), 0, 0.81, lambda u: 1 / (1 + erf_rest(u)))
    fit("-log(1 - erf)", lambda x: -np.log(1 - erf(x)), range(7), 0.9, 4, lambda x: (1 - erf(x)) / erf(x))
    square = ((high + 0) / (high + 2)) ** 2 * Real(1.0001)
    terms = [2 / LN2 / (2 * k + 3) for k in range(40)]
    fit("log2, from s^3 on", lambda u: series(u, terms), range(3), 0, square, lambda u: u)
    fit("2^r, from r on", lambda r: LN2 * exp_rest(r * LN2, 1), range(7), -0.5004, 0.5004, lambda r: r / np.exp2(r))


if __name__ == "__main__":
    main()
