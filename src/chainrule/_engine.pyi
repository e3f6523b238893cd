"""The part of chainrule that is written in C++."""

import os
from typing import Annotated

import numpy
from numpy.typing import NDArray


def available_threads() -> int:
    """
    How many threads can run at once, at least 1.

    The processors in the affinity mask, limited by the control groups' quota (rounded up).
    """

def cpu_quota(root: str | os.PathLike = '/') -> float | None:
    """
    Processors' worth of time that the control groups allow, or None without a limit.

    `root` is the root of the file system whose `proc` and `sys` are read.
    """

def _opcodes() -> list[tuple[str, int]]:
    """
    The scalar operations, each with its number of operands, in the order of their codes.
    """

def _check_program(words: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)], constants: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)]) -> None:
    """
    Read a program from its words and check every rule; MalformedProgram where it breaks one.
    """
