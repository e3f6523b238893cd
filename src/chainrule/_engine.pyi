"""The part of chainrule that is written in C++."""

import os


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
