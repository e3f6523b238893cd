"""What peers are known to need, to catch a crippled one."""

from __future__ import annotations

# Seconds a step on a machine of two cores (AMD EPYC, Zen 4) on which the bare product of benchmarks/bare.py ran at
# this many operations a second.
PRODUCT_RATE = 200e9
SECONDS = {
    "tiny": {"JAX": 4e-6, "PyTorch": 390e-6},
    "small": {"JAX": 41e-6, "NumPy": 76e-6},
    "middle": {"PyTorch": 1.5e-3, "NumPy": 1.15e-3},
    "large": {"PyTorch": 0.5},
    "tall": {"JAX": 25e-3, "PyTorch": 33e-3},
}
# A peer this many times slower than it is known to be spoils its row.
MOST = 1.3
