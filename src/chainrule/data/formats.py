"""The formats of pictures, and how a file shows by its name or its first bytes what it is."""

from __future__ import annotations

import os

# Pillow's names of formats made of pixels, the commonest first, and the suffixes that go with them. EPS is not
# among them: Pillow would start a PostScript interpreter.
FORMATS = {
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"),
    "PNG": (".png", ".apng"),
    "GIF": (".gif",),
    "WEBP": (".webp",),
    "BMP": (".bmp",),
    "TIFF": (".tif", ".tiff"),
    "AVIF": (".avif", ".avifs"),
    "PPM": (".ppm", ".pgm", ".pbm", ".pnm", ".pfm"),
    "ICO": (".ico",),
    "JPEG2000": (".jp2", ".j2k", ".jpx"),
    "TGA": (".tga",),
    "DIB": (".dib",),
    "PCX": (".pcx",),
    "SGI": (".sgi",),
    "ICNS": (".icns",),
    "DDS": (".dds",),
    "QOI": (".qoi",),
    "XBM": (".xbm",),
    "PSD": (".psd",),
}

# Pictures by name that cannot be read, but must not vanish without a word.
_FOREIGN_SUFFIXES = (".heic", ".heif")
_SUFFIXES = frozenset([suffix for suffixes in FORMATS.values() for suffix in suffixes] + [*_FOREIGN_SUFFIXES])
_SIGNATURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"II*\0", b"MM\0*")
_AVIF = (b"ftypavif", b"ftypavis")
_HEIC = (b"heic", b"heix", b"hevc", b"mif1", b"msf1")


def named_like_picture(path: str) -> bool:
    """Say whether a file's suffix is one that pictures have.

    >>> named_like_picture("A.JPG"), named_like_picture("labels.csv")
    (True, False)
    """
    return os.path.splitext(path)[1].lower() in _SUFFIXES


def why_unknown(head: bytes) -> tuple[str, bool]:
    """Say of a file that no decoder knows why that is, and whether it is a picture all the same.

    Args:
        head: its first few hundred bytes.

    >>> why_unknown(b"some words")
    ('not a picture', False)
    """
    if not head:
        return "the file is empty", False
    if head.startswith(_SIGNATURES) or head[4:12] in _AVIF:
        return "broken: its header cannot be read", True
    if head[4:8] == b"ftyp" and head[8:12] in _HEIC:
        return "HEIC is not supported; convert it to JPEG or PNG", True
    if b"<svg" in head:
        return "a drawing (SVG), not a picture made of pixels", True
    return "not a picture", False
