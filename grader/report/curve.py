"""The backoff curve as SVG: what was configured, and what was measured.

pygal computes scales and geometry. Of its output only that is kept: an XML
filter (its own extension point) takes out the script, the embedded style, the
tooltips and the comment with today's date. The page's style sheet gives the
colours, so the curve follows light and dark, a strict content security policy
holds, and the same results give the same bytes.
"""

import math
from collections.abc import Sequence
from typing import Any

import pygal  # type: ignore[import-untyped]
from markupsafe import Markup

from grader.report.measured import Curve, seconds_text

_WIDTH, _HEIGHT = 560, 250
_ROUNDS = 12
_STEPS = (0.1, 0.5, 1, 2, 5, 10, 20, 40, 60, 120, 300, 600, 1200, 3600, 7200, 21600, 86400, 604800)
_APART = 0.11
"""Two labels of the time axis are at least this part of its height apart."""
_DROPPED_CLASSES = ("text-overlay", "tooltip-overlay", "tooltip", "background")
_SVG = "{http://www.w3.org/2000/svg}"


def draw(curve: Curve, name: str) -> Markup:
    """Return the curve as an `svg` element that tells its content to a screen reader too."""
    configured = curve.configured[:_ROUNDS]
    measured = curve.measured[:_ROUNDS]
    rounds = max(len(configured), len(measured), 2)
    chart = pygal.Line(
        width=_WIDTH,
        height=_HEIGHT,
        js=(),
        css=(),
        show_legend=False,
        margin=6,
        margin_left=0,
        dots_size=4,
        disable_xml_declaration=True,
        no_prefix=True,
    )
    chart.uuid = "curve"
    scale = _Scale((*configured, *measured))
    chart.x_labels = [str(number) for number in range(1, rounds + 1)]
    chart.y_labels = [
        {"value": scale.height(tick), "label": seconds_text(tick) if tick else "0"}
        for tick in scale.ticks()
    ]
    chart.add("configured", [scale.height(value) for value in configured])
    chart.add("measured", [scale.height(value) for value in measured])
    chart.add_xml_filter(lambda root: _cleaned(root, f"{name}: {curve.sentence}"))
    return Markup(chart.render())  # noqa: S704 - built as a tree by pygal, which escapes text


class _Scale:
    """The time axis: doubling is a constant step, and a period of 0 s has a place.

    A logarithm alone would lose the zero, which is what a broken breaker shows.
    """

    def __init__(self, periods: Sequence[float]) -> None:
        self._unit = min((period for period in periods if period > 0), default=1.0)
        longest = max(periods, default=1.0)
        self._top = next((step for step in _STEPS if step >= longest), longest)

    def height(self, period: float) -> float:
        """Return where a period stands above the axis, without a unit."""
        return math.log2(1 + period / self._unit)

    def ticks(self) -> list[float]:
        """Return round periods from 0 to the top, as many as do not crowd."""
        least = _APART * self.height(self._top)
        kept = [self._top]
        for step in reversed(_STEPS):
            low = self.height(step)
            if step < self._top and low >= least and self.height(kept[-1]) - low >= least:
                kept.append(step)
        return [0.0, *reversed(kept)]


def _cleaned(root: Any, label: str) -> Any:
    """Leave geometry and text: no script, style, date, tooltip or repeated title."""
    for parent in list(root.iter()):
        for child in list(parent):
            if _unwanted(child):
                parent.remove(child)
    root.attrib.pop("id", None)
    root.set("role", "img")
    root.set("aria-label", label)
    root.set("class", "curve")
    return root


def _unwanted(element: Any) -> bool:
    if not isinstance(element.tag, str):
        return True  # a comment
    tag = element.tag.removeprefix(_SVG)
    classes = element.get("class", "").split()
    return tag in {"defs", "script", "style", "title", "desc"} or any(
        name in classes for name in _DROPPED_CLASSES
    )
