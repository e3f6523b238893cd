"""Pixels stay bytes: reading and training keep them in at most one and a half bytes each.

What Python and NumPy ask for is traced. The buffers of the network do not grow with the number of pictures, so two
runs of different length tell them from the pixels.
"""

import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule.data.pictures import read_pictures
from chainrule.data.splits import split
from chainrule.errors import WorkFailed
from chainrule.fitting import fit
from chainrule.network.network import dense_network
from chainrule.runs.settings import RunSettings
from chainrule.runs.train import train_on_pictures
from chainrule.sample.write import write_sample

MOST_BYTES = 1.5
COUNT = 300
SIZE = 64
PIXELS = COUNT * SIZE * SIZE * 3


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures that were read once already, so that every module is imported."""
    folder = tmp_path_factory.mktemp("drawn") / "pets"
    write_sample(folder, count=COUNT, size=16)
    read_pictures(folder, size=8)
    return folder


@pytest.fixture
def traced() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


def peak_since(start: int) -> int:
    return tracemalloc.get_traced_memory()[1] - start


@pytest.mark.usefixtures("traced")
def test_reading_holds_each_picture_once(drawn: Path) -> None:
    data = read_pictures(drawn, size=SIZE)
    assert data.X.nbytes == PIXELS
    assert PIXELS <= peak_since(0) < MOST_BYTES * PIXELS


@pytest.mark.usefixtures("traced")
def test_pictures_that_are_left_out_are_not_paid_for_twice(drawn: Path, tmp_path: Path) -> None:
    for path in drawn.rglob("*.jpg"):
        copy = tmp_path / "pets" / path.relative_to(drawn)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes()[: 100 if path.stem.endswith("1") else None])
    tracemalloc.clear_traces()
    data = read_pictures(tmp_path / "pets", size=SIZE)
    assert len(data) == COUNT * 9 // 10
    assert peak_since(0) < MOST_BYTES * PIXELS
    assert tracemalloc.get_traced_memory()[0] < MOST_BYTES * data.X.nbytes


@pytest.mark.usefixtures("traced")
@pytest.mark.parametrize("positive", [None, "not_dog"])
def test_a_run_holds_each_picture_once_when_training_starts(
    drawn: Path, tmp_path: Path, positive: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    peaks: list[int] = []

    def measure(*_: Any, **__: Any) -> Any:
        peaks.append(peak_since(0))
        raise WorkFailed("enough is known")

    monkeypatch.setattr("chainrule.runs.train.fit", measure)
    settings = RunSettings(
        pictures=str(drawn), size=SIZE, positive=positive, no_cache=True, out=str(tmp_path / "run")
    )
    with pytest.raises(WorkFailed, match="enough is known"):
        train_on_pictures(settings, say=lambda _: None)
    assert PIXELS <= peaks[0] < MOST_BYTES * PIXELS


@pytest.mark.usefixtures("traced")
@pytest.mark.parametrize("preprocess", ["standardize", "scale"])
def test_training_needs_less_than_half_a_byte_more_for_each_pixel(
    preprocess: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Blocks of rows grow until they are this large; small ones keep the test short.
    monkeypatch.setattr("chainrule.compiler.numpy_run._BLOCK_BYTES", 1 << 18)

    def needed(count: int) -> int:
        X = np.random.default_rng(0).integers(0, 256, (count, 1024), np.uint8)
        y = np.arange(count) % 2
        parts = split(y)
        start = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        network = dense_network(hidden=(4,))
        fit(network, X, y, rows=parts.train, validation=parts.validation, preprocess=preprocess, epochs=2)
        return peak_since(start)

    needed(100)
    few, many = 2000, 6000
    assert needed(many) - needed(few) < (MOST_BYTES - 1) * (many - few) * 1024
