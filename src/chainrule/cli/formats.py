"""The forms in which answers are written: lines for people, CSV and JSON for programs."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Sequence
from typing import Protocol

from chainrule.cli.answers import Answer
from chainrule.cli.messages import printable
from chainrule.cli.texts import short_percent


class Format(Protocol):
    """How answers are written: what comes first, each answer, and what comes last."""

    def start(self) -> str:
        """Return what stands before the answers."""
        ...

    def row(self, answer: Answer) -> str:
        """Return the text of an answer."""
        ...

    def end(self) -> str:
        """Return what stands behind the answers."""
        ...


class Text:
    """A line for each picture: its file, its class and how sure that is."""

    def __init__(self, classes: Sequence[str], paths: Sequence[str]) -> None:
        self._classes = classes
        self._label_width = max(len(printable(name)) for name in classes)
        # On a narrow terminal long paths stand alone rather than push every line over the edge.
        room = shutil.get_terminal_size().columns - self._label_width - len("    > 99 %")
        self._path_width = min(max(len(printable(path)) for path in paths), max(room, 0))

    def start(self) -> str:
        """Return nothing: lines explain themselves."""
        return ""

    def row(self, answer: Answer) -> str:
        """Return the line of an answer."""
        path = f"{printable(answer.path):<{self._path_width}}"
        if answer.index is None:
            return f"{path}  error: {printable(answer.error or '')}\n"
        label = printable(self._classes[answer.index])
        chance = short_percent(float(answer.probabilities[answer.index]))
        return f"{path}  {label:<{self._label_width}}  {chance}\n"

    def end(self) -> str:
        """Return nothing."""
        return ""


class Csv:
    """A table with the columns path, label, the probability of each class, and error."""

    def __init__(self, classes: Sequence[str]) -> None:
        self._classes = classes

    def start(self) -> str:
        """Return the names of the columns."""
        return _csv_line(["path", "label", *self._classes, "error"])

    def row(self, answer: Answer) -> str:
        """Return the line of an answer."""
        label = "" if answer.index is None else self._classes[answer.index]
        probabilities = answer.probabilities or ("",) * len(self._classes)
        return _csv_line([answer.path, label, *probabilities, answer.error or ""])

    def end(self) -> str:
        """Return nothing."""
        return ""


class Json:
    """One list with an object for each picture: path, label, probabilities by class, error."""

    def __init__(self, classes: Sequence[str]) -> None:
        self._classes = classes
        self._between = "\n"

    def start(self) -> str:
        """Return the beginning of the list."""
        return "["

    def row(self, answer: Answer) -> str:
        """Return the object of an answer, and what parts it from the one before."""
        numbers = map(float, answer.probabilities)
        values = {
            "path": answer.path,
            "label": None if answer.index is None else self._classes[answer.index],
            "probabilities": None if answer.index is None else dict(zip(self._classes, numbers, strict=True)),
            "error": answer.error,
        }
        before, self._between = self._between, ",\n"
        return before + json.dumps(values, ensure_ascii=False).encode("utf-8", "backslashreplace").decode("utf-8")

    def end(self) -> str:
        """Return the end of the list."""
        return "\n]\n"


def format_for(name: str, classes: Sequence[str], paths: Sequence[str]) -> Format:
    r"""Return the format of a name: text, csv or json.

    >>> format_for("csv", ["cat", "dog"], ["a.jpg"]).start()
    'path,label,cat,dog,error\n'
    """
    if name == "text":
        return Text(classes, paths)
    return Csv(classes) if name == "csv" else Json(classes)


def _csv_line(values: Sequence[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(values)
    return text.getvalue()
