"""Damaged and malicious model files: each is refused with a message, or is the model that was written."""

from __future__ import annotations

import copy
import json
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.model import from_bytes
from chainrule.sealed import digest, fingerprint
from chainrule.tensors import pack, unpack

ROWS = np.random.default_rng(0).integers(0, 256, (20, 12), dtype=np.uint8)
MUTATIONS = 2000


def made() -> cr.Model:
    network = cr.Network([cr.Dense(3, lambda z: cr.maximum(z, 0.5 * z)), cr.Dropout(0.1), cr.Dense(1, "sigmoid")])
    y = np.array(["a", "b"])[np.arange(20) % 2]
    return cr.fit(
        network,
        ROWS,
        y,
        loss=lambda y_hat, y: (y_hat - y) ** 2,
        preprocess="standardize",
        pictures=cr.PictureSettings(size=2),
        epochs=1,
    )


GOOD = made().to_bytes()


def mutated(data: bytes, generator: np.random.Generator) -> bytes:
    """Change, insert, remove, repeat or cut bytes, mostly in the header, which is most of the file."""
    changed = bytearray(data)
    for _ in range(int(generator.integers(1, 3))):
        at, kind = int(generator.integers(len(changed))), int(generator.choice([0, 0, 0, 0, 1, 1, 1, 2, 3, 4, 5]))
        if kind == 0:
            changed[at] ^= 1 << int(generator.integers(8))
        elif kind == 1:
            changed[at] = int(generator.integers(256))
        elif kind == 2:
            changed.insert(at, int(generator.integers(32, 127)))
        elif kind == 3:
            del changed[at : at + int(generator.integers(1, 9))]
        elif kind == 4:
            changed[at:at] = changed[at : at + 8]
        else:
            changed = changed[: max(1, at)]
    return bytes(changed)


def test_a_file_with_changed_bytes_is_refused_or_equal() -> None:
    generator = np.random.default_rng(1)
    refused = 0
    for _ in range(MUTATIONS):
        data = mutated(GOOD, generator)
        try:
            again = from_bytes(data)
        except cr.UserError:
            refused += 1
        else:
            assert again.to_bytes() == GOOD
    assert refused > 0.9 * MUTATIONS


def test_every_cut_file_is_refused() -> None:
    for length in range(0, len(GOOD), 7):
        with pytest.raises(cr.UserError):
            from_bytes(GOOD[:length])


STRANGE: list[Any] = [
    *(None, True, False, 0, -1, 1, 2, 0.5, 1e308, -1e308, 10**400, "", "relu", "m", [], {}, [[]], {"name": "he"}),
    *("a" * 1000, [None], list(range(50)), "scale", "none", "uint8", "float32", float("nan")),
]


def places(value: Any) -> list[tuple[Any, Any]]:
    """All pairs of a container and a key in nested plain values."""
    keys = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    found = [(value, key) for key in keys]
    return found + [place for container, key in found for place in places(container[key])]


def test_a_description_with_strange_values_is_refused_or_works() -> None:
    tensors, metadata = unpack(GOOD)
    content = json.loads(metadata["model"])
    generator = np.random.default_rng(2)
    works = 0
    for _ in range(MUTATIONS):
        changed = copy.deepcopy(content)
        options = places(changed)
        container, key = options[int(generator.integers(len(options)))]
        if generator.random() < 0.2:
            del container[key]
        else:
            container[key] = copy.deepcopy(STRANGE[int(generator.integers(len(STRANGE)))])
        text = json.dumps(changed)
        try:
            again = from_bytes(pack(tensors, {**metadata, "model": text, "model_sha256": digest(text)}))
            again.outputs(ROWS)
            again.to_bytes()
        except cr.UserError:
            continue
        works += 1
    assert works < 0.4 * MUTATIONS


@pytest.mark.parametrize("name", ["W1", "b2", "preprocessing.shift", "preprocessing.scale"])
@pytest.mark.parametrize("kind", ["missing", "longer", "whole numbers", "not finite"])
def test_numbers_that_do_not_fit_are_refused_even_with_a_freshdigest(name: str, kind: str) -> None:
    tensors, metadata = unpack(GOOD)
    array = tensors.pop(name)
    if kind == "longer":
        tensors[name] = np.concatenate([array, array])
    elif kind == "whole numbers":
        tensors[name] = array.astype(np.int32)
    elif kind == "not finite":
        tensors[name] = array * np.inf
    with pytest.raises(cr.UserError):
        from_bytes(pack(tensors, {**metadata, "sha256": fingerprint(tensors)}))
