"""The backoff curve as a picture: where each line, dot and label of the SVG stands.

The SVG itself is a small template. pygal was tried first: on import it puts a
finder on `sys.meta_path` that makes every later failing import warn, and of its
output only two polylines remained once script, style sheet, tooltips and the
comment with today's date were taken out. This way colours come from the page's
style sheet, so the curve follows light and dark under a strict content
security policy, and the same results give the same bytes.
"""

import math
from collections.abc import Sequence

import msgspec

from grader.report.measured import Curve, seconds_text

WIDTH, HEIGHT = 560, 250
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 10, 8, 26
_ROUNDS = 12
_STEPS = (0.1, 0.5, 1, 2, 5, 10, 20, 40, 60, 120, 300, 600, 1200, 3600, 7200, 21600, 86400, 604800)
_APART = 0.11
"""Two labels of the time axis are at least this part of its height apart."""


class Mark(msgspec.Struct, frozen=True):
    """A label of an axis, and where along that axis it stands."""

    at: float
    label: str


class Series(msgspec.Struct, frozen=True):
    """One line through its dots."""

    kind: str
    """`configured` or `measured`."""
    dots: tuple[tuple[float, float], ...]

    @property
    def path(self) -> str:
        """Return the dots as the points of a `polyline`."""
        return " ".join(f"{x:g},{y:g}" for x, y in self.dots)


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the template draws, in units of its view box."""

    ticks: tuple[Mark, ...]
    rounds: tuple[Mark, ...]
    series: tuple[Series, ...]
    sentence: str
    left: float = _LEFT
    right: float = WIDTH - _RIGHT
    bottom: float = HEIGHT - _BOTTOM


def lay_out(curve: Curve) -> Picture:
    """Return the picture of a curve: rounds from left to right, open periods upwards."""
    configured, measured = curve.configured[:_ROUNDS], curve.measured[:_ROUNDS]
    count = max(len(configured), len(measured), 2)
    scale = _Scale((*configured, *measured))
    return Picture(
        ticks=tuple(
            Mark(scale.y(tick), seconds_text(tick) if tick else "0") for tick in scale.ticks()
        ),
        rounds=tuple(Mark(_x(number, count), str(number + 1)) for number in range(count)),
        series=tuple(
            Series(
                kind,
                tuple((_x(number, count), scale.y(value)) for number, value in enumerate(values)),
            )
            for kind, values in (("configured", configured), ("measured", measured))
            if values
        ),
        sentence=curve.sentence,
    )


def _x(number: int, count: int) -> float:
    """Return where a round stands, with half a step of air at both ends."""
    step = (WIDTH - _LEFT - _RIGHT) / count
    return round(_LEFT + step * (number + 0.5), 1)


class _Scale:
    """The time axis: doubling is a constant step, and a period of 0 s has a place.

    A logarithm alone would lose the zero, which is what a broken breaker shows.
    """

    def __init__(self, periods: Sequence[float]) -> None:
        self._unit = min((period for period in periods if period > 0), default=1.0)
        longest = max(periods, default=1.0)
        self._top = next((step for step in _STEPS if step >= longest), longest)

    def y(self, period: float) -> float:
        """Return where a period stands in the view box."""
        part = self._height(period) / self._height(self._top)
        return round(HEIGHT - _BOTTOM - part * (HEIGHT - _BOTTOM - _TOP), 1)

    def _height(self, period: float) -> float:
        return math.log2(1 + period / self._unit)

    def ticks(self) -> list[float]:
        """Return round periods from 0 to the top, as many as do not crowd."""
        least = _APART * self._height(self._top)
        kept = [self._top]
        for step in reversed(_STEPS):
            low = self._height(step)
            if step < self._top and low >= least and self._height(kept[-1]) - low >= least:
                kept.append(step)
        return [0.0, *reversed(kept)]
