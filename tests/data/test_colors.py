"""Every way that Pillow holds a picture becomes the right bytes."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from chainrule.data.colors import to_color
from tests.data.drawing import encoded, read, smooth

MODES = ["1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "HSV", "LAB", "I", "F"]
EXACT = ["RGB", "RGBX", "RGBA", "RGBa", "CMYK"]


def in_mode(image: Image.Image, mode: str) -> Image.Image:
    if mode == "LAB":
        from PIL import ImageCms

        profiles = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
        changed = ImageCms.profileToProfile(image, *profiles, outputMode="LAB")
        assert changed is not None
        return changed
    if mode == "I":
        grey = np.asarray(image.convert("L"), dtype=np.int32) * 257
        return Image.fromarray(grey)
    steps = {"La": ["LA"], "PA": ["P"], "RGBa": ["RGBA"], "F": ["L"]}.get(mode, [])
    for step in [*steps, mode]:
        image = image.convert(step)
    return image


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_becomes_rgb_and_grey(mode: str) -> None:
    source = smooth()
    wanted = source.convert("RGB" if mode in (*EXACT, "YCbCr", "HSV", "LAB", "P", "PA") else "L").convert("RGB")
    if mode == "1":
        wanted = source.convert("1").convert("RGB")
    result = to_color(in_mode(source, mode), "rgb")
    assert result.mode == "RGB"
    difference = np.abs(np.asarray(result, dtype=int) - np.asarray(wanted, dtype=int))
    # A palette of 256 colours, and the roundings of colour spaces, lose a little.
    assert difference.mean() <= (0 if mode in EXACT else 16 if mode in ("P", "PA") else 3)
    grey = to_color(in_mode(source, mode), "grey")
    assert grey.mode == "L"
    assert np.abs(np.asarray(grey, dtype=int) - np.asarray(wanted.convert("L"), dtype=int)).mean() <= 16


@given(
    mode=st.sampled_from(MODES),
    width=st.integers(1, 40),
    height=st.integers(1, 40),
    color=st.sampled_from(["rgb", "grey"]),
    factors=st.tuples(st.integers(1, 4), st.integers(1, 4)),
)
def test_any_mode_and_size_is_converted_and_shrunk(
    mode: str, width: int, height: int, color: str, factors: tuple[int, int]
) -> None:
    result = to_color(in_mode(smooth(width, height), mode), "rgb" if color == "rgb" else "grey", factors)
    assert result.mode == ("RGB" if color == "rgb" else "L")
    assert result.size == (-(-width // factors[0]), -(-height // factors[1]))


@given(grey=st.integers(0, 255), alpha=st.integers(0, 255), mode=st.sampled_from(["LA", "RGBA"]))
def test_transparency_is_laid_on_white(grey: int, alpha: int, mode: str) -> None:
    pixel = (grey, alpha) if mode == "LA" else (grey, grey, grey, alpha)
    result = np.asarray(to_color(Image.new(mode, (1, 1), pixel), "rgb"), dtype=int)
    assert np.abs(result - (grey * alpha + 255 * (255 - alpha)) / 255).max() <= 1


def test_a_transparent_colour_of_a_png_is_white(tmp_path: Path) -> None:
    rgb = Image.new("RGB", (8, 8), (10, 20, 30))
    (tmp_path / "rgb.png").write_bytes(encoded(rgb, "PNG", transparency=(10, 20, 30)))
    (tmp_path / "grey.png").write_bytes(encoded(Image.new("L", (8, 8), 9), "PNG", transparency=9))
    palette = Image.new("P", (8, 8), 1)
    palette.putpalette([0, 0, 0, 200, 0, 0])
    (tmp_path / "palette.png").write_bytes(encoded(palette, "PNG", transparency=1))
    (tmp_path / "half.png").write_bytes(encoded(palette, "PNG", transparency=b"\xff\x80"))
    (tmp_path / "palette.gif").write_bytes(encoded(palette, "GIF", transparency=1))
    deep = Image.fromarray(np.full((8, 8), 4000, dtype=np.uint16))
    (tmp_path / "deep.png").write_bytes(encoded(deep, "PNG", transparency=4000))
    for name in ("rgb.png", "grey.png", "palette.png", "palette.gif", "deep.png"):
        assert (read(tmp_path / name, 2) == 255).all(), name
    assert (read(tmp_path / "half.png", 2) == [227, 127, 127]).all()


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.pgm"])
def test_sixteen_bits_are_scaled_not_clipped(tmp_path: Path, name: str) -> None:
    values = np.linspace(0, 65535, 64 * 64).astype(np.uint16).reshape(64, 64)
    Image.fromarray(values).save(tmp_path / name)
    wanted = np.rint(values / 257)
    assert (read(tmp_path / name, color="grey")[..., 0] == wanted).all()
    assert (read(tmp_path / name)[..., 2] == wanted).all()


def test_sixteen_bits_in_the_other_byte_order_are_read(tmp_path: Path) -> None:
    values = np.array([[0, 257, 25700, 65535]] * 4, dtype=">u2")
    picture = Image.frombytes("I;16B", (4, 4), values.tobytes())
    picture.save(tmp_path / "a.tif")
    assert read(tmp_path / "a.tif", 4, "grey")[0, :, 0].tolist() == [0, 1, 100, 255]
    assert np.asarray(to_color(picture, "grey"))[0].tolist() == [0, 1, 100, 255]


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ([0.0, 0.2, 1.0], [0, 51, 255]),
        ([0.0, 51.0, 255.0], [0, 51, 255]),
        ([0.0, 257.0, 65535.0], [0, 1, 255]),
        ([-1.0, 0.0, 1.0], [0, 128, 255]),
        ([np.nan, 0.2, 1.0], [0, 51, 255]),
        ([0.2, np.inf, 1.0], [51, 255, 255]),
        ([np.nan, np.nan, np.nan], [0, 0, 0]),
    ],
)
def test_floats_are_scaled_by_their_range(values: list[float], wanted: list[int]) -> None:
    picture = Image.fromarray(np.array([values], dtype=np.float32))
    assert np.asarray(to_color(picture, "grey"))[0].tolist() == wanted


@pytest.mark.parametrize(
    ("values", "wanted"),
    [([0, 257, 65535], [0, 1, 255]), ([-5, 0, 65535], [0, 0, 255]), ([0, 2**30, 2**31 - 1], [0, 128, 255])],
)
def test_whole_numbers_are_scaled_by_their_range(values: list[int], wanted: list[int]) -> None:
    picture = Image.fromarray(np.array([values], dtype=np.int32))
    assert np.asarray(to_color(picture, "grey"))[0].tolist() == wanted


@pytest.mark.parametrize(
    ("color", "pixel"), [("red", (255, 0, 0)), ("white", (255, 255, 255)), ("black", (0, 0, 0))]
)
def test_a_cmyk_jpeg_has_its_colours(tmp_path: Path, color: str, pixel: tuple[int, int, int]) -> None:
    Image.new("RGB", (32, 32), color).convert("CMYK").save(tmp_path / "a.jpg", quality=95)
    assert np.abs(read(tmp_path / "a.jpg", 4) - pixel).max() <= 3


def test_grey_is_luma(tmp_path: Path) -> None:
    smooth().save(tmp_path / "a.png")
    smooth().save(tmp_path / "a.jpg", quality=98, subsampling=0)
    luma = np.asarray(smooth(), dtype=float) @ [0.299, 0.587, 0.114]
    assert np.abs(read(tmp_path / "a.png", color="grey")[..., 0] - luma).max() <= 1
    assert np.abs(read(tmp_path / "a.jpg", color="grey")[..., 0] - luma).mean() <= 1
