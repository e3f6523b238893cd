"""PNG files of small pictures, read back by Pillow."""

import io

import numpy as np
import pytest
from PIL import Image

from chainrule.graph.draw.png import png


@pytest.mark.parametrize("shape", [(1, 1), (5, 3), (64, 64), (1, 200)])
def test_pillow_reads_the_pixels_that_were_written(shape: tuple[int, int]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    image = Image.open(io.BytesIO(png(pixels)))
    assert image.format == "PNG"
    assert np.array_equal(np.asarray(image), pixels)
