"""Notes which breaker each call went through, as a scenario goes: what a timeline is made of."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from grader.driver.call import Call
from grader.timeline import MOST_BREAKERS, MOST_CALLS, Look, Timeline, mark

_SHOWN = ("threshold", "base", "multiplier", "cap", "limit", "successes")
_SPECIAL = frozenset(
    {"rate", "window_time", "call_timeout", "jitter", "ignored", "counted", "failure_predicate"}
)
_PLAIN_OPS = frozenset({"build", "call", "burst", "poll", "read", "holds"})
_BOUND = 1e8
"""A period as long as this was set so that it never matters."""


class _Made(NamedTuple):
    """How a call was made."""

    polled: bool
    beside: int
    """The number of the first call that was made in the same tick."""


class _Breaker:
    """What was done with one breaker so far."""

    def __init__(self) -> None:
        self.settings: Mapping[str, Any] = {}
        self.calls: dict[int, _Made] = {}
        """How its calls were made, by number."""
        self.looks: list[Look] = []
        self.special = False
        self.until = 0.0


class Trace:
    """The breakers of one laboratory."""

    def __init__(self) -> None:
        self._breakers: dict[str, _Breaker] = {}

    def built(self, handle: str, settings: Mapping[str, Any]) -> None:
        """Note the settings of a breaker."""
        self._of(handle).settings = settings

    def requested(self, op: str, arguments: Mapping[str, Any], now: float) -> None:
        """Note what the worker was asked to do with a breaker."""
        handle = arguments.get("breaker")
        if not isinstance(handle, str):
            return
        breaker = self._of(handle)
        breaker.until = now
        breaker.special |= op not in _PLAIN_OPS
        burst = arguments.get("calls", ())
        numbers = [arguments.get("call"), arguments.get("inner"), *burst]
        for number in numbers:
            if isinstance(number, int):
                beside = burst[0] if number in burst else number
                breaker.calls[number] = _Made(polled=op == "poll", beside=beside)

    def looked(self, handle: str, at: float, state: str | None) -> None:
        """Note a state that was read; where nothing has changed, the first time is enough."""
        looks = self._of(handle).looks
        if state is not None and len(looks) < MOST_CALLS and not (looks and looks[-1].at == at):
            looks.append(Look(round(at, 3), state))

    def timelines(self, calls: Mapping[int, Call], taken: set[str]) -> tuple[Timeline, ...]:
        """Return the breakers that calls were made through; `taken` are the concepts it offers."""
        used = [b for b in self._breakers.values() if any(n in calls for n in b.calls)]
        return tuple(_timeline(b, calls, taken) for b in used[:MOST_BREAKERS])

    def _of(self, handle: str) -> _Breaker:
        return self._breakers.setdefault(handle, _Breaker())


def _timeline(breaker: _Breaker, calls: Mapping[int, Call], taken: set[str]) -> Timeline:
    numbers = {
        name: value
        for name in _SHOWN
        if name in taken and (value := _number(breaker.settings.get(name))) is not None
    }
    odd = {
        name
        for name in _SPECIAL & breaker.settings.keys()
        if breaker.settings[name] and not _is_far(breaker.settings[name])
    }
    # What the worker repeats by itself has no call of its own here.
    known = [
        (calls[number].seen, made) for number, made in breaker.calls.items() if number in calls
    ]
    # Which of several threads gets in first is the machine's choice, and another in every run.
    known.sort(key=lambda call: (call[0].asked_at, call[1].beside, not call[0].admitted))
    kept = known[:MOST_CALLS]
    marks = [mark(seen, polled=made.polled) for seen, made in kept]
    until = max([breaker.until, *(m.ended or m.ran or m.at for m in marks)])
    return Timeline(
        settings=numbers,
        special=breaker.special or bool(odd) or "threshold" not in taken,
        calls=tuple(marks),
        looks=tuple(breaker.looks),
        until=round(until, 3),
        left_out=len(known) - len(kept),
    )


def _number(value: Any) -> float | None:
    """Return a setting that is a number and can matter."""
    if isinstance(value, bool) or not isinstance(value, int | float) or _is_far(value):
        return None
    return float(value)


def _is_far(value: Any) -> bool:
    return isinstance(value, int | float) and value >= _BOUND
