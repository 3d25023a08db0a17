"""A timeline in words, for a terminal: one line for the calls of one moment that went alike."""

import itertools
from collections.abc import Iterable

import msgspec

from grader.report.measured import seconds_text
from grader.report.timeline import Chart, Shape, chart
from grader.timeline import Mark, Timeline

_MOST_LINES = 24
_WORDS = {
    "rejected": "rejected",
    "waits": "waits inside the breaker",
    "running": "let in, and still running at the end",
    "failed": "let in, failed",
    "broken": "let in, broken off",
    "returned": "let in, returned",
}


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """What went alike at one moment."""

    at: str
    state: str
    """What the settings and the calls before lead to; empty where the plain rules do not tell."""
    words: str
    surprise: bool
    """It was let in and should not have been, or the other way round."""


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """One breaker."""

    settings: str
    sentence: str
    lines: tuple[Line, ...]
    hidden: int
    """How many further calls are not told."""


def most_telling(timelines: Iterable[Timeline]) -> Story | None:
    """Tell the breaker that surprises most; None where none was called."""
    charts = [(chart(each), each) for each in timelines if each.calls]
    if not charts:
        return None
    best, timeline = max(charts, key=lambda pair: (pair[0].surprises, len(pair[1].calls)))
    lines = list(_lines(best, timeline))
    shown = lines[:_MOST_LINES]
    return Story(
        settings=best.settings,
        sentence=best.sentence,
        lines=tuple(line for line, _ in shown),
        hidden=best.hidden + sum(calls for _, calls in lines[_MOST_LINES:]),
    )


def _lines(drawn: Chart, timeline: Timeline) -> Iterable[tuple[Line, int]]:
    calls = zip(timeline.calls, drawn.shapes, strict=False)

    def alike(pair: tuple[Mark, Shape]) -> object:
        call, shape = pair
        return call.at, call.ran, call.ended, shape.kind, shape.surprise, shape.probe

    for _, group in itertools.groupby(calls, key=alike):
        same = list(group)
        call, shape = same[0]
        count = f"{len(same)} × " if len(same) > 1 else ""
        late = call.ended is not None and call.ran is not None and call.ended > call.ran
        words = f"{count}{'a probe: ' if shape.probe else ''}{_WORDS[shape.kind]}"
        words += f" at {seconds_text(call.ended)}" if late and call.ended is not None else ""
        words += ", asked again and again until then" if call.polled and call.ran else ""
        words += " after the state had changed" if shape.late else ""
        if shape.surprise:
            words += f", expected to be {'let in' if shape.kind == 'rejected' else 'rejected'}"
        began = call.ran if call.ran is not None else call.at
        state = _state(drawn, shape)
        line = Line(at=seconds_text(began), state=state, words=words, surprise=shape.surprise)
        yield line, len(same)


def _state(drawn: Chart, shape: Shape) -> str:
    """Return the state that the picture has above a call."""
    bands = [band for band in drawn.bands if band.row == "expected" and band.x <= shape.x]
    return bands[-1].state if bands else ""
