"""What notebooks show of things that can be drawn."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from chainrule.errors import UserError

if TYPE_CHECKING:
    from chainrule.graph.draw.drawing import Drawing


class Drawn:
    """A mixin for things with a `draw` method: notebooks show the drawing, or the text where it is too large."""

    __slots__ = ()

    def draw(self) -> Drawing:
        """Draw it as it is shown where nothing else is said."""
        raise NotImplementedError

    def _repr_svg_(self) -> str | None:
        try:
            return self.draw().svg
        except UserError:  # too many nodes for one picture
            return None

    def _repr_mimebundle_(
        self, include: Iterable[str] | None = None, exclude: Iterable[str] | None = None
    ) -> dict[str, str]:
        svg = self._repr_svg_()
        return {"text/plain": repr(self)} | ({} if svg is None else {"image/svg+xml": svg})
