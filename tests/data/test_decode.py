"""One picture: orientation, sizes, what is refused and how."""

import os
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFile

from chainrule.data import decode
from chainrule.data.decode import PictureError, looks_like_picture
from chainrule.data.pictures import read_picture
from chainrule.data.settings import Fit, PictureSettings
from tests.data.drawing import encoded, read, smooth

# How a picture must have been turned for each EXIF orientation to bring it upright.
STORED_AS = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF", "WEBP", "AVIF"])
@pytest.mark.parametrize("orientation", STORED_AS)
@pytest.mark.parametrize("fit", ["squash", "pad", "crop"])
def test_every_exif_orientation_is_turned_upright(tmp_path: Path, format: str, orientation: int, fit: Fit) -> None:
    upright = smooth(96, 64)
    turn = STORED_AS[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    upright.save(tmp_path / "upright.png")
    (upright.transpose(turn) if turn is not None else upright).save(tmp_path / "a", format, exif=exif, quality=95)
    difference = read(tmp_path / "a", 32, fit=fit) - read(tmp_path / "upright.png", 32, fit=fit)
    assert np.abs(difference).mean() < 4


@pytest.mark.parametrize("exif", [b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0garbage" * 9])
def test_broken_exif_is_ignored(tmp_path: Path, exif: bytes) -> None:
    (tmp_path / "a.jpg").write_bytes(encoded(smooth(), "JPEG", quality=95, exif=exif))
    (tmp_path / "b.jpg").write_bytes(encoded(smooth(), "JPEG", quality=95))
    assert (read(tmp_path / "a.jpg") == read(tmp_path / "b.jpg")).all()


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_orientations_that_do_not_exist_are_ignored(tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    smooth().save(tmp_path / "a.png", exif=exif)
    assert np.abs(read(tmp_path / "a.png") - np.asarray(smooth())).max() == 0


@pytest.mark.parametrize("size", [1, 7, 64, 200])
def test_squash_gives_up_proportions(tmp_path: Path, size: int) -> None:
    smooth(120, 40).save(tmp_path / "a.png")
    pixels = read(tmp_path / "a.png", size)
    assert pixels.shape == (size, size, 3)
    if size > 1:
        assert pixels[0, -1, 0] > 200 > 60 > pixels[0, 0, 0]


def test_pad_keeps_proportions_and_fills_with_grey(tmp_path: Path) -> None:
    Image.new("RGB", (80, 40), "white").save(tmp_path / "a.png")
    pixels = read(tmp_path / "a.png", 16, fit="pad")
    assert (pixels[:4] == 128).all()
    assert (pixels[4:12] == 255).all()
    assert (pixels[12:] == 128).all()


def test_crop_cuts_the_middle_out(tmp_path: Path) -> None:
    picture = Image.new("L", (90, 30), 0)
    picture.paste(255, (30, 0, 60, 30))
    picture.save(tmp_path / "a.png")
    assert (read(tmp_path / "a.png", 30, "grey", "crop") == 255).all()


@pytest.mark.parametrize("shape", [(600, 1), (1, 600), (1, 1), (5000, 3)])
@pytest.mark.parametrize("fit", ["squash", "pad", "crop"])
@pytest.mark.parametrize("format", ["JPEG", "PNG"])
def test_extreme_proportions_are_read(tmp_path: Path, shape: tuple[int, int], fit: Fit, format: str) -> None:
    Image.new("RGB", shape, (200, 100, 50)).save(tmp_path / "a", format)
    pixels = read(tmp_path / "a", 16, fit=fit)
    middle = pixels[8, 8] if fit == "pad" else pixels.reshape(-1, 3).mean(axis=0)
    assert np.abs(middle - [200, 100, 50]).max() < 4 or fit == "pad"


@pytest.mark.parametrize("fit", ["squash", "pad", "crop"])
@pytest.mark.parametrize("color", ["rgb", "grey"])
def test_a_jpeg_decoded_small_looks_like_one_decoded_whole(tmp_path: Path, fit: Fit, color: str) -> None:
    smooth(1100, 700).save(tmp_path / "a.jpg", quality=95)
    smooth(1100, 700).save(tmp_path / "a.png")
    settings = PictureSettings(size=48, color="rgb" if color == "rgb" else "grey", fit=fit)
    small, whole = (read_picture(tmp_path / name, settings).astype(int) for name in ("a.jpg", "a.png"))
    assert np.abs(small - whole).mean() < 1.5


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "L", "1", "I;16", "CMYK"])
@pytest.mark.parametrize("fit", ["squash", "pad", "crop"])
def test_a_large_picture_is_read_in_strips_like_a_small_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str, fit: Fit
) -> None:
    picture = smooth(400, 333).convert("L").convert(mode) if mode == "I;16" else smooth(400, 333).convert(mode)
    picture.save(tmp_path / "a.tif")
    whole = read(tmp_path / "a.tif", 20, fit=fit)
    monkeypatch.setattr(decode, "LARGE_PIXELS", 1000)
    monkeypatch.setattr("chainrule.data.colors.STRIP_PIXELS", 5000)
    assert np.abs(read(tmp_path / "a.tif", 20, fit=fit) - whole).mean() < 1.5


def test_the_first_frame_of_an_animation_counts(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (20, 20), color) for color in ("red", "blue")]
    for name in ("a.gif", "a.png", "a.webp", "a.tif"):
        frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:], lossless=True)
        assert (read(tmp_path / name, 4) == [255, 0, 0]).all()


@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "PPM", "TGA", "AVIF", "JPEG2000"])
@pytest.mark.parametrize("share", [0.5, 0.95])
def test_a_file_cut_short_is_never_half_read(tmp_path: Path, format: str, share: float) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    whole = encoded(Image.fromarray(noise), format)
    (tmp_path / "a").write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(PictureError) as caught:
        read(tmp_path / "a")
    assert caught.value.reason.startswith(("the file is cut short", "broken"))


def bomb(width: int, height: int) -> bytes:
    """Return a whole PNG of a few bytes that declares a size."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 100)), (b"IEND", b"")]
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize("side", [10_500, 12_000, 60_000])
def test_a_bomb_is_refused_by_its_declared_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, side: int) -> None:
    (tmp_path / "a.png").write_bytes(bomb(side, side))

    def decoded(_: object) -> None:
        raise AssertionError("a bomb was decoded")

    monkeypatch.setattr(ImageFile.ImageFile, "load", decoded)
    with pytest.raises(PictureError, match=r"too large.*110,000,000"):
        read(tmp_path / "a.png")


def test_pillows_warnings_stay_inside(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(bomb(9_700, 9_700))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(PictureError, match="cut short"):
            read(tmp_path / "a.png")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty"),
        (b"just some words", "not a picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n", "not a picture"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC is not supported; convert it to JPEG or PNG"),
        (b"<?xml version='1.0'?><svg></svg>", "a drawing"),
        (b"\x89PNG\r\n\x1a\nwhat", "broken"),
        (b"\xff\xd8\xff\xe0" + b"\0" * 30, "broken"),
    ],
)
def test_what_is_no_picture_is_refused_with_a_reason(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "a.jpg").write_bytes(content)
    with pytest.raises(PictureError) as caught:
        read(tmp_path / "a.jpg")
    assert caught.value.reason.startswith(reason)
    assert str(tmp_path / "a.jpg") in str(caught.value)


def test_missing_files_and_folders_are_refused_with_a_reason(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="no such file or directory"):
        read(tmp_path / "none.jpg")
    with pytest.raises(PictureError, match=r"directory|denied"):
        read(tmp_path)


@pytest.mark.parametrize(
    "error", [MemoryError(), ValueError(), IndexError("x"), struct.error("short"), OSError(5, "X")]
)
def test_whatever_a_decoder_raises_becomes_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    smooth().save(tmp_path / "a.png")

    def fail(_: object) -> None:
        raise error

    monkeypatch.setattr(ImageFile.ImageFile, "load", fail)
    with pytest.raises(PictureError) as caught:
        read(tmp_path / "a.png")
    assert 0 < len(caught.value.reason) < 150


def test_content_decides_not_the_suffix(tmp_path: Path) -> None:
    (tmp_path / "picture.txt").write_bytes(encoded(smooth(), "PNG"))
    (tmp_path / "words.csv").write_text("a,b")
    assert (read(tmp_path / "picture.txt") == np.asarray(smooth())).all()
    assert looks_like_picture(os.fspath(tmp_path / "picture.txt"))
    assert not looks_like_picture(os.fspath(tmp_path / "words.csv"))
