"""Tensors and metadata in one block of bytes: everything comes back, and damage is an error."""

import json
import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from chainrule.errors import UserError
from chainrule.tensors import pack, unpack

DTYPES = ["float16", "float32", "float64", "int8", "uint8", "int16", "int32", "int64", "uint32", "uint64", "bool"]
anything = st.sampled_from(DTYPES).flatmap(
    lambda dtype: arrays.arrays(dtype, arrays.array_shapes(min_dims=0, min_side=0, max_dims=3, max_side=4))
)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
names = texts.filter(lambda name: name != "__metadata__")


@given(st.dictionaries(names, anything, max_size=4), st.dictionaries(texts, texts, max_size=4))
def test_everything_comes_back(tensors: dict[str, NDArray[Any]], metadata: dict[str, str]) -> None:
    found, texts = unpack(pack(tensors, metadata))
    assert texts == metadata
    assert found.keys() == tensors.keys()
    for name, array in tensors.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)


@pytest.mark.parametrize(
    "array",
    [
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.arange(24.0).reshape(2, 3, 4).transpose(2, 0, 1),
        np.arange(10)[::-3],
        np.arange(6, dtype=">i4").reshape(2, 3),
        np.arange(6, dtype=">f8"),
        np.broadcast_to(np.float32(3), (2, 2)),
        np.array(5.0),
        np.zeros((0, 3)),
    ],
)
def test_arrays_come_back_however_they_lie_in_memory(array: NDArray[Any]) -> None:
    found, _ = unpack(pack({"a": array}, {}))
    np.testing.assert_array_equal(found["a"], array)
    assert found["a"].dtype == array.dtype.newbyteorder("=")


def test_the_same_content_has_the_same_bytes() -> None:
    one, two = np.arange(3.0), np.ones((2, 2))
    assert pack({"a": one, "b": two}, {"x": "1"}) == pack({"b": two.copy(), "a": one.copy()}, {"x": "1"})


def container(header: object, data: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def tensor(dtype: str = "F32", shape: object = (1,), offsets: object = (0, 4)) -> dict[str, object]:
    return {"__metadata__": {}, "a": {"dtype": dtype, "shape": shape, "data_offsets": offsets}}


DAMAGED = {
    "nothing": b"",
    "seven bytes": b"1234567",
    "a length alone": (5).to_bytes(8, "little"),
    "a length beyond the end": (2**63).to_bytes(8, "little") + b"{}",
    "text": b"this is not a model of any kind",
    "a header that is no JSON": container(b"{]"),
    "a header that is no text": container(b"\xff\xfe{}"),
    "a header that is a list": container([]),
    "a header too deep": container(b"[" * 100_000),
    "no metadata": container({}),
    "metadata that are a list": container({"__metadata__": []}),
    "metadata that are numbers": container({"__metadata__": {"a": 1}}),
    "a tensor that is a number": container({"__metadata__": {}, "a": 3}),
    "an unknown type": container(tensor("F99"), bytes(4)),
    "a type that NumPy lacks": container(tensor("BF16", (2,)), bytes(4)),
    "too few bytes": container(tensor(), bytes(3)),
    "too many bytes": container(tensor(), bytes(5)),
    "offsets backwards": container(tensor(offsets=(4, 0)), bytes(4)),
    "offsets of another size": container(tensor(shape=(3,)), bytes(4)),
    "a negative axis": container(tensor(shape=(-1,)), bytes(4)),
    "an axis that overflows": container(tensor(shape=(2**62, 2**62)), bytes(4)),
    "a shape that is a text": container(tensor(shape="1"), bytes(4)),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_damage_is_named(case: str) -> None:
    with pytest.raises(UserError, match=r"^the model (is|has)"):
        unpack(DAMAGED[case], what="the model")


def test_every_cut_is_noticed() -> None:
    whole = pack({"a": np.arange(3.0), "b": np.ones(2, np.uint8)}, {"format": "x"})
    for length in range(len(whole)):
        with pytest.raises(UserError):
            unpack(whole[:length])


def test_changed_bytes_are_an_error_or_other_content() -> None:
    whole = pack({"a": np.arange(3.0), "b": np.ones(2, np.uint8)}, {"format": "x"})
    choose = random.Random(0)
    refused = 0
    for _ in range(3000):
        broken = bytearray(whole)
        for _ in range(choose.choice([1, 2, 5])):
            broken[choose.randrange(len(broken))] = choose.randrange(256)
        try:
            unpack(bytes(broken))
        except UserError:
            refused += 1
    assert 1000 < refused < 3000


def test_the_name_of_the_metadata_is_not_one_for_a_tensor() -> None:
    with pytest.raises(UserError, match="__metadata__"):
        pack({"__metadata__": np.zeros(1)}, {})
