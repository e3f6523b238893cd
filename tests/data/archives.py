"""Archives that tests make."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

from PIL import Image

from tests.data.drawing import encoded

KINDS = ("zip", "tar", "tar.gz", "tgz", "tar.bz2", "tar.xz")
_MODES = {"tar": "w:", "gz": "w:gz", "tgz": "w:gz", "bz2": "w:bz2", "xz": "w:xz"}


def picture(red: int) -> bytes:
    """Return a small picture of one colour."""
    return encoded(Image.new("RGB", (6, 4), (red, 0, 0)), "PNG")


def pets(*, above: str = "") -> dict[str, bytes]:
    """Return the files of two classes, two pictures each, whose red tells one from the other."""
    names = ("cat/1.png", "cat/2.png", "dog/1.png", "dog/more/2.png")
    return {above + name: picture(40 * number) for number, name in enumerate(names)}


def archive(path: Path, files: Mapping[str, bytes]) -> Path:
    """Write an archive of the kind that its name says; a name with / at its end is a folder."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
            for name, content in files.items():
                made.writestr(name, content)
        return path
    with tarfile.open(path, _MODES[path.suffix[1:]]) as made_tar:  # type: ignore[call-overload]
        for name, content in files.items():
            made_tar.addfile(header(name, len(content)), io.BytesIO(content))
    return path


def header(name: str, size: int, **more: object) -> tarfile.TarInfo:
    """Return the header of a member of a tar archive."""
    info = tarfile.TarInfo(name.rstrip("/"))
    info.size = size
    info.type = tarfile.DIRTYPE if name.endswith("/") else tarfile.REGTYPE
    for key, value in more.items():
        setattr(info, key, value)
    return info


def unpacked(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Write the same files into a folder."""
    for name, content in files.items():
        place = folder / name
        if name.endswith("/"):
            place.mkdir(parents=True, exist_ok=True)
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
    return folder
