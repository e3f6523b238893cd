"""On what machine, and with which versions."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from pathlib import Path

_PACKAGES = ("chainrule", "numpy", "torch", "jax", "jaxlib", "scikit-learn")


def described() -> dict[str, str]:
    """The processor, its caches, memory, system and the versions of everyone."""
    found = {
        "processor": _processor(),
        "processors": str(os.cpu_count()),
        "last cache": f"{last_cache() >> 20} MB",
        "system": f"{platform.system()} {platform.release()}",
        "Python": platform.python_version(),
        "OpenBLAS": _openblas(),
    }
    return found | {name: metadata.version(name) for name in _PACKAGES}


def last_cache() -> int:
    """Bytes of the largest cache; 32 MB where the system does not tell."""
    sizes = [path.read_text().strip() for path in Path("/sys/devices/system/cpu/cpu0/cache").glob("index*/size")]
    units = {"K": 1 << 10, "M": 1 << 20}
    return max((int(size[:-1]) * units[size[-1]] for size in sizes if size[-1] in units), default=32 << 20)


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    flags = next((line.split(":")[1].split() for line in lines if line.startswith("flags")), [])
    best = next((name for name in ("avx512f", "avx2", "neon") if name in flags), "")
    return f"{names[0] if names else platform.processor()} {best}".strip()


def _openblas() -> str:
    import numpy as np  # noqa: F401, whose products it is
    from threadpoolctl import threadpool_info

    return next((f"{one['version']} ({one['architecture']})" for one in threadpool_info()), "?")
