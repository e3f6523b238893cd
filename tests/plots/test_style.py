"""The common look: local, legible in both themes, safe beside other plots."""

from __future__ import annotations

import io
import subprocess
import sys
import threading
from itertools import combinations
from typing import Any, get_args

import matplotlib
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from chainrule.errors import UserError
from chainrule.graph.draw.colors import contrast
from chainrule.plots.style import FigureTheme, Style, styled

THEMES = get_args(FigureTheme)
# Lines and dots need less contrast than text: WCAG 2.2, criterion 1.4.11.
LINE_CONTRAST = 3.0


def settings() -> dict[Any, Any]:
    return dict(matplotlib.rcParams)


@pytest.mark.parametrize("theme", THEMES)
def test_nothing_stays_in_matplotlibs_settings(theme: FigureTheme) -> None:
    before = settings()
    with styled(theme):
        assert settings() != before
    assert settings() == before


def test_settings_come_back_after_an_error() -> None:
    before = settings()
    with pytest.raises(ZeroDivisionError), styled("dark"):
        raise ZeroDivisionError
    assert settings() == before


def test_threads_that_draw_at_the_same_time_leave_nothing() -> None:
    before = settings()
    first_is_in, both = threading.Event(), []

    def draw(theme: FigureTheme) -> None:
        with styled(theme) as style:
            first_is_in.set()
            both.append(matplotlib.rcParams["text.color"] == style.color("ink"))

    with styled("light"):
        other = threading.Thread(target=draw, args=("dark",))
        other.start()
        assert not first_is_in.wait(0.05), "two threads changed the settings at once"
    other.join()
    assert both == [True]
    assert settings() == before


def test_the_users_settings_do_not_change_a_figure() -> None:
    def picture() -> bytes:
        with styled("light") as style:
            figure, axes = style.figure(title="Lines", columns=2)
            axes[0, 0].plot([0, 1, 2], [3, 1, 2])
            axes[0, 1].bar([1, 2], [3, 4])
        buffer = io.BytesIO()
        figure.savefig(buffer, format="rgba", dpi=50)
        return buffer.getvalue()

    usual = picture()
    changed = {"lines.linewidth": 9, "axes.facecolor": "red", "axes.grid": False, "font.size": 30}
    with matplotlib.rc_context(changed):  # type: ignore[arg-type]
        assert picture() == usual


def test_pyplot_is_not_imported() -> None:
    code = (
        "import sys; from chainrule.plots.style import styled\n"
        "assert 'matplotlib' not in sys.modules\n"
        "with styled('dark') as style: figure, _ = style.figure()\n"
        "figure._repr_png_(); print('matplotlib.pyplot' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


@pytest.mark.parametrize("theme", THEMES)
def test_every_colour_of_a_series_stands_out_from_the_page(theme: FigureTheme) -> None:
    style = Style(theme)
    assert len(set(style.series)) == 8
    assert min(contrast(color, style.color("paper")) for color in style.series) >= LINE_CONTRAST


# What linear red, green and blue become for people without one kind of cones, and for all others. Source: Machado,
# Oliveira, Fernandes, "A physiologically-based model for simulation of color vision deficiency", 2009, table 1.
SEEN = {
    "all": np.eye(3),
    "no red": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "no green": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "no blue": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}
# Colours of lines that differ by this much in CIELAB are told apart at a glance; 2 can just be seen side by side.
DIFFERENCE = 20


def lab(color: str, seen: str) -> NDArray[np.float64]:
    """A colour as it is seen, in CIELAB."""
    rgb = np.array([int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    linear = np.clip(np.array(SEEN[seen]) @ linear, 0, 1)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    x, y, z = (
        np.cbrt(one) if one > 0.008856 else 7.787 * one + 16 / 116 for one in to_xyz @ linear / (0.9505, 1, 1.089)
    )
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("seen", SEEN)
@pytest.mark.parametrize("theme", THEMES)
def test_the_colours_of_a_series_are_told_apart_by_everyone(theme: FigureTheme, seen: str) -> None:
    colors = [lab(color, seen) for color in Style(theme).series]
    nearest = min(float(np.linalg.norm(one - other)) for one, other in combinations(colors, 2))
    assert nearest >= DIFFERENCE


@pytest.mark.parametrize("theme", THEMES)
def test_colour_maps_begin_and_end_with_the_colours_of_their_roles(theme: FigureTheme) -> None:
    from matplotlib.colors import to_hex

    style = Style(theme)
    diverging, sequential = style.diverging(), style.sequential()
    assert to_hex(diverging(0.0)) == style.color("backward")
    assert to_hex(diverging(1.0)) == to_hex(sequential(1.0)) == style.color("forward")
    assert to_hex(sequential(0.0)) == style.color("paper")


def test_a_notebook_shows_a_figure_sharply_at_its_own_size() -> None:
    with styled("light") as style:
        figure, _ = style.figure(size=(6.0, 4.0))
    png, shown = figure._repr_png_()  # type: ignore[attr-defined]
    size = Image.open(io.BytesIO(png)).size
    assert (shown["width"], shown["height"]) == (600, 400)
    assert size == (1200, 800)


def test_a_legend_below_stands_in_one_column_where_it_is_too_wide_for_one_row() -> None:
    from matplotlib.lines import Line2D

    with styled("light") as style:
        for words, columns in (("short", 3), ("some words " * 5, 1)):
            figure, _ = style.figure(size=(6.0, 3.0))
            style.legend_below(figure, [Line2D([], [], label=words) for _ in range(3)])
            figure.draw_without_rendering()
            legend = figure.legends[0]
            assert legend._ncols == columns  # type: ignore[attr-defined]
            box = legend.get_window_extent()
            assert box.x0 >= 0
            assert box.x1 <= figure.bbox.width


def test_a_panel_has_its_title_above_its_note_above_its_lines() -> None:
    with styled("light") as style:
        figure, panels = style.figure(size=(6.0, 4.0), title="All")
        axes = panels[0, 0]
        style.panel_title(axes, "Title", "first line\nsecond line")
        figure.draw_without_rendering()
    (note,) = axes.texts
    title = axes.title if axes.title.get_text() else axes._left_title
    boxes = [text.get_window_extent() for text in (figure._suptitle, title, note)]  # type: ignore[attr-defined]
    heights = [axes.bbox.y1, *(end for box in reversed(boxes) for end in (box.y0, box.y1))]
    assert np.all(np.diff(heights) >= 0)


def test_another_theme_is_an_error_that_names_the_themes() -> None:
    with pytest.raises(UserError, match='"light" or "dark", not \'auto\''), styled("auto"):  # type: ignore[arg-type]
        pass
