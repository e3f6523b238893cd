"""A finished drawing: text that notebooks show as a picture and that can be saved."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass

from chainrule.errors import UserError
from chainrule.files import write_atomically


@dataclass(frozen=True, repr=False)
class Drawing:
    """A picture as SVG. A notebook shows it; `save` writes it to a file.

    Attributes:
        svg: the document.
        summary: what it shows, in a few words.

    Example:
        >>> import chainrule as cr
        >>> a, b = cr.variables("a b")
        >>> (a * b).draw()
        <Drawing of J = a * b, 3 nodes>
    """

    svg: str
    summary: str

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the drawing to an `.svg` file, whole or not at all.

        Raises:
            UserError: a name with another ending.
            WorkFailed: the file cannot be written.
        """
        name = os.fspath(path)
        if os.path.splitext(name)[1].lower() != ".svg":
            raise UserError(f"a drawing is saved as SVG: give a name that ends in .svg, not {name!r}")
        write_atomically(path, self.svg.encode())

    def _repr_svg_(self) -> str:
        return self.svg

    def _repr_mimebundle_(
        self, include: Iterable[str] | None = None, exclude: Iterable[str] | None = None
    ) -> dict[str, str]:
        return {"image/svg+xml": self.svg, "text/plain": repr(self)}

    def __str__(self) -> str:
        return self.svg

    def __repr__(self) -> str:
        return f"<Drawing of {self.summary}>"
