"""What a share of right answers is worth: its confidence interval, and the share that needs no learning."""

import math
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from chainrule.errors import UserError


def wilson_interval(successes: int, count: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return the Wilson score interval of a proportion.

    It holds its coverage for small counts and for shares near 0 and 1, where the textbook interval
    (share plus or minus 1.96 standard errors) leaves [0, 1] or has no width.

    Args:
        successes: how many of the trials succeeded, 0 to `count`.
        count: how many trials there were, at least 1.
        confidence: the coverage, between 0 and 1.

    Returns:
        The low and the high end, both within [0, 1].

    Raises:
        UserError: where the numbers cannot be counts of trials.

    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
    Journal of the American Statistical Association 22 (1927), 209-212.

    >>> low, high = wilson_interval(8, 10)
    >>> round(low, 3), round(high, 3)
    (0.49, 0.943)
    """
    if count < 1 or not 0 <= successes <= count:
        raise UserError(f"an interval needs 0 <= successes <= count and count >= 1, not {successes} of {count}")
    if not 0 < confidence < 1:
        raise UserError(f"confidence must lie between 0 and 1, not be {confidence}")
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    share = successes / count
    scale = 1 + z * z / count
    middle = (share + z * z / (2 * count)) / scale
    half = z / scale * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    # Both ends are exact at the borders; rounding would put them a hair beside 0 and 1.
    low = 0.0 if successes == 0 else max(0.0, middle - half)
    high = 1.0 if successes == count else min(1.0, middle + half)
    return low, high


def majority_baseline(y_train: ArrayLike, y_test: ArrayLike, k: int) -> float:
    """Return the accuracy of always answering the class that is most frequent in training.

    Args:
        y_train: (m,) class indices of the training examples; of equally frequent classes the first counts.
        y_test: (m,) class indices of the examples to answer.
        k: the number of classes.

    Returns:
        The share of `y_test` that is that class.

    Raises:
        UserError: where either set is empty.

    >>> majority_baseline([0, 0, 1], [0, 1, 1, 1], 2)
    0.25
    """
    train, test = np.asarray(y_train, np.int64).ravel(), np.asarray(y_test, np.int64).ravel()
    if train.size == 0 or test.size == 0:
        raise UserError(
            f"the majority baseline needs training and test examples; there are {train.size} and {test.size}"
        )
    majority = int(np.argmax(np.bincount(train, minlength=k)))
    return float(np.mean(test == majority))
