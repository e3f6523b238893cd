"""How many threads to work with."""

import operator
import os
from contextlib import AbstractContextManager
from typing import Any, SupportsIndex

from chainrule.errors import UserError

VARIABLE = "CHAINRULE_THREADS"
MOST = 1024


def thread_count(requested: SupportsIndex | None = None) -> int:
    """Say how many threads to use.

    Args:
        requested: the number asked for, from 1 to 1024. None leaves it to the environment variable
            `CHAINRULE_THREADS` and, where that is not set or empty, to the machine: the processors that this
            process may use, limited by the quota of its container.

    Returns:
        A number of at least 1. Results do not depend on it, only the time they take.

    Raises:
        UserError: the number asked for, or the one in the environment, is not one from 1 to 1024.

    >>> thread_count(4)
    4
    >>> thread_count() >= 1
    True
    """
    if requested is not None:
        return _checked(requested, "threads", "leave it out to use all that this process may use")
    setting = os.environ.get(VARIABLE, "").strip()
    if setting:
        number = int(setting) if setting.isdecimal() else setting
        return _checked(number, f"the environment variable {VARIABLE}", "correct it or unset it")
    from chainrule._engine import available_threads

    return available_threads()


def one_thread_for_products() -> AbstractContextManager[Any]:
    """Keep NumPy's matrix products on one thread while the context lasts.

    Their threads spin while they wait for each other: on a machine that does other work too, a training of small
    batches then takes three times as long, and on an idle one they save a twentieth.

    >>> with one_thread_for_products():
    ...     pass
    """
    from threadpoolctl import threadpool_limits

    limits: AbstractContextManager[Any] = threadpool_limits(1, user_api="blas")
    return limits


def _checked(given: object, name: str, remedy: str) -> int:
    try:
        count = operator.index(given)  # type: ignore[arg-type]  # TypeError for anything but a whole number
    except TypeError:
        count = 0
    if isinstance(given, bool) or not 1 <= count <= MOST:
        raise UserError(f"{name} must be a whole number from 1 to {MOST}, but is {given!r}; {remedy}")
    return count
