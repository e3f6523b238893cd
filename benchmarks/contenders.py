"""The contenders by name: the module and class of each, and how a process keeps to a number of threads."""

from __future__ import annotations

import os

OURS = "chainrule"
WHOLE = "cr.minimize"
DIRECT = "direct"
LIMITS = ("products", "reading")
MACHINE = "bare product"
CONTENDERS = {
    MACHINE: ("bare", "Machine"),
    "products": ("bare", "Products"),
    "reading": ("bare", "Reading"),
    OURS: ("ours", "chainrule"),
    DIRECT: ("ours", "Direct"),
    WHOLE: ("ours", "whole"),
    "NumPy": ("peers_numpy", "NumPy"),
    "PyTorch": ("peers_torch", "Torch"),
    "torch.compile": ("peers_torch", "CompiledTorch"),
    "JAX": ("peers_jax", "Jax"),
    "scikit-learn": ("peers_sklearn", "ScikitLearn"),
}
FRAMEWORKS = ("PyTorch", "torch.compile", "JAX", "scikit-learn")
PEERS = ("NumPy", *FRAMEWORKS)


def environment(threads: int) -> dict[str, str]:
    """The variables that keep every library to so many threads."""
    count = str(threads)
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "CHAINRULE_THREADS")
    flags = f"--xla_cpu_multi_thread_eigen={'true' if threads > 1 else 'false'}"
    more = {"XLA_FLAGS": flags, "NPROC": count, "JAX_PLATFORMS": "cpu"}
    return os.environ | dict.fromkeys(names, count) | more


def processors(threads: int) -> set[int] | None:
    """The processors that a process with so many threads keeps to; None where the system cannot be told."""
    if not hasattr(os, "sched_getaffinity"):
        return None
    return set(sorted(os.sched_getaffinity(0))[:threads])
