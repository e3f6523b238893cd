"""What a run asks of a picture: which classes there are, and which of two is the positive one."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from chainrule.data.dataset import Dataset
from chainrule.errors import UserError

_NEGATIVE_WORDS = {"other", "others", "negative", "negatives", "none", "rest", "background", "neg"}
_NEGATIVE_BEGINNINGS = ("not_", "not-", "not ", "no_", "no-", "no ", "non_", "non-", "non ")


@dataclass(frozen=True, eq=False)
class Question:
    """A dataset whose classes stand in the order of the answers; of two, the second is positive.

    Attributes:
        dataset: the pictures with these classes.
        words: what was decided, in a sentence.
    """

    dataset: Dataset
    words: str

    @property
    def title(self) -> str:
        """The question, as a heading."""
        names = [str(name) for name in reversed(self.dataset.classes)]
        return f"{', '.join(names[:-1])} or {names[-1]}?"


def ask(dataset: Dataset, positive: str | None) -> Question:
    """Decide on the classes.

    Args:
        dataset: pictures with the classes of their folders.
        positive: the class to tell from the rest; None lets names decide, and keeps more than two classes.

    Raises:
        UserError: there is no such class, or the pictures are of one class only.

    Example:
        >>> data = Dataset(np.zeros((2, 1)), np.array([0, 1]), ("dog", "not_dog"))
        >>> question = ask(data, None)
        >>> question.dataset.classes, question.title
        (('not_dog', 'dog'), 'dog or not_dog?')
    """
    names = dataset.classes
    if positive is not None and positive not in names:
        raise UserError(f"--positive {positive}: there is no such class; the classes are {', '.join(names)}")
    if len(names) == 2:
        chosen = positive or positive_of(names)
        other = next(name for name in names if name != chosen)
        return Question(_ordered(dataset, (other, chosen)), f"the positive class is {chosen}, the negative {other}")
    if positive is not None:
        return Question(one_against_rest(dataset, positive), f"{positive} is told from the {len(names) - 1} others")
    return Question(dataset, f"{len(names)} classes are told apart: {', '.join(names)}")


def positive_of(names: tuple[str, ...]) -> str:
    """Return which of two classes is the positive one, by their names.

    >>> positive_of(("dog", "not_dog")), positive_of(("cat", "dog"))
    ('dog', 'dog')
    """
    first, second = names
    if is_negative(second, first) and not is_negative(first, second):
        return first
    return second


def is_negative(name: str, other: str) -> bool:
    """Tell whether a name says that it is the negative of another.

    >>> is_negative("non-dog", "dog"), is_negative("cat", "dog")
    (True, False)
    """
    lowered = name.lower()
    return lowered in _NEGATIVE_WORDS or lowered.startswith(_NEGATIVE_BEGINNINGS) or lowered == f"no{other.lower()}"


def one_against_rest(dataset: Dataset, positive: str) -> Dataset:
    """Join all classes but one into `not_<that one>`."""
    index = dataset.classes.index(positive)
    y = (dataset.y == index).astype(np.int64)
    return replace(dataset, y=y, classes=(f"not_{positive}", positive))


def _ordered(dataset: Dataset, names: tuple[str, ...]) -> Dataset:
    new = np.array([names.index(name) for name in dataset.classes], dtype=np.int64)
    return replace(dataset, y=new[dataset.y], classes=names)
