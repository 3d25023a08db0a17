"""Situations in which a circuit lives through trip, probes and recovery by one way of calling.

Each way plays the same story on a breaker of its own and is held against the way that most
scenarios use: whatever a breaker chooses to do, it shows in both.
"""

import msgspec

from grader.binding.model import Surface
from grader.conversation.failures import Blocked, Unknown
from grader.driver.breaker import Breaker
from grader.driver.call import Call
from grader.driver.lab import Lab, Refused
from grader.history import OpenPeriod
from grader.specification import scenario
from spec_tests.scenarios.stories import due, early, first_period
from spec_tests.scenarios.ways_of_calling import ways_to_call

CALLERS, FURTHER = 4, 2
"""How many callers come after the open period, and after each round of good calls."""
_ROUNDS = 3
_SETTINGS: dict[str, object] = {"threshold": 2, "limit": 1, "successes": 2}


class Life(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a story by one way of calling; what was not reached is None."""

    way: str
    cancelled: bool
    """A probe was cancelled, and it had time, before the callers came."""
    together: int
    """How many of the callers ran together once the open period was over."""
    reopened: bool | None = None
    """When their functions had failed, the next call was rejected."""
    period: OpenPeriod | None = None
    """How long it was open then, by the way that the others are held against."""
    early: bool | None = None
    """A call ran before that period was over."""
    due: bool | None = None
    """A call ran when it was over."""
    closing: tuple[int, ...] = ()
    """How many of the callers ran together after each round of good calls."""


class Lives(msgspec.Struct, frozen=True, kw_only=True):
    """The same story by several ways of calling, the first of which the others are held against."""

    lives: tuple[Life, ...]


@scenario
def lives(lab: Lab) -> tuple[Lives, ...]:
    """Trip, cancel a probe, let probes fail, then recover, by each way of calling.

    Threads cancel nothing: what they do is held against a story without that.
    """
    tasks, threads = ways_to_call(lab)
    first = next(iter({**tasks, **threads}.items()), None)
    if first is None:
        return ()
    groups = [(tasks, True), ({first[0]: first[1], **threads}, False)]
    try:
        story = _Story(lab)
        return tuple(
            Lives(lives=lived)
            for ways, cancels in groups
            if len(ways) > 1 and (lived := story.play_all(ways, cancels=cancels))
        )
    except (Blocked, Unknown):
        return ()  # a life is only compared with one that came to something


class _Story:
    """The story, with what of it the first way has shown."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._opens = first_period(lab)
        self._settings = _SETTINGS
        try:
            lab.breaker(**_SETTINGS)
        except Refused:  # of more successes than probes, for one
            self._settings = {}

    def play_all(self, ways: dict[str, Surface], *, cancels: bool) -> tuple[Life, ...]:
        """Play it by each way; those that do not trip as the first one does are left out."""
        lived: list[Life] = []
        for way, surface in ways.items():
            first = lived[0] if lived else None
            try:
                lived.append(self._play(way, surface, first, cancels=cancels))
            except Blocked:
                if first is None:
                    raise
        return tuple(lived) if len(lived) > 1 else ()

    def _play(self, way: str, surface: Surface, first: Life | None, *, cancels: bool) -> Life:
        breaker = self._lab.breaker(**self._settings)
        breaker.trip(surface)
        if not breaker.succeed(surface=surface).rejected:
            raise Blocked("th-exact", f"{way} did not trip it")
        breaker.wait(due(self._opens))
        if cancels:
            breaker.call(surface=surface).cancel()
            breaker.wait(due(self._opens) * max(1.0, self._lab.growth or 1.0))
        running = _callers(breaker, surface, CALLERS)
        life = Life(way=way, cancelled=cancels, together=len(running))
        if not running:
            return life
        breaker.end_together(running, self._lab.binding.failure)
        reopened = breaker.succeed(surface=surface).rejected
        life = msgspec.structs.replace(life, reopened=reopened)
        if not reopened or self._lab.binding.jittery:
            return life
        if first is None:
            return _measure(breaker, surface, life)
        return _compare(breaker, surface, life, first)


def _callers(breaker: Breaker, surface: Surface, number: int) -> list[Call]:
    """Let callers come, one after the other; return those that run."""
    return [call for call in breaker.queue(number, surface) if call.seen.running]


def _measure(breaker: Breaker, surface: Surface, life: Life) -> Life:
    period, call = breaker.open_period(planned="return", surface=surface)
    if not call.succeeded:
        return life
    return msgspec.structs.replace(
        life, period=period, early=False, due=True, closing=_closing(breaker, surface)
    )


def _compare(breaker: Breaker, surface: Surface, life: Life, first: Life) -> Life:
    period = first.period
    if period is None:
        return life
    breaker.wait(early(period))
    if not breaker.succeed(surface=surface).rejected:
        return msgspec.structs.replace(life, period=period, early=True)
    breaker.wait(due(period) - early(period))
    if not breaker.succeed(surface=surface).succeeded:
        return msgspec.structs.replace(life, period=period, early=False, due=False)
    return msgspec.structs.replace(
        life, period=period, early=False, due=True, closing=_closing(breaker, surface)
    )


def _closing(breaker: Breaker, surface: Surface) -> tuple[int, ...]:
    """Let callers come and all that run succeed, until all of them run."""
    together: list[int] = []
    while len(together) < _ROUNDS and (not together or 0 < together[-1] < FURTHER):
        running = _callers(breaker, surface, FURTHER)
        breaker.end_together(running, "return")
        together.append(len(running))
    return tuple(together)
