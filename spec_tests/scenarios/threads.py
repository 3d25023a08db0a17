"""Situations about calls that threads make, and about calls inside of calls."""

import msgspec

from grader.binding.model import Surface
from grader.conversation.failures import NotOffered
from grader.driver.breaker import Breaker
from grader.driver.exploring import explore
from grader.driver.lab import Lab
from grader.driver.looking import look_at
from grader.history import Burst, CallSeen, Explored
from grader.specification import scenario
from spec_tests.scenarios.stories import due, first_period

THREADS = 8


def of_threads(lab: Lab) -> Surface:
    """Return the way that threads make their calls; raise NotOffered where there is none."""
    surface = lab.binding.of_threads
    if surface is None:
        raise NotOffered("there is no call path for threads")
    return surface


@scenario
def two_failures_in_schedules(lab: Lab) -> Explored:
    """Two threads bring the last two failures that are missing, in every order of their steps."""
    surface = of_threads(lab)
    before = lab.breaker(threshold=2).threshold - 2
    return explore(
        lab,
        surface,
        ("rejects", "failures"),
        planned=lab.binding.failure,
        before=max(0, before),
        threshold=2,
    )


class ThreadProbes(msgspec.Struct, frozen=True, kw_only=True):
    """Threads that arrive when the open period is over."""

    crowd: Burst | None = None
    """Eight at once; None where there is no call path for threads."""
    pair: Explored | None = None
    """Two in every order of their steps; None where the limit cannot be set to one."""


@scenario
def probes_among_threads(lab: Lab) -> ThreadProbes:
    """Let threads arrive when the open period is over: eight at once, two in every order."""
    surface = lab.binding.of_threads
    if surface is None:
        return ThreadProbes()
    period = first_period(lab)
    limit = 1 if lab.offers("limit") else None
    settings = {} if limit is None else {"limit": limit, "permitted": limit}
    breaker = lab.breaker(**settings)
    for _ in range(breaker.threshold):  # decorated functions may have a breaker each
        breaker.fail(surface=surface)
    breaker.wait(due(period))
    crowd = look_at(breaker.burst(THREADS, surface), limit)
    if limit is None:
        return ThreadProbes(crowd=crowd)
    pair = explore(
        lab,
        surface,
        ("inside",),
        planned="return",
        before=breaker.threshold,
        wait=due(period),
        stay=True,
        **settings,
    )
    return ThreadProbes(crowd=crowd, pair=pair)


class Overlap(msgspec.Struct, frozen=True, kw_only=True):
    """Calls of threads while another one is slow."""

    together: tuple[CallSeen, ...]
    """Two calls that were made while neither had ended."""
    tripping: tuple[CallSeen, ...] = ()
    """Failing calls while one call is slow; none where two calls do not run together."""
    after_trip: CallSeen | None = None
    """A call after these, while the slow one still runs."""


@scenario
def slow_thread(lab: Lab) -> Overlap:
    """Let two calls of threads run at once, then trip the breaker while one call is slow."""
    surface = of_threads(lab)
    breaker = lab.breaker()
    together = tuple([breaker.call(surface=surface) for _ in range(2)])
    seen = tuple(call.seen for call in together)
    if not all(call.running for call in seen):
        return Overlap(together=seen)
    together[0].fail()  # a success would keep a breaker that looks at rates closed
    tripping = tuple(breaker.fail(surface=surface) for _ in range(breaker.threshold - 1))
    return Overlap(together=seen, tripping=tripping, after_trip=breaker.succeed(surface=surface))


class Nested(msgspec.Struct, frozen=True, kw_only=True):
    """A call whose protected function makes another call through the same breaker."""

    mode: str
    """`sync` or `async`."""
    outer: CallSeen
    inner: CallSeen


@scenario
def nested_calls(lab: Lab) -> tuple[Nested, ...]:
    """Let the function of a call make a call of its own, in threads and in tasks."""
    # Tasks last: where they block the thread of the loop, nothing more can be played.
    surfaces = [lab.binding.surface(mode) for mode in ("sync", "async")]
    return tuple(_nested(lab.breaker(), s) for s in surfaces if s is not None)


def _nested(breaker: Breaker, surface: Surface) -> Nested:
    outer, inner = breaker.nest(surface)
    return Nested(mode=surface.mode, outer=outer.seen, inner=inner.seen)


class Crowd(msgspec.Struct, frozen=True, kw_only=True):
    """Calls that run together and all fail in one tick, beside calls that fail one by one."""

    mode: str
    """`sync` or `async`."""
    together: int
    """How many were inside the protected function at once."""
    calls: tuple[CallSeen, ...]
    transitions: float | None
    """How many changes of state the metrics count after them; None where they count none."""
    transitions_one_by_one: float | None
    """The same after failures one after the other, up to the trip."""
    opened: int | None
    """How often a listener was told that it opened; None where it takes no listener."""
    opened_one_by_one: int | None
    """The same for the failures one after the other."""
    after: CallSeen
    """The next call."""


@scenario
def crowd_of_failures(lab: Lab) -> tuple[Crowd, ...]:
    """Let more calls than the threshold run at once and fail in one tick."""
    surfaces = [lab.binding.surface(mode) for mode in ("sync", "async")]
    return tuple(_crowd(lab, s) for s in surfaces if s is not None)


def _crowd(lab: Lab, surface: Surface) -> Crowd:
    sequential, breaker = _with_listener(lab), _with_listener(lab)
    lab.heard.clear()
    for _ in range(sequential.threshold):
        sequential.fail(surface=surface)
    opened_one_by_one = _openings(lab)
    calls = breaker.burst(breaker.threshold + 4, surface)
    together = sum(call.seen.running for call in calls)
    crowd = Crowd(
        mode=surface.mode,
        together=together,
        calls=tuple(call.seen for call in calls),
        transitions=None,
        transitions_one_by_one=None,
        opened=None,
        opened_one_by_one=opened_one_by_one,
        after=calls[-1].seen,
    )
    if together < len(calls):
        # Those that wait for the others would never come to an end together.
        return msgspec.structs.replace(crowd, transitions_one_by_one=_transitions(sequential))
    breaker.end_together(calls, lab.binding.failure)
    return msgspec.structs.replace(
        crowd,
        calls=tuple(call.seen for call in calls),
        transitions=_transitions(breaker),
        transitions_one_by_one=_transitions(sequential),
        opened=_openings(lab),
        after=breaker.succeed(surface=surface),
    )


def _with_listener(lab: Lab) -> Breaker:
    return lab.breaker() if lab.binding.hearing is None else lab.breaker_with_listener()


def _openings(lab: Lab) -> int | None:
    """Return how often listeners heard that it opened since this was asked last."""
    heard = [change for change in lab.heard if change[1] == "open"]
    lab.heard.clear()
    return None if lab.binding.hearing is None else len(heard)


def _transitions(breaker: Breaker) -> float | None:
    if "transitions" not in breaker.lab.binding.counts:
        return None
    return breaker.metrics().transitions
