"""The part of chainrule that is written in C++."""

from collections.abc import Sequence
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

def _kernels() -> list[str]:
    """The instruction sets that this processor can run, the best first."""

def is_clearly_finite(array: object) -> bool:
    """
    Tell whether it is an array of floats in one piece, all of which are finite.
    """

def _apply(opcode: str, operands: Sequence[Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)]], out: Annotated[NDArray[numpy.float32], dict(order='C', device='cpu')], kernels: str = '') -> None:
    """Apply a scalar operation to arrays of one size, or of size 1."""

def _draw_uniform(seed: int, step: int, node: int, start: int, out: Annotated[NDArray[numpy.float32], dict(order='C', device='cpu')]) -> None:
    """Write uniform random numbers."""

def _transpose(matrix: Annotated[NDArray[numpy.float32], dict(order='C', device='cpu')], columns: int, out: Annotated[NDArray[numpy.float32], dict(order='C', device='cpu')]) -> None:
    """Write the transpose of a matrix."""

class _Instruction:
    """A map or a reduction of the first entry of a program."""

    def __init__(self, words: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)], constants: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)], number: int, kernels: str = '') -> None: ...

    def run(self, buffers: Sequence[object], rows: int = 0, part: int = 0, of: int = 1, repeats: int = 1) -> None:
        """
        Run it on arrays, one for each buffer of the program, None for those that it does not use.
        """

    @property
    def piece_steps(self) -> int:
        """Steps of a map that run for each piece."""

class Machine:
    """Runs the entries of a program; see chainrule.engine_run."""

    def __init__(self, words: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)], constants: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)], state: Sequence[Annotated[NDArray[numpy.float32], dict(order='C', device='cpu')]], threads: int, kernels: str = '') -> None: ...

    def run(self, entry: int, data: Sequence[object], rows: object | None, count: int, scalars: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)] | None, seed: int, number: int, outputs: Sequence[object]) -> None: ...

    def run_steps(self, entry: int, data: Sequence[object], rows: object | None, bounds: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)], scalars: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu', writable=False)], seed: int, first: int, outputs: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu')], seconds: float, augmentation: object | None = None) -> int: ...

    def read(self, buffer: int, into: Annotated[NDArray[numpy.float32], dict(order='C', device='cpu')]) -> None: ...

    @property
    def threads(self) -> int: ...

def _multiply(a: Annotated[NDArray, dict(shape=(None, None), device='cpu', writable=False)], b: Annotated[NDArray, dict(shape=(None, None), device='cpu', writable=False)], c: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu')], *, accumulate: bool = False, kernels: str = '', parts: int = 1) -> None:
    """Write a @ b into c, or add it; `parts` parts, one after the other."""

def _gram(X: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), device='cpu', writable=False)], numbers: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)], Y: Annotated[NDArray[numpy.uint8], dict(shape=(None, None), device='cpu', writable=False)] | None, others: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)] | None, out: Annotated[NDArray[numpy.float64], dict(shape=(None, None), order='C', device='cpu')], threads: int = 1, kernels: str = '') -> None:
    """
    Write the scalar products of some rows of bytes with some others, or with each other.
    """

def _product_parts(a: Annotated[NDArray, dict(shape=(None, None), device='cpu', writable=False)], b: Annotated[NDArray, dict(shape=(None, None), device='cpu', writable=False)], c: Annotated[NDArray[numpy.float32], dict(shape=(None, None), order='C', device='cpu')]) -> int:
    """Into how many parts threads may share the product."""

def _opcodes() -> list[tuple[str, int]]:
    """
    The scalar operations, each with its number of operands, in the order of their codes.
    """

def _check_program(words: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)], constants: Annotated[NDArray[numpy.float32], dict(shape=(None,), order='C', device='cpu', writable=False)]) -> None:
    """
    Read a program from its words and check every rule; MalformedProgram where it breaks one.
    """
