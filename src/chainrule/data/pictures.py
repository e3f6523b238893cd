"""Folders, archives, tables and lists of pictures to rows of bytes, many at a time."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path as FilePath
from typing import SupportsIndex

import numpy as np
from numpy.typing import NDArray

from chainrule.data.cache import RowCache, key_of
from chainrule.data.containers.names import place_of
from chainrule.data.dataset import Dataset, Skipped
from chainrule.data.decode import PictureError, decode, quiet_decoders
from chainrule.data.finding import find, pictures_in
from chainrule.data.formats import named_like_picture
from chainrule.data.reading import read_all
from chainrule.data.settings import Color, Fit, PictureSettings
from chainrule.errors import UserError
from chainrule.progress import track
from chainrule.threads import thread_count

__all__ = ["PictureError", "PictureSettings", "picture_paths", "read_picture", "read_pictures", "read_rows"]

Path = str | os.PathLike[str]

# Fewer pictures are decoded in less time than it takes to keep them.
_WORTH_KEEPING = 256


def read_pictures(
    folder: Path,
    *,
    size: int = 64,
    color: Color = "rgb",
    fit: Fit = "squash",
    label_from: str | None = None,
    negative: Path | None = None,
    strict: bool = False,
    threads: SupportsIndex | None = None,
    progress: bool | None = None,
    cache: Path | None = None,
) -> Dataset:
    r"""Read labelled pictures from a folder, an archive, a Parquet file or what a CSV file lists.

    Each sub-folder is a class and is read at every depth; `train`, `val` (`valid`, `validation`) and `test`
    above the classes are kept as parts. Hidden files and those of the system are ignored. Everything else that
    is no readable picture is left out and named with its reason in `skipped`. Content decides, not the suffix:
    a text called a.jpg is skipped, and so is notes.txt. Pictures are never changed.

    A zip or tar archive is read as the folder in it, and nothing is unpacked to the disk. Parquet files are read as
    Hugging Face publishes sets of pictures: a column `image` and a column `label`. A picture in an archive or a
    table has a path too: `pets.zip/dog/rex.jpg`, `pets.parquet/12/rex.jpg` (the row, counted from 0).

    Args:
        folder: the folder; or an archive (.zip, .tar, .tar.gz, .tar.bz2, .tar.xz) or a folder in one, pets.zip/new;
            or a Parquet file, or a folder of those (train-00000-of-00002.parquet: the name tells the part); or a
            CSV file with the columns path (from its own folder, or from here), label and perhaps split.
        size: height and width in pixels that every picture is brought to.
        color: "rgb" or "grey".
        fit: "squash", "pad" or "crop", see `PictureSettings`.
        label_from: a regular expression searched in each file's name, whose first group is the class, instead of
            sub-folders: `^([a-z]+)\.` for dog.12.jpg.
        negative: a second folder or archive with pictures of anything else. All of `folder` is then one class with
            the folder's name, all of `negative` the other, "not_" and that name.
        strict: whether an unreadable picture is an error. A file that neither is a picture nor is named like one
            is skipped even so.
        threads: how many pictures are decoded at a time, see `chainrule.threads.thread_count`; the result does not
            depend on it.
        progress: True shows a progress bar, False does not, None does when stderr is a terminal.
        cache: a folder in which the rows of many pictures are kept between calls; then they are mapped from there
            and cannot be written to. None keeps nothing.

    Returns:
        A dataset of uint8 rows (height, width, channel), ordered by part, class and path; those of a table or a
        list keep their order.

    Raises:
        UserError: the folder is missing or empty, an archive or a table is damaged, the classes are fewer than two
            or differ only in capitals, a class has no readable picture, or `strict` and a picture is unreadable.

    >>> import tempfile
    >>> from PIL import Image
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("cat", "dog"):
    ...         os.mkdir(f"{folder}/{name}")
    ...         Image.new("RGB", (90, 60)).save(f"{folder}/{name}/1.png")
    ...     data = read_pictures(folder, size=8)
    >>> data.X.shape, data.classes
    ((2, 192), ('cat', 'dog'))
    """
    settings = PictureSettings(size=size, color=color, fit=fit)
    name = os.fspath(folder)
    found = find(name, label_from, None if negative is None else os.fspath(negative))
    X, kept, unreadable = read_rows(
        [file.path for file in found.files],
        settings,
        strict=strict,
        threads=threads,
        progress=progress,
        cache=None if cache is None else RowCache(FilePath(cache), settings.features),
    )
    files = [found.files[i] for i in kept]
    index = {label: i for i, label in enumerate(found.classes)}
    dataset = Dataset(
        X=X,
        y=np.array([index[file.label] for file in files], dtype=np.int64),
        classes=found.classes,
        paths=tuple(file.path for file in files),
        splits=tuple(file.split for file in files) if any(file.split for file in files) else (),
        skipped=tuple(sorted((*found.skipped, *unreadable), key=lambda skip: skip.path)),
        pictures=settings,
    )
    _check_pictures(name, dataset)
    return dataset


def read_picture(path: str | os.PathLike[str], settings: PictureSettings) -> NDArray[np.uint8]:
    """Read one picture into a row of bytes.

    The picture is turned upright as its EXIF orientation says, laid on white where it is transparent, and
    brought to RGB or grey from whatever it is stored as: 16 bits and floats are scaled, not clipped. Of an
    animation the first frame counts. Colour profiles are not applied.

    Args:
        path: the file, or a place in an archive or a table; its content decides what it is, not its name.
        settings: size, colour and fit.

    Returns:
        Shape (settings.features,), uint8, in the order height, width, channel.

    Raises:
        PictureError: the file cannot be read, is no picture, is cut short, broken, or declares too many pixels.

    >>> import tempfile
    >>> from PIL import Image
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Image.new("RGB", (20, 10), (1, 2, 3)).save(f"{folder}/a.png")
    ...     read_picture(f"{folder}/a.png", PictureSettings(size=1))
    array([1, 2, 3], dtype=uint8)
    """
    name = os.fspath(path)
    if place_of(name) is not None:
        rows, _, skipped = read_rows([name], settings, strict=False, threads=1, progress=False)
        if skipped:
            raise PictureError(name, skipped[0].reason)
        return np.asarray(rows[0])
    with quiet_decoders():
        return np.frombuffer(decode(name, settings), dtype=np.uint8)


def read_rows(
    paths: Sequence[Path],
    settings: PictureSettings,
    *,
    strict: bool = True,
    threads: SupportsIndex | None = None,
    progress: bool | None = None,
    cache: RowCache | None = None,
) -> tuple[NDArray[np.uint8], NDArray[np.int64], tuple[Skipped, ...]]:
    """Read pictures into the rows of one array, in the order given.

    Args:
        paths: the files, and places in archives and tables.
        settings: what every picture becomes.
        strict: whether the first unreadable picture is an error; otherwise it is left out.
        threads: how many pictures are decoded at a time.
        progress: True shows a progress bar, False does not, None does when stderr is a terminal.
        cache: where the rows of many pictures are kept.

    Returns:
        The rows, shape (m, settings.features), uint8; for each row the index of its path; what was left out.

    Raises:
        PictureError: a picture is unreadable and `strict`.
        UserError: the rows do not fit into memory.

    >>> read_rows([], PictureSettings(size=8))[0].shape
    (0, 192)
    """
    names = [os.fspath(path) for path in paths]
    key = "" if cache is None or len(names) < _WORTH_KEEPING else key_of(names, settings)
    cached = cache.find(key) if cache is not None and key else None
    if cached is not None:
        outcomes = [_again(name, reason) for name, reason in zip(names, cached.reasons, strict=True)]
        for error in outcomes:
            _check_strictly(error, strict)
        return cached.rows, *_kept_and_skipped(outcomes)
    room = cache.room(len(names)) if cache is not None and key else None
    try:
        X = _room(len(names), settings) if room is None else room.rows
        outcomes = _read(names, X, settings, strict=strict, threads=threads, progress=progress)
    except BaseException:
        if room is not None:
            room.discard()
        raise
    kept, skipped = _kept_and_skipped(outcomes)
    for target, source in enumerate(kept):
        if target != source:
            X[target] = X[source]
    if room is None:
        X.resize((len(kept), X.shape[1]), refcheck=False)
        return X, kept, skipped
    reasons = [None if error is None else (error.reason, error.is_picture) for error in outcomes]
    return room.keep(key, len(kept), reasons), kept, skipped


def _read(
    names: Sequence[str],
    X: NDArray[np.uint8],
    settings: PictureSettings,
    *,
    strict: bool,
    threads: SupportsIndex | None,
    progress: bool | None,
) -> list[PictureError | None]:
    """Decode pictures into the rows of X; return what came of each."""
    errors: list[PictureError | None] = [None] * len(names)
    results = read_all(names, X, settings, thread_count(threads))
    shown = track(results, total=len(names), label="Reading pictures", enabled=progress)
    # Closed here, not when an error's traceback is let go: the bar ends and no thread reads on.
    with quiet_decoders(), closing(results), closing(shown):
        for row, error in shown:
            _check_strictly(error, strict)
            errors[row] = error
    return errors


def _check_strictly(error: PictureError | None, strict: bool) -> None:
    if error is not None and strict and (error.is_picture or named_like_picture(error.path)):
        raise error


def _again(name: str, reason: tuple[str, bool] | None) -> PictureError | None:
    return None if reason is None else PictureError(name, reason[0], is_picture=reason[1])


def _kept_and_skipped(
    outcomes: Sequence[PictureError | None],
) -> tuple[NDArray[np.int64], tuple[Skipped, ...]]:
    kept = np.array([i for i, error in enumerate(outcomes) if error is None], dtype=np.int64)
    return kept, tuple(Skipped(error.path, error.reason) for error in outcomes if error is not None)


def picture_paths(paths: Path | Iterable[Path]) -> list[str]:
    """List the pictures among files, folders, archives and tables.

    Args:
        paths: files and folders. A file is kept whatever it holds; a folder stands for the pictures in it at every
            depth, sorted, and so does an archive or a table. Files of a folder that neither are pictures nor are
            named like one are left out.

    Returns:
        Paths, in the order of the arguments.

    Raises:
        UserError: a path does not exist, or a folder, an archive or a table holds no picture.

    >>> picture_paths([])
    []
    """
    given = [paths] if isinstance(paths, str | os.PathLike) else paths
    return [picture for path in given for picture in pictures_in(os.fspath(path))]


def _room(count: int, settings: PictureSettings) -> NDArray[np.uint8]:
    try:
        return np.empty((count, settings.features), dtype=np.uint8)
    except (MemoryError, ValueError) as error:
        raise UserError(
            f"{count} pictures of {settings.shape} need {count * settings.features / 2**30:.1f} GiB of memory, "
            "which is not there; choose a smaller size"
        ) from error


def _check_pictures(folder: str, dataset: Dataset) -> None:
    if not len(dataset):
        raise UserError(f"{folder} holds no readable picture{_examples(dataset.skipped)}")
    part = "train" if "train" in dataset.splits else ""
    for index, name in enumerate(dataset.classes):
        rows = np.flatnonzero(dataset.y == index)
        if not len(rows):
            there = tuple(skip for skip in dataset.skipped if f"/{name}/" in skip.path.replace(os.sep, "/"))
            raise UserError(
                f"the class {name} of {folder} has no readable picture{_examples(there)}; "
                "add some or remove the class"
            )
        if part and not any(dataset.splits[i] == part for i in rows):
            raise UserError(
                f"the class {name} has pictures in {dataset.splits[rows[0]]} but none in {part} of {folder}; each "
                "class needs some to learn from"
            )


def _examples(skipped: Sequence[Skipped]) -> str:
    if not skipped:
        return ""
    return f" ({len(skipped)} skipped, such as {skipped[0].path}: {skipped[0].reason})"
