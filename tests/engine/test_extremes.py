"""Rows by themselves and in batches, batches at the edges of blocks, and numbers at the ends of float32."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import chainrule as cr
from chainrule.compiler.engine_run import EngineRun
from chainrule.compiler.lower import Compiled
from chainrule.compiler.numpy_run import NumpyRun
from tests.compiler import networks
from tests.compiler.running import compile_entry
from tests.engine.kernels import KERNELS

Array = NDArray[Any]

SIZES = (37, 9, 7, 1)


def _state(compiled: Compiled, seed: int = 0) -> dict[str, Array]:
    random = np.random.default_rng(seed)
    buffers = compiled.program.buffers
    return {
        name: random.normal(size=[axis for axis in buffers[at].shape if isinstance(axis, int)])
        for name, at in compiled.program.named("state").items()
    }


def _data(rows: int, features: int = SIZES[0], dtype: str = "float32") -> dict[str, Array]:
    random = np.random.default_rng(1)
    X = random.integers(0, 256, (rows, features)).astype(dtype)
    return {"X": X, "y": random.integers(0, 2, (rows, 1)).astype(np.float32)}


def _bits(array: Array) -> NDArray[np.uint32]:
    return np.ascontiguousarray(array, np.float32).view(np.uint32)


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("dtype", ["uint8", "float16", "float32", "float64"])
@pytest.mark.parametrize("sizes", [SIZES, (1, 1), (200, 16, 10), (5, 64, 3)])
def test_a_row_alone_has_the_bits_that_it_has_in_a_batch(sizes: tuple[int, ...], dtype: str, kernels: str) -> None:
    compiled = networks.forward(sizes)
    machine = EngineRun(compiled.program, _state(compiled), threads=2, kernels=kernels)
    data = {"X": _data(150, sizes[0], dtype)["X"]}
    together = _bits(machine.run("forward", data)["y_hat"])
    for first, last in [(0, 1), (149, 150), (3, 20), (1, 150), (64, 128)]:
        piece = machine.run("forward", {"X": data["X"][first:last]})["y_hat"]
        np.testing.assert_array_equal(_bits(piece), together[first:last])
    rows = np.array([149, 0, 0, 77])
    np.testing.assert_array_equal(_bits(machine.run("forward", data, rows=rows)["y_hat"]), together[rows])


def _assert_as_reference(compiled: Compiled, data: Mapping[str, Array], **options: Any) -> None:
    entry = next(iter(compiled.program.entries))
    scalars = dict.fromkeys(compiled.program.named("scalar"), 0.1)
    expected = NumpyRun(compiled.program, _state(compiled), dtype=np.float64).run(
        entry, data, scalars=scalars, **options
    )
    machine = EngineRun(compiled.program, _state(compiled), threads=2)
    found = machine.run(entry, data, scalars=scalars, **options)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        scale = 1 + np.abs(value[np.isfinite(value)]).max(initial=0)
        np.testing.assert_allclose(found[name], value, rtol=0, atol=3e-5 * scale, err_msg=name)


@pytest.mark.parametrize("rows", [0, 1, 2, 15, 16, 17, 63, 64, 65, 127, 128, 129, 1023, 1024, 1025, 4159])
@pytest.mark.parametrize("name", ["step", "gradients", "maxima"])
def test_batches_at_the_edges_of_blocks_and_lanes(name: str, rows: int) -> None:
    Z, parameters = networks.layers(SIZES, scale=255)
    J = networks.cross_entropy(Z)
    compiled = {
        "step": lambda: networks.step(J, parameters),
        "gradients": lambda: networks.value_and_gradient(J, parameters),
        "maxima": lambda: compile_entry({"top": cr.max(Z, axis=0), "all": cr.sum(Z), "rows": cr.tanh(Z)}),
    }[name]()
    data = _data(rows)
    _assert_as_reference(compiled, data if name != "maxima" else {"X": data["X"]})


def test_a_batch_of_no_rows_is_as_in_the_reference() -> None:
    Z, parameters = networks.layers(SIZES)
    compiled = networks.value_and_gradient(networks.cross_entropy(Z), parameters)
    _assert_as_reference(compiled, _data(5), rows=np.array([], np.int64))


@pytest.mark.parametrize("logit", [1000.0, -1000.0, 88.75, -104.0])
def test_the_cross_entropy_of_large_logits_is_exact(logit: float) -> None:
    X, w = cr.examples("X", features=1), cr.parameter("w", (1, 1))
    compiled = networks.value_and_gradient(networks.cross_entropy(X @ w), [w])
    machine = EngineRun(compiled.program, {"w": np.ones((1, 1))}, threads=1)
    for label in (0.0, 1.0):
        data = {"X": np.full((3, 1), logit, np.float32), "y": np.full((3, 1), label, np.float32)}
        expected = np.logaddexp(0, -logit if label else logit)
        found = machine.run("value_and_gradient", data)
        np.testing.assert_allclose(found["cost"], expected, rtol=1e-6, atol=1e-44)
        np.testing.assert_allclose(found["dw"], [[logit * ((logit > 0) - label)]], atol=1e-36)


@pytest.mark.parametrize("kernels", KERNELS)
def test_denormal_numbers_are_kept(kernels: str) -> None:
    X, w = cr.examples("X", features=3), cr.parameter("w", (3, 2))
    compiled = compile_entry({"product": X @ w, "half": X * 0.5, "sum": cr.sum(X, axis=1)})
    machine = EngineRun(compiled.program, {"w": np.eye(3, 2)}, threads=1, kernels=kernels)
    data = np.array([[1e-40, -3e-42, 1.4e-45], [2e-38, 1e-38, 0]], np.float32)
    found = machine.run("entry", {"X": data})
    np.testing.assert_array_equal(_bits(found["product"]), _bits(data[:, :2]))
    np.testing.assert_array_equal(_bits(found["half"]), _bits(data * np.float32(0.5)))
    np.testing.assert_allclose(found["sum"], data.astype(np.float64).sum(axis=1), rtol=0, atol=1.5e-45)


@pytest.mark.parametrize("name", ["columns", "every other row", "backwards", "broadcast", "unaligned"])
def test_data_in_any_layout_are_read_as_they_are(name: str) -> None:
    whole = np.random.default_rng(2).normal(size=(60, 8)).astype(np.float32)
    shifted = np.empty(whole.nbytes + 1, np.uint8)[1:].view(np.float32).reshape(whole.shape)
    shifted[...] = whole
    X = {
        "columns": np.asfortranarray(whole[:30, :4]),
        "every other row": whole[::2, :4],
        "backwards": whole[29::-1, :4],
        "broadcast": np.broadcast_to(whole[:1, :4], (30, 4)),
        "unaligned": shifted[:30, :4],
    }[name]
    v = whole[:30, 5]
    x, u, w = cr.examples("X", features=4), cr.examples("v"), cr.parameter("w", (4, 3))
    outputs = {"Z": x @ w, "scaled": cr.tanh(x), "sum": u @ x, "square": u @ u, "u": u * 2.0}
    compiled = compile_entry(outputs)
    _assert_as_reference(compiled, {"X": X, "v": v})
    _assert_as_reference(compiled, {"X": X, "v": v}, rows=np.array([29, 3, 3, 0]))
