"""Pictures that tests draw."""

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from chainrule.data.pictures import read_picture
from chainrule.data.settings import Color, Fit, PictureSettings


def smooth(width: int = 64, height: int = 64) -> Image.Image:
    """Draw a picture whose every corner has another colour: red to the right, green downwards, some blue."""
    y, x = np.mgrid[0:height, 0:width]
    red, green = x * 255 // max(width - 1, 1), y * 255 // max(height - 1, 1)
    return Image.fromarray(np.stack([red, green, np.full_like(x, 60)], axis=2).astype(np.uint8))


def read(path: Path, size: int = 64, color: Color = "rgb", fit: Fit = "squash") -> NDArray[np.int64]:
    """Read a picture as whole numbers of shape (size, size, channels)."""
    settings = PictureSettings(size=size, color=color, fit=fit)
    return read_picture(path, settings).reshape(settings.shape).astype(np.int64)


def encoded(image: Image.Image, format: str, **options: object) -> bytes:
    """Return the bytes of a picture's file."""
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def class_folders(folder: Path, *classes: str, count: int = 2) -> Path:
    """Draw a folder with some pictures a class."""
    for brightness, name in enumerate(classes):
        (folder / name).mkdir(parents=True)
        for i in range(count):
            Image.new("RGB", (20, 10), (40 * brightness, i, 0)).save(folder / name / f"{i}.png")
    return folder
