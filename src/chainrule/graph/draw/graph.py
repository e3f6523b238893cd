"""Pictures of graphs: a box a node, from left to right, with values forward and derivatives backward."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import isfinite
from typing import Literal, SupportsFloat, SupportsIndex, get_args

from chainrule.arguments import whole
from chainrule.errors import UserError
from chainrule.graph.draw.colors import Theme
from chainrule.graph.draw.columns import Wire
from chainrule.graph.draw.content import PADDING, Line
from chainrule.graph.draw.drawing import Drawing
from chainrule.graph.draw.layout import Layout, Way, layout, ports_height
from chainrule.graph.draw.paths import Point
from chainrule.graph.draw.svg import Canvas
from chainrule.graph.draw.views import EdgeView, NodeView, Views
from chainrule.graph.text import Notation, check_notation
from chainrule.graph.trace.graph_view import GraphView
from chainrule.graph.trace.named import Named

Level = Literal["ops", "names"]

MOST_NODES = 300
_LEAST_WIDTH, _ROUND = 46.0, 7.0
# Where a value flows forward and a derivative backward, their lines run side by side.
_HALF_APART = 5.0
_LOOP = 20.0
_COLORS = {
    "input": ("input-soft", "input"),
    "parameter": ("parameter-soft", "parameter"),
    "inner": ("panel", "line"),
    "root": ("panel", "ink"),
}


def draw_graph(
    graph: GraphView,
    *,
    backward: bool,
    level: Level = "ops",
    every_gradient: bool = False,
    update: SupportsFloat | None = None,
    notation: Notation = "rows",
    theme: Theme = "auto",
    max_nodes: SupportsIndex = MOST_NODES,
) -> Drawing:
    """Draw a graph; `Expression.draw` and `Trace.draw` say what the arguments are.

    Raises:
        UserError: more nodes than `max_nodes`, or an argument that makes no sense.
    """
    graph = at_level(graph, level)
    count = len(graph.shown)
    if count > whole(max_nodes, "max_nodes", least=1):
        raise UserError(
            f"the graph has {count} nodes, too many to read in one picture: draw a part of it, such as one of its "
            f"inputs, or allow more: draw(max_nodes={count})"
        )
    views = views_of(graph, backward=backward, every_gradient=every_gradient, update=update, notation=notation)
    root = graph.local(graph.J)
    formula = root.formula(notation)
    summary = f"{root.label} = {formula}" if formula else root.label
    canvas = Canvas(f"The computational graph of {summary}", theme=theme)
    _Picture(canvas, views.nodes(), views.edges()).draw()
    return Drawing(canvas.render(), f"{summary}, {count} node{'s' if count != 1 else ''}")


def at_level(graph: GraphView, level: Level) -> GraphView:
    """Return a graph with every operation as a step, or with the named ones alone.

    Raises:
        UserError: another level.
    """
    if level not in get_args(Level):
        raise UserError(f'level is "ops" (every operation) or "names" (named nodes alone), not {level!r:.60}')
    return Named(graph) if level == "names" else graph


def views_of(
    graph: GraphView,
    *,
    backward: bool,
    every_gradient: bool = False,
    update: SupportsFloat | None = None,
    notation: Notation = "rows",
) -> Views:
    """Return what a drawing shows of a graph.

    Raises:
        UserError: an argument that makes no sense.
    """
    rate = _rate(update)
    if rate is not None and not (backward and graph.has_gradients):
        raise UserError("an update needs the gradients: call trace.backward() first")
    return Views(
        graph,
        backward=backward,
        every_gradient=every_gradient,
        update=rate,
        notation=check_notation(notation),
    )


def _rate(update: SupportsFloat | None) -> float | None:
    if update is None:
        return None
    rate = float(update) if isinstance(update, SupportsFloat) and not isinstance(update, bool) else float("nan")
    if not (isfinite(rate) and rate > 0):
        raise UserError(f"update is the learning rate of the update to draw, a number above 0, not {update!r:.60}")
    return rate


class _Picture:
    def __init__(self, canvas: Canvas, nodes: Sequence[NodeView], edges: Sequence[EdgeView]) -> None:
        self.canvas, self.nodes, self.edges = canvas, nodes, edges
        ways_in = Counter(edge.target for edge in edges)
        ways_out = Counter(source for source, _ in {(edge.source, edge.target) for edge in edges})
        self.sizes = [self._size(place, max(ways_in[place], ways_out[place])) for place in range(len(nodes))]
        wires = [Wire(edge.source, edge.target, self._label_size(edge)) for edge in edges]
        self.layout: Layout = layout(self.sizes, wires)

    def _size(self, place: int, ways: int) -> tuple[float, float]:
        width, height = self.nodes[place].content.size
        return max(width + 2 * PADDING, _LEAST_WIDTH), max(height + 1.4 * PADDING, ports_height(ways))

    def _label_size(self, edge: EdgeView) -> tuple[float, float]:
        """A label stands between the line forward and the line backward, with a little air."""
        if not edge.content.blocks:
            return 0.0, 0.0
        width, height = edge.content.size
        return width + 12, height + 6

    def draw(self) -> None:
        """Draw lines, then boxes, then what the colours mean."""
        for edge, way in zip(self.edges, self.layout.ways, strict=True):
            self._edge(edge, way)
        for node, size, corner in zip(self.nodes, self.sizes, self.layout.boxes, strict=True):
            self._node(node, size, corner)
        self._legend()

    def _node(self, node: NodeView, size: tuple[float, float], corner: Point) -> None:
        (x, y), (width, height) = corner, size
        fill, ink = _COLORS[node.kind]
        with self.canvas.group("node", tooltip=node.tooltip, name=node.label, kind=node.kind):
            line_width = 2.0 if node.kind == "root" else 1.4
            self.canvas.box(x, y, width, height, radius=_ROUND, fill=fill, ink=ink, line_width=line_width)
            top = y + (height - node.content.size[1]) / 2
            middles = node.content.draw(self.canvas, x + width / 2, top)
            if node.updated is not None:
                self._return(x, middles[node.updated], middles[0])

    def _return(self, x: float, start: float, end: float) -> None:
        """Draw the arrow by which an update comes back to its parameter."""
        left = x - _LOOP
        d = f"M{x} {start}C{left} {start} {left} {end} {x} {end}"
        self.canvas.path(d, ink="parameter", width=1.6, dash=True)

    def _edge(self, edge: EdgeView, way: Way) -> None:
        source, target = self.nodes[edge.source].label, self.nodes[edge.target].label
        with self.canvas.group("edge", tooltip=edge.tooltip, source=source, target=target):
            if not edge.backward:
                self.canvas.path(way.points, ink="forward", width=1.4, curved=True)
                return
            half = self._label_size(edge)[1] / 2
            forward, back = (_beside(way, sign, half) for sign in (-1, 1))
            self.canvas.path(forward, ink="forward", width=1.4, curved=True)
            self.canvas.path(back[::-1], ink="backward", width=1.4, curved=True)
            x, y = way.label
            edge.content.draw(self.canvas, x, y - edge.content.size[1] / 2)

    def _legend(self) -> None:
        left, _, _, bottom = self.canvas.extents
        kinds = {node.kind for node in self.nodes}
        entries = [("forward", "values, forward")] if self.edges else []
        if any(edge.backward for edge in self.edges):
            entries.append(("backward", "derivatives, backward"))
        if any(node.updated is not None for node in self.nodes):
            entries.append(("parameter", "update"))
        boxes = [(kind, words) for kind, words in (("parameter", "parameter"), ("input", "input")) if kind in kinds]
        x, y = left, bottom + 26
        with self.canvas.group("legend"):
            for ink, words in entries:
                ends = [(x, y), (x + 26, y)]
                self.canvas.path(ends if ink == "forward" else ends[::-1], ink=ink, dash=ink == "parameter")
                x = self._words(x + 33, y, words)
            for kind, words in boxes:
                fill, ink = _COLORS[kind]
                self.canvas.box(x, y - 6, 18, 12, radius=3, fill=fill, ink=ink)
                x = self._words(x + 25, y, words)

    def _words(self, x: float, y: float, words: str) -> float:
        line = Line(words, "soft", 11.5)
        self.canvas.text(x, y + 4, line.text, size=line.size, ink=line.ink)
        return x + line.width + 22


def _beside(way: Way, sign: int, half_label: float) -> list[Point]:
    """Return the points of a line above (-1) or below (1) a way, beside the label where there is one."""
    return [
        (x, y + sign * (half_label if place in way.beside_label else _HALF_APART))
        for place, (x, y) in enumerate(way.points)
    ]
