"""Seconds of training to 97.5 % and 98 % on MNIST."""

from __future__ import annotations

from typing import Any


def measure(quick: bool) -> dict[str, Any]:
    return {}


def table(values: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    return [], []
