"""One picture: from its file to a row of bytes. Files are read, never changed."""

from __future__ import annotations

import io
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import BinaryIO

from PIL import ExifTags, Image, UnidentifiedImageError

from chainrule.data.colors import to_color
from chainrule.data.formats import FORMATS, named_like_picture, why_unknown
from chainrule.data.settings import PictureSettings
from chainrule.errors import UserError

# Beyond this a declared size is taken for a decompression bomb. Telephones make pictures of 108 million pixels.
MOST_PIXELS = 110_000_000
# Pictures above this are decoded one at a time, so that threads do not multiply the memory, and shrunk in strips.
LARGE_PIXELS = 4_000_000

_TRANSPOSITIONS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_PADDING = 128
_FORMATS = tuple(FORMATS)


_one_large_picture = threading.Lock()


class PictureError(UserError):
    """A file that cannot be read as a picture.

    `path` is the file, `reason` says why in a few words, and `is_picture` whether its content began like a picture.
    """

    def __init__(self, path: str, reason: str, *, is_picture: bool = True) -> None:
        super().__init__(f"{path} cannot be read as a picture: {reason}")
        self.path = path
        self.reason = reason
        self.is_picture = is_picture


@contextmanager
def quiet_decoders() -> Iterator[None]:
    """Keep Pillow's own warnings away: whatever matters becomes a PictureError.

    Filters of warnings belong to the process, so this is entered once around all threads, not in each.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\b")
        yield


def decode(path: str, settings: PictureSettings) -> bytes:
    """Return a picture's row as bytes, leaving Pillow's warnings to the caller (see `chainrule.data.pictures`).

    Raises:
        PictureError: it cannot be read.
    """
    return _decode_from(lambda: open(path, "rb"), path, settings)


def decode_bytes(content: bytes, path: str, settings: PictureSettings) -> bytes:
    """Return the row of a picture whose file's bytes are there already, under a name for messages.

    Raises:
        PictureError: it cannot be read.
    """
    return _decode_from(lambda: io.BytesIO(content), path, settings)


def _decode_from(open_file: Callable[[], BinaryIO], path: str, settings: PictureSettings) -> bytes:
    try:
        with open_file() as file:
            return _decode_file(file, path, settings)
    except PictureError:
        raise
    except Exception as error:
        raise PictureError(path, _reason(error)) from error


def looks_like_picture(path: str) -> bool:
    """Say whether a file's first bytes, or else its name, are those of a picture.

    >>> looks_like_picture("notes.txt"), looks_like_picture("missing.jpg")
    (False, True)
    """
    if named_like_picture(path):
        return True
    try:
        with quiet_decoders(), open(path, "rb") as file, Image.open(file, formats=_FORMATS):
            return True
    except Image.DecompressionBombError:
        return True
    except Exception:
        return False


def _decode_file(file: BinaryIO, path: str, settings: PictureSettings) -> bytes:
    try:
        image: Image.Image = Image.open(file, formats=_FORMATS)
    except UnidentifiedImageError as error:
        file.seek(0)
        reason, is_picture = why_unknown(file.read(512))
        raise PictureError(path, reason, is_picture=is_picture) from error
    width, height = image.size
    if width * height > MOST_PIXELS:
        raise PictureError(path, f"too large: {width} x {height} pixels, the limit is {MOST_PIXELS:,}")
    image.draft("L" if settings.color == "grey" else None, _enough(image.size, settings))
    with _one_large_picture if image.width * image.height > LARGE_PIXELS else nullcontext():
        image.load()
        orientation = _orientation(image)
        image = to_color(image, settings.color, _whole_factors(image.size, settings))
    if orientation in _TRANSPOSITIONS:
        image = image.transpose(_TRANSPOSITIONS[orientation])
    return _fit(image, settings).tobytes()


def _enough(size: tuple[int, int], settings: PictureSettings) -> tuple[int, int]:
    """Return the least size that a JPEG may be decoded at: both sides no smaller than what becomes of them."""
    if settings.fit != "pad":
        return settings.size, settings.size
    longer = max(size)
    return max(1, size[0] * settings.size // longer), max(1, size[1] * settings.size // longer)


def _whole_factors(size: tuple[int, int], settings: PictureSettings) -> tuple[int, int]:
    """Return by which whole factors a large picture may shrink and still be twice what is needed."""
    if size[0] * size[1] <= LARGE_PIXELS:
        return 1, 1
    width, height = _enough(size, settings)
    across, down = max(1, size[0] // (2 * width)), max(1, size[1] // (2 * height))
    if settings.fit == "squash":
        return across, down
    return min(across, down), min(across, down)


def _orientation(image: Image.Image) -> int:
    # Asked after loading: some formats turn the picture themselves, others keep this behind the pixels.
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:
        # Broken EXIF says nothing about the pixels.
        return 1


def _fit(image: Image.Image, settings: PictureSettings) -> Image.Image:
    size, (width, height) = settings.size, image.size
    if settings.fit == "squash":
        return _resized(image, (size, size), None)
    if settings.fit == "crop":
        side = min(width, height)
        left, top = (width - side) / 2, (height - side) / 2
        return _resized(image, (size, size), (left, top, left + side, top + side))
    longer = max(width, height)
    fitting = max(1, round(width * size / longer)), max(1, round(height * size / longer))
    canvas = Image.new(image.mode, (size, size), (_PADDING,) * settings.channels)
    canvas.paste(_resized(image, fitting, None), ((size - fitting[0]) // 2, (size - fitting[1]) // 2))
    return canvas


def _resized(
    image: Image.Image, size: tuple[int, int], box: tuple[float, float, float, float] | None
) -> Image.Image:
    # Means over whole blocks first, then a triangle filter over what is left: as good to the eye as the filter
    # alone, and faster the larger the picture.
    return image.resize(size, Image.Resampling.BILINEAR, box=box, reducing_gap=1.0)


def _reason(error: Exception) -> str:
    if isinstance(error, MemoryError):
        return "there is not enough memory to decode it"
    if isinstance(error, Image.DecompressionBombError):
        return f"too large: the limit is {MOST_PIXELS:,} pixels"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror[:1].lower() + error.strerror[1:]
    words = (str(error).splitlines() or [type(error).__name__])[0]
    if "truncated" in words.lower():
        return "the file is cut short"
    return f"broken: {words[:120]}"
