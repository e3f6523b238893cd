"""The small curve of an activation, with the point of an example on it."""

from __future__ import annotations

import numpy as np

from chainrule.graph.draw.fonts import text_width
from chainrule.graph.draw.svg import Canvas
from chainrule.graph.expression import examples
from chainrule.graph.value import evaluate
from chainrule.network.activations import Activation
from chainrule.network.drawing.subject import Array
from chainrule.network.drawing.words import short

# What the words below a curve need.
KEY_HEIGHT = 30.0
_POINTS = 81
_REACH = 4.0
_ROOM = 1.15
_TICK, _KEY = 10.0, 11.0
# A round number that is not quite reached (1 of the sigmoid) is marked too.
_NEARLY = 1.03


class Curve:
    """An activation over a range of z that holds 0 and the example's z.

    Args:
        activation: a function of each z alone.
        units: of its layer.
        place: which of the layer's neurons it is, counted from 0.
        z: of the example; None without numbers.
    """

    def __init__(self, activation: Activation, units: int, place: int, z: float | None) -> None:
        reach = max(_REACH, 1.3 * abs(z) if z is not None and np.isfinite(z) else 0.0)
        self.z: Array = np.linspace(-reach, reach, _POINTS)
        node = examples("z", features=units)
        rows = np.repeat(self.z[:, None], units, axis=1)
        expression = activation(node)
        self.a: Array = evaluate([expression], {node: rows}, count=_POINTS)[expression][:, place]
        finite = self.a[np.isfinite(self.a)]
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
        self.low, self.high = min(low, 0.0), max(high, 0.0)
        if self.low == self.high:
            self.high = self.low + 1.0

    def draw(
        self,
        canvas: Canvas,
        box: tuple[float, float, float, float],
        point: tuple[float, float] | None,
        slope: float | None,
    ) -> None:
        """Draw it into a box (left, top, width, height), with the example's z and a, and the slope there."""
        left, top, width, height = box

        def at(z: float, a: float) -> tuple[float, float]:
            across = (z - self.z[0]) / (self.z[-1] - self.z[0])
            up = (a - self.low) / (self.high - self.low)
            return left + width * float(across), top + height * (1 - (up + (_ROOM - 1) / 2) / _ROOM)

        with canvas.group("curve"):
            zero_x, zero_y = at(0.0, 0.0)
            canvas.path([(left, zero_y), (left + width, zero_y)], ink="soft", width=1)
            canvas.path([(zero_x, top + height), (zero_x, top - 6)], ink="soft", width=1)
            canvas.text(left + width + 4, zero_y + 4, "z", size=11, ink="soft")
            canvas.text(zero_x + 6, top + 1, "a", size=11, ink="soft")
            for z in self._ticks(self.z[-1]):
                x, _ = at(z, 0.0)
                canvas.line(x, zero_y - 2.5, x, zero_y + 2.5, ink="soft")
                canvas.text(x, zero_y + 14, short(z), size=_TICK, anchor="middle", ink="soft")
            for a in self._ticks(max(self.high, -self.low)):
                if _NEARLY * self.low <= a <= _NEARLY * self.high:
                    _, y = at(0.0, a)
                    canvas.line(zero_x - 2.5, y, zero_x + 2.5, y, ink="soft")
                    canvas.text(zero_x - 5, y + 3.5, short(a), size=_TICK, anchor="end", ink="soft")
            points = [at(z, a) for z, a in zip(self.z, self.a, strict=True) if np.isfinite(a)]
            if len(points) > 1:
                canvas.path(points, ink="forward", width=2.2, arrow=False)
            if point is not None and np.isfinite(point).all():
                x, y = at(*point)
                canvas.line(x, zero_y, x, y, ink="forward", dash=True)
                canvas.line(zero_x, y, x, y, ink="forward", dash=True)
                if slope is not None and np.isfinite(slope):
                    ends = [at(*end) for end in self._tangent(point, slope)]
                    canvas.path(ends, ink="backward", width=2.4, arrow=False)
                canvas.circle(x, y, 4.5, fill="forward", ink="paper")

        if point is not None and np.isfinite(point).all():
            sloped = slope is not None and bool(np.isfinite(slope))
            _key(canvas, left + width / 2, top + height + KEY_HEIGHT - 6, sloped=sloped)

    def _ticks(self, reach: float) -> tuple[float, float]:
        """Return two round numbers around 0 in a range of this reach."""
        if not np.isfinite(reach) or reach <= 0:
            return (-1.0, 1.0)
        power = 10.0 ** np.floor(np.log10(reach))
        round_number = float(power * next(one for one in (10, 5, 2, 1) if one * power <= _NEARLY * reach))
        return -round_number, round_number

    def _tangent(self, point: tuple[float, float], slope: float) -> list[tuple[float, float]]:
        """Return the ends of a piece of the tangent that stays on the picture."""
        z, a = point
        reach = 0.16 * float(self.z[-1] - self.z[0])
        ends = []
        for side in (-1, 1):
            rise = side * reach * slope
            room = (self.high if rise > 0 else self.low) - a
            share = min(1.0, room / rise) if rise else 1.0
            ends.append((z + side * reach * share, a + rise * share))
        return ends


def _key(canvas: Canvas, middle: float, y: float, *, sloped: bool) -> None:
    """Say below a curve what the point on it is, and the piece of the tangent."""
    first, second = "this example", "slope da/dz"
    parts = [text_width(text, _KEY) for text in ([first, second] if sloped else [first])]
    x = middle - (sum(parts) + 12 + 40 * sloped) / 2
    canvas.circle(x, y - 4, 4, fill="forward", ink="paper")
    canvas.text(x + 9, y, first, size=_KEY, ink="forward")
    if sloped:
        x += 12 + parts[0] + 14
        canvas.line(x, y - 4, x + 16, y - 4, ink="backward", width=2.4)
        canvas.text(x + 21, y, second, size=_KEY, ink="backward")
