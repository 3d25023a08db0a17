"""A timeline as a picture: where each mark, bar and band of the SVG stands.

Virtual time jumps: three failures in one instant, then ten seconds of nothing. So the axis is one
column for each moment at which something happened, as wide as its calls ask for, and each column
says its time. What happened at once stands side by side.
"""

import msgspec

from grader.report.expected import Expected, expected
from grader.report.measured import seconds_text
from grader.timeline import Mark, Timeline

SLOT, GAP, LEFT, LANE = 18, 34, 86, 18
_MOST = 26
_TOP = 62


class Column(msgspec.Struct, frozen=True):
    """One moment."""

    x: float
    width: float
    label: str


class Band(msgspec.Struct, frozen=True):
    """A state, from left to right."""

    x: float
    width: float
    state: str
    row: str
    """`expected` or `read`."""


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """One call."""

    x: float
    y: float
    end: float | None
    """Where its bar ends; None where it ended at once."""
    kind: str
    """`returned`, `failed`, `broken` off, `rejected`, `waits` or `running`."""
    probe: bool
    late: bool
    polled: bool
    surprise: bool
    """It was let in and should not have been, or the other way round."""
    words: str


class Chart(msgspec.Struct, frozen=True, kw_only=True):
    """One breaker of a scenario."""

    width: float
    height: float
    columns: tuple[Column, ...]
    bands: tuple[Band, ...]
    shapes: tuple[Shape, ...]
    settings: str
    sentence: str
    """What to expect; empty where the plain rules alone do not tell."""
    hidden: int
    """How many further calls are not drawn."""
    rows: tuple[str, ...]

    @property
    def surprises(self) -> int:
        """How many calls came out other than expected."""
        return sum(shape.surprise for shape in self.shapes)


def chart(timeline: Timeline) -> Chart:
    """Return the picture of a timeline; at most its first calls."""
    shown = msgspec.structs.replace(timeline, calls=timeline.calls[:_MOST])
    guess = expected(timeline)
    layout = _Layout(shown, guess)
    bands = layout.bands()
    return Chart(
        width=layout.right + 8,
        height=layout.bottom,
        columns=layout.columns(),
        bands=bands,
        shapes=layout.shapes(),
        settings=", ".join(f"{name} {value:g}" for name, value in timeline.settings.items()),
        sentence=guess.sentence if guess else "",
        hidden=timeline.left_out + len(timeline.calls) - len(shown.calls),
        rows=tuple(dict.fromkeys(band.row for band in bands)),
    )


class _Layout:
    def __init__(self, timeline: Timeline, guess: Expected | None) -> None:
        self._timeline, self._guess = timeline, guess
        calls = timeline.calls
        last = max(max(call.at, call.ran or 0.0, call.ended or 0.0) for call in calls)
        phases = guess.phases if guess else ()
        starts = [self._began(call) for call in calls]
        times = {*starts, *(c.at for c in calls), *(c.ended for c in calls if c.ended is not None)}
        times |= {p.since for p in phases if p.since <= last}
        times |= {look.at for look in timeline.looks if look.at <= last}
        self._times = sorted(times)
        self._x: dict[float, float] = {}
        self._width: dict[float, float] = {}
        x = float(LEFT)
        for time in self._times:
            self._x[time] = x
            self._width[time] = SLOT * max(1, starts.count(time))
            x += self._width[time] + GAP
        self.right = x
        self._lanes = self._in_lanes()
        self.bottom = _TOP + LANE * (max(self._lanes, default=0) + 1) + 30

    @staticmethod
    def _began(call: Mark) -> float:
        return call.ran if call.ran is not None else call.at

    def _in_lanes(self) -> list[int]:
        """Return a row for each call, so that bars of calls under way do not overlap."""
        busy: list[float] = []
        lanes = []
        for call in self._timeline.calls:
            began = self._began(call)
            stays = call.ended is None or call.ended > began
            lane = next((n for n, end in enumerate(busy) if end <= began), len(busy))
            if lane == len(busy):
                busy.append(0.0)
            busy[lane] = (call.ended if call.ended is not None else float("inf")) if stays else 0.0
            lanes.append(lane)
        return lanes

    def columns(self) -> tuple[Column, ...]:
        return tuple(
            Column(self._x[time], self._width[time], f"{time:.4g} s") for time in self._times
        )

    def bands(self) -> tuple[Band, ...]:
        found = []
        phases = self._guess.phases if self._guess else ()
        known = [phase for phase in phases if phase.since in self._x]
        for number, phase in enumerate(known):
            begin = self._edge(phase.since, number)
            last = number + 1 == len(known)
            end = self.right if last else self._edge(known[number + 1].since, number + 1)
            if end > begin:
                found.append(Band(begin, end - begin, phase.state, "expected"))
        for look in self._timeline.looks:
            if look.at in self._x:
                width = self._width[look.at] + GAP - 6
                state = look.state.replace("_", "-")
                found.append(Band(self._x[look.at], width, state, "read"))
        return tuple(found)

    def _edge(self, time: float, number: int) -> float:
        """Return where a phase begins: behind the calls that brought it about."""
        if number == 0:
            return self._x[time]
        phase = self._guess.phases[number] if self._guess else None
        brought = phase is not None and phase.state != "half-open"
        return self._x[time] + (self._width[time] if brought else 0) - (0 if brought else 4)

    def shapes(self) -> tuple[Shape, ...]:
        used: dict[float, int] = {}
        shapes = []
        for index, (call, lane) in enumerate(zip(self._timeline.calls, self._lanes, strict=True)):
            began = self._began(call)
            place = used.get(began, 0)
            used[began] = place + 1
            later = call.ended is not None and call.ended > began
            end = self._x[call.ended] if later and call.ended is not None else None
            if call.ended is None:
                end = self.right - 4
            shapes.append(self._shape(index, call, self._x[began] + SLOT * place + 9, lane, end))
        return tuple(shapes)

    def _shape(self, index: int, call: Mark, x: float, lane: int, end: float | None) -> Shape:
        guess = self._guess
        surprise = guess is not None and guess.let_in[index] == call.rejected
        told = _words(index, call)
        if surprise:
            told += "; expected: to be " + ("let in" if call.rejected else "rejected")
        return Shape(
            x=x,
            y=_TOP + LANE * lane + 9,
            end=end,
            kind=_kind(call),
            probe=guess is not None and guess.probes[index],
            late=guess is not None and guess.late[index],
            polled=call.polled,
            surprise=surprise,
            words=told,
        )


def _kind(call: Mark) -> str:
    if call.rejected or call.never_let_in:
        return "rejected"
    if call.ran is None:
        return "waits"
    if call.how == "":
        return "running"
    if call.broken_off:
        return "broken"
    return "failed" if call.failed else "returned"


_ENDINGS = {"failed": "failed", "broken": "broken off", "returned": "returned"}


def _words(index: int, call: Mark) -> str:
    """Tell a call in words, for whoever cannot see it."""
    start = f"call {index + 1}, at {seconds_text(call.at)}"
    kind = _kind(call)
    if kind == "rejected":
        again = ", made again and again" if call.never_let_in else ""
        return f"{start}{again}: rejected"
    if kind == "waits":
        return f"{start}: waited inside the breaker"
    since = f" at {seconds_text(call.ran)}" if call.ran is not None and call.ran > call.at else ""
    polled = ", after it had been tried again and again," if call.polled and since else ""
    let_in = f"{start}:{polled} let in{since}"
    if call.ended is None:
        return f"{let_in}, still running at the end"
    later = f" at {seconds_text(call.ended)}" if call.ended != call.ran else ""
    return f"{let_in}, {_ENDINGS[kind]}{later}"
