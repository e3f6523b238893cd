"""What a run asks of a picture: which classes there are, and which of two is the positive one."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace

import numpy as np

from chainrule.data.dataset import Dataset
from chainrule.errors import UserError

_NEGATIVE_WORDS = {"other", "others", "negative", "negatives", "neg", "none", "no", "rest", "background"}
_NEGATIVE_BEGINNING = re.compile(r"(not|no|non|without)[ _.-]")


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
        names = self.dataset.classes
        if len(names) == 2:
            names = names[::-1]
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
    if len(names) < 2:
        raise UserError(f"the only class is {', '.join(names)}: a question needs at least two")
    if positive is not None:
        positive = _known(positive, names)
    if len(names) == 2:
        chosen = positive or positive_of(names)
        other = next(name for name in names if name != chosen)
        return Question(_ordered(dataset, (other, chosen)), f"the positive class is {chosen}, the negative {other}")
    if positive is not None:
        return Question(one_against_rest(dataset, positive), f"{positive} is told from the {len(names) - 1} others")
    return Question(dataset, f"{len(names)} classes are told apart: {', '.join(names)}")


def _known(positive: str, names: tuple[str, ...]) -> str:
    # Systems spell the accents in the names of folders in two ways.
    spelt = {unicodedata.normalize("NFC", name): name for name in names}
    found = spelt.get(unicodedata.normalize("NFC", positive))
    if found is None:
        raise UserError(f"--positive {positive}: there is no such class; the classes are {', '.join(names)}")
    return found


def positive_of(names: tuple[str, ...]) -> str:
    """Return which of two classes is the positive one, by their names; the second where they do not say it.

    >>> positive_of(("dog", "not_dog")), positive_of(("cat", "dog")), positive_of(("other", "not_other"))
    ('dog', 'dog', 'other')
    """
    first, second = names
    for name, other in ((first, second), (second, first)):
        if _is_opposite(name, other):
            return other
    return first if is_negative(second) and not is_negative(first) else second


def is_negative(name: str) -> bool:
    """Tell whether a name speaks of what something is not.

    >>> is_negative("non-dog"), is_negative("Others"), is_negative("notebook")
    (True, True, False)
    """
    lowered = name.casefold()
    return lowered in _NEGATIVE_WORDS or _NEGATIVE_BEGINNING.match(lowered) is not None


def _is_opposite(name: str, other: str) -> bool:
    """Tell whether a name is another with a "not" before it; `nodog` and `notdog` are such beside `dog` alone."""
    return re.fullmatch(f"(not|no|non|without)[ _.-]?{re.escape(other.casefold())}", name.casefold()) is not None


def one_against_rest(dataset: Dataset, positive: str) -> Dataset:
    """Join all classes but one into `not_<that one>`."""
    index = dataset.classes.index(positive)
    y = (dataset.y == index).astype(np.int64)
    return replace(dataset, y=y, classes=(f"not_{positive}", positive))


def _ordered(dataset: Dataset, names: tuple[str, ...]) -> Dataset:
    new = np.array([names.index(name) for name in dataset.classes], dtype=np.int64)
    return replace(dataset, y=new[dataset.y], classes=names)
