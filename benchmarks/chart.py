"""The chart: how many times longer each peer takes than chainrule, case by case."""

from __future__ import annotations

from pathlib import Path

from cases import CASES
from contenders import PEERS
from results import Results

COLORS = {
    "NumPy": "#4c78a8",
    "PyTorch": "#e45756",
    "torch.compile": "#f2a08e",
    "JAX": "#54a24b",
    "scikit-learn": "#eeca3b",
}
MARKS = {"NumPy": "o", "PyTorch": "s", "torch.compile": "D", "JAX": "^", "scikit-learn": "v"}


def draw(results: Results, path: Path) -> None:
    """Write the chart as SVG."""
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot as plt
    from matplotlib.ticker import FuncFormatter

    rows = [results.rows[name] for name in CASES if name in results.rows and results.rows[name].ours]
    if not rows:
        return
    mpl.rcParams["svg.hashsalt"] = "chainrule"
    figure, axes = plt.subplots(figsize=(8, 0.8 + 0.38 * len(rows)), layout="constrained")
    for place, row in enumerate(rows):
        axes.axhline(place, color="#dddddd", linewidth=0.8, zorder=0)
        for name, times in row.beside_ours(PEERS).items():
            axes.plot(times, place, MARKS[name], color=COLORS[name], markersize=7)
        if row.share:
            axes.plot(row.share, place, "|", color="#222222", markersize=13, markeredgewidth=2)
    axes.axvline(1, color="#222222", linewidth=1.5, zorder=0)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.set_yticks(range(len(rows)), [row.case.name for row in rows])
    axes.invert_yaxis()
    axes.set_xlabel("time of a step, as a multiple of chainrule's (right of the line: slower than chainrule)")
    for name in PEERS:
        axes.plot([], [], MARKS[name], color=COLORS[name], label=name)
    axes.plot([], [], "|", color="#222222", markersize=11, markeredgewidth=2, label="the hardware's limit")
    figure.legend(loc="outside upper center", ncols=6, frameon=False, fontsize=9)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
