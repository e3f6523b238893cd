"""The common look of all plots: colours by role on a light or a dark page, sizes, fonts, colour maps.

Draw within `styled(theme)`, which sets matplotlib's defaults only while it is open, and take the figure and colours
from the style that it gives:

    with styled(theme) as style:
        figure, axes = style.figure(columns=3, size=(10, 3.6), title="What the plot says")
        axes[0, 0].plot(x, y, color=style.color("forward"), label="g(z)")
        style.legend(axes[0, 0])
        return figure

Roles: "forward" (blue) for values, "backward" (orange) for derivatives, "ink" for text, "soft" for what stands
behind, "line" for frames. Several lines take `style.series[0]`, `style.series[1]`, ...: blue, orange, then colours
that people with any colour blindness tell apart too. Numbers around 0 take `style.diverging()`, from 0 up
`style.sequential()`; pictures turn the grid off with `axes.grid(visible=False)`. matplotlib is imported within
functions, so that slider pages do without it.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import UserError
from chainrule.graph.draw.colors import ROLES
from chainrule.graph.draw.fonts import text_width

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.figure import Figure

FigureTheme = Literal["light", "dark"]

# In points, at the size that a figure is made for.
TITLE_SIZE, PANEL_SIZE, TEXT_SIZE, SMALL_SIZE = 13.0, 11.5, 10.5, 9.5
_LINE_WIDTH = 2.2
# In inches, around everything.
_PAD = 0.09
# In points: the line or patch beside a text of a legend, with the gaps around.
_HANDLE_SIZE = 50
# A screen with twice as many dots shows a notebook's figure sharply.
_DOTS_A_PIXEL = 2
# Told apart in any kind of colour blindness, by hue or by lightness; a test computes it.
_SERIES: tuple[tuple[str, str], ...] = (
    ROLES["forward"],
    ROLES["backward"],
    ("#2f9e6a", "#69ffc3"),
    ("#4300a5", "#a66dff"),
    ("#d38100", "#fad840"),
    ("#b47bbe", "#ed5a8f"),
    ("#6d6071", "#5061ad"),
    ("#012e28", "#e6e4ff"),
)
# matplotlib's defaults belong to the process: two threads that change and restore them would mix them up.
_DEFAULTS = threading.RLock()


@dataclass(frozen=True)
class Style:
    """Colours, sizes and the parts that all plots share.

    Attributes:
        theme: the kind of page, "light" or "dark".
    """

    theme: FigureTheme

    def color(self, role: str) -> str:
        """Return the colour of a role of `chainrule.graph.draw.colors`.

        >>> Style("light").color("forward")
        '#0b57a8'
        """
        return ROLES[role][self._side]

    @property
    def series(self) -> tuple[str, ...]:
        """Eight colours for things of one kind."""
        return tuple(pair[self._side] for pair in _SERIES)

    @property
    def _side(self) -> int:
        return get_args(FigureTheme).index(self.theme)

    def figure(
        self, *, rows: int = 1, columns: int = 1, size: tuple[float, float] = (8.0, 4.5), title: str = ""
    ) -> tuple[Figure, NDArray[Any]]:
        """Make a figure that stands in no list of pyplot's.

        Args:
            rows, columns: how many panels.
            size: width and height in inches; 6 to 10 wide.
            title: what the figure says.

        Returns:
            The figure and its axes, shape (rows, columns).
        """
        from matplotlib.layout_engine import ConstrainedLayoutEngine

        layout = ConstrainedLayoutEngine(w_pad=_PAD, h_pad=_PAD)
        figure = _figure_class()(figsize=size, layout=layout, facecolor=self.color("paper"))
        if title:
            figure.suptitle(title, x=0.012, ha="left", size=TITLE_SIZE, weight="bold", color=self.color("ink"))
        found: NDArray[Any] = figure.subplots(rows, columns, squeeze=False)
        for axes in found.flat:
            self.dress(axes)
        return figure, found

    def dress(self, axes: Axes) -> None:
        """Give axes the common look; `figure` does so with those that it makes."""
        axes.set_facecolor(self.color("paper"))
        # Ticks are made when the figure is drawn, when matplotlib's defaults are the user's again.
        axes.tick_params(
            which="both",
            colors=self.color("soft"),
            labelsize=SMALL_SIZE,
            labelfontfamily="sans-serif",
            length=0,
            pad=5,
        )
        axes.grid(visible=True, which="major", color=self.color("line"), linewidth=0.7, linestyle="-", alpha=0.6)
        axes.set_axisbelow(True)
        for side, spine in axes.spines.items():
            spine.set_visible(side in {"left", "bottom"})
            spine.set_color(self.color("line"))

    def panel_title(self, axes: Axes, title: str, note: str = "") -> None:
        """Write what a panel is above it, and below that, in small letters, what is to be seen in it."""
        lines = note.count("\n") + 1 if note else 0
        axes.set_title(title, loc="left", size=PANEL_SIZE, weight="bold", pad=7 + 13.5 * lines)
        if note:
            axes.annotate(
                note, (0, 1), (0, 6), "axes fraction", "offset points", color=self.color("soft"), size=SMALL_SIZE
            )

    def legend(self, axes: Axes, **options: Any) -> None:
        """Say what the lines are, on a ground through which no line shows."""
        usual = {"facecolor": self.color("paper"), "edgecolor": self.color("line"), "framealpha": 0.92}
        axes.legend(**{**usual, "fontsize": SMALL_SIZE, "labelcolor": self.color("ink"), **options})

    def legend_below(self, figure: Figure, handles: Sequence[Artist]) -> None:
        """Say below all panels what their lines are, in as few rows as their width allows."""
        widths = [_HANDLE_SIZE + text_width(str(one.get_label()), TEXT_SIZE) for one in handles]
        for columns in range(len(handles), 0, -1):
            parts = np.array_split(np.array(widths), columns)
            if sum(float(part.max()) for part in parts) < 72 * figure.get_figwidth():
                break
        figure.legend(
            handles=handles,
            loc="outside lower center",
            ncols=columns,
            frameon=False,
            fontsize=TEXT_SIZE,
            labelcolor=self.color("ink"),
        )

    def outlined(self, width: float = 3.0) -> list[Any]:
        """Path effects that part a text or a line from what is below it: `path_effects=style.outlined()`."""
        from matplotlib.patheffects import withStroke

        return [withStroke(linewidth=width, foreground=self.color("paper"))]

    def diverging(self) -> LinearSegmentedColormap:
        """Colours from negative (orange) over nothing (paper) to positive (blue)."""
        return self._map("backward", "paper", "forward")

    def sequential(self) -> LinearSegmentedColormap:
        """Colours from nothing (paper) to much (blue)."""
        return self._map("paper", "forward")

    def _map(self, *roles: str) -> LinearSegmentedColormap:
        from matplotlib.colors import LinearSegmentedColormap

        return LinearSegmentedColormap.from_list("-".join(roles), [self.color(role) for role in roles])


@contextmanager
def styled(theme: FigureTheme = "light") -> Iterator[Style]:
    """Give the style of a theme, with matplotlib's defaults set while the block is open.

    Raises:
        UserError: an unknown theme.

    Example:
        >>> with styled("dark") as style:
        ...     figure, axes = style.figure(columns=2, title="Two panels")
        >>> axes.shape
        (1, 2)
    """
    if theme not in get_args(FigureTheme):
        raise UserError(f'theme is "light" or "dark", not {theme!r:.40}')
    import matplotlib

    style = Style(theme)
    with _DEFAULTS, matplotlib.rc_context():
        # A plot looks the same whatever someone's settings are.
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_settings(style))
        yield style


def _settings(style: Style) -> dict[Any, Any]:
    from cycler import cycler

    ink, soft = style.color("ink"), style.color("soft")
    return {
        "axes.prop_cycle": cycler(color=style.series),
        "font.family": "sans-serif",
        "font.size": TEXT_SIZE,
        "text.color": ink,
        "axes.labelcolor": soft,
        "axes.titlecolor": ink,
        "axes.labelsize": TEXT_SIZE,
        "axes.edgecolor": style.color("line"),
        "axes.formatter.useoffset": False,
        "lines.linewidth": _LINE_WIDTH,
        "lines.solid_capstyle": "round",
        "legend.borderpad": 0.5,
        "patch.linewidth": 0.8,
    }


@cache
def _figure_class() -> type[Figure]:
    from matplotlib.figure import Figure

    class NotebookFigure(Figure):
        """A figure that notebooks show although pyplot, which usually teaches them to, is not imported."""

        def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
            buffer = io.BytesIO()
            self.savefig(buffer, format="png", dpi=_DOTS_A_PIXEL * self.dpi)
            width, height = np.rint(self.get_size_inches() * self.dpi).astype(int).tolist()
            return buffer.getvalue(), {"width": width, "height": height}

    return NotebookFigure
