"""Situations in which a circuit lives through trip, probes and recovery by one way of calling.

Each way plays the same story on a breaker of its own and is held against the way that most
scenarios use: whatever a breaker chooses to do, it shows in both.
"""

import msgspec

from grader.binding.model import Surface
from grader.conversation.failures import Blocked, Hung, Unknown
from grader.driver.breaker import Breaker
from grader.driver.call import Call
from grader.driver.lab import Lab, Refused
from grader.driver.settings import LEFT_OUT
from grader.history import CallSeen, OpenPeriod
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
    together: int
    """How many of the callers ran together once the open period was over."""
    reopened: bool | None = None
    """When their functions had failed, the next call was rejected."""
    early: bool | None = None
    """A call ran before the period was over for which it is open then."""
    due: bool | None = None
    """A call ran when it was over."""
    closing: tuple[int, ...] = ()
    """How many of the callers ran together after each round of good calls."""


class Lives(msgspec.Struct, frozen=True, kw_only=True):
    """The same story by several ways of calling, the first of which the others are held against."""

    cancelled: bool
    """A probe was cancelled, and it had time, before the callers came."""
    period: OpenPeriod | None
    """How long the first way is kept out after the callers failed; None: that is not compared."""
    lives: tuple[Life, ...]


@scenario
def lives(lab: Lab) -> tuple[Lives, ...]:
    """Trip, cancel a probe, let probes fail, then recover, by each way of calling.

    Threads cancel nothing: what they do is held against a story without that.
    """
    tasks, threads = ways_to_call(lab)
    ways = {**tasks, **threads}
    if len(ways) < 2:
        return ()
    first = next(iter(ways))
    groups = [(tasks, True), ({first: ways[first], **threads}, False)]
    try:
        story = _Story(lab, ways[first], cancels=len(tasks) > 1)
        return tuple(
            played
            for group, cancels in groups
            if len(group) > 1 and (played := story.play_all(group, cancels=cancels))
        )
    except (Blocked, Hung, Unknown):
        return ()  # a life is only compared with one that came to something


class ExcludedProbe(msgspec.Struct, frozen=True, kw_only=True):
    """A probe that raised what is excluded, by one way of calling."""

    way: str
    after: CallSeen
    """A good call once a further open period had passed."""


@scenario
def excluded_probes(lab: Lab) -> tuple[ExcludedProbe, ...]:
    """Let a probe raise what is excluded, by each way of calling, and call again much later."""
    tasks, threads = ways_to_call(lab)
    ways = {**tasks, **threads}
    if len(ways) < 2 or not lab.offers("ignored"):
        return ()
    try:
        opens = due(first_period(lab))
        return tuple(
            ExcludedProbe(way=way, after=_after_an_excluded_probe(lab, surface, opens))
            for way, surface in ways.items()
        )
    except (Blocked, Unknown):
        return ()


def _after_an_excluded_probe(lab: Lab, surface: Surface, opens: float) -> CallSeen:
    breaker = lab.breaker(ignored=["ExcludedFailure"], counted=LEFT_OUT)
    breaker.trip(surface)
    breaker.wait(opens)
    breaker.fail("ExcludedFailure", surface=surface)
    breaker.wait(opens * max(1.0, lab.growth or 1.0))
    return breaker.succeed(surface=surface)


class _Story:
    """The story, with the times at which something happens in it."""

    def __init__(self, lab: Lab, first: Surface, *, cancels: bool) -> None:
        self._lab = lab
        self._opens = first_period(lab)
        self._settings = _SETTINGS
        try:
            lab.breaker(**_SETTINGS)
        except Refused:  # of more successes than probes, for one
            self._settings = {}
        self._period = self._measured(first, cancels=cancels)

    def _measured(self, surface: Surface, *, cancels: bool) -> OpenPeriod | None:
        """Measure on a breaker of its own, as that takes many calls, how long failed probes last.

        None where that is not the same each time, and where they do not open it.
        """
        if self._lab.binding.jittery:
            return None
        breaker = self._due(surface, cancels=cancels)
        if self._crowd("", breaker, surface).reopened:
            period, _ = breaker.open_period(surface=surface)
            return None if period.high is None else period
        return None

    def play_all(self, ways: dict[str, Surface], *, cancels: bool) -> Lives | None:
        """Play it by each way; those that do not trip or let callers wait are left out."""
        lived: list[Life] = []
        for way, surface in ways.items():
            try:
                lived.append(self._play(way, surface, cancels=cancels))
            except Blocked:
                if not lived:
                    raise
        if len(lived) < 2:
            return None
        return Lives(cancelled=cancels, period=self._period, lives=tuple(lived))

    def _play(self, way: str, surface: Surface, *, cancels: bool) -> Life:
        breaker, period = self._due(surface, cancels=cancels), self._period
        life = self._crowd(way, breaker, surface)
        if not life.reopened or period is None:
            return life
        breaker.wait(early(period))
        life = msgspec.structs.replace(life, early=breaker.succeed(surface=surface).admitted)
        if life.early:
            return life
        breaker.wait(due(period) - early(period))
        life = msgspec.structs.replace(life, due=breaker.succeed(surface=surface).admitted)
        closing = _closing(breaker, surface) if life.due else ()
        return msgspec.structs.replace(life, closing=closing)

    def _due(self, surface: Surface, *, cancels: bool) -> Breaker:
        """Return a breaker whose open period is over, whatever a cancelled probe makes of it."""
        breaker = self._lab.breaker(**self._settings)
        breaker.trip(surface)
        if not breaker.succeed(surface=surface).rejected:
            raise Blocked("th-exact", "it does not trip")
        breaker.wait(due(self._opens))
        if cancels:
            breaker.call(surface=surface).cancel()
            breaker.wait(due(self._opens) * max(1.0, self._lab.growth or 1.0))
        return breaker

    def _crowd(self, way: str, breaker: Breaker, surface: Surface) -> Life:
        """Let callers come, and the functions of those that run fail."""
        running = _running(breaker, surface, CALLERS)
        life = Life(way=way, together=len(running))
        if not running:
            return life
        breaker.end_together(running, self._lab.binding.failure)
        reopened = breaker.succeed(surface=surface).rejected
        return msgspec.structs.replace(life, reopened=reopened)


def _running(breaker: Breaker, surface: Surface, callers: int) -> list[Call]:
    """Let callers come, one after the other; return those that run.

    Raises Blocked where any waits inside the breaker: who runs next is not for a story to say.
    """
    calls = breaker.queue(callers, surface)
    if any(call.seen.waiting for call in calls):
        raise Blocked("ho-fast-reject", "callers wait inside the breaker")
    return [call for call in calls if call.seen.running]


def _closing(breaker: Breaker, surface: Surface) -> tuple[int, ...]:
    """Let callers come and all that run succeed, until all of them run."""
    together: list[int] = []
    while len(together) < _ROUNDS and (not together or 0 < together[-1] < FURTHER):
        running = _running(breaker, surface, FURTHER)
        breaker.end_together(running, "return")
        together.append(len(running))
    return tuple(together)
