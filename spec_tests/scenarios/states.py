"""Situations about the three states and the ways between them."""

import msgspec

from grader.conversation.failures import NotOffered, Unknown
from grader.driver.breaker import Breaker
from grader.driver.lab import Lab, Refused
from grader.history import CallSeen, OpenPeriod, tell_all
from grader.specification import scenario
from spec_tests.scenarios.stories import close, due, early, first_period, tripped_and_due


class FirstCall(msgspec.Struct, frozen=True, kw_only=True):
    """The first call through a new breaker."""

    state: str | None
    call: CallSeen
    arguments: tuple[str | int, ...]
    keywords: dict[str, str | int]


@scenario
def first_call(lab: Lab) -> FirstCall:
    """Make one call with arguments that nobody could guess."""
    arguments = (f"argument-{lab.random.getrandbits(32):x}", lab.random.randrange(10**6))
    keywords: dict[str, str | int] = {"limit": lab.random.randrange(10**6), "flag": "yes"}
    breaker = lab.breaker()
    state = breaker.state()
    call = breaker.call(*arguments, planned="return", keywords=keywords)
    return FirstCall(state=state, call=call.seen, arguments=arguments, keywords=keywords)


class Trip(msgspec.Struct, frozen=True, kw_only=True):
    """A breaker that trips, and the calls that come right after."""

    before: str | None
    failures: tuple[CallSeen, ...]
    after: str | None
    later: tuple[CallSeen, ...]
    unclear: str = ""
    """Where no state is read: what may be one, and is not understood."""

    @property
    def rejects(self) -> bool:
        """Whether any of the calls right after it was rejected: what never opens shows little."""
        return any(call.rejected for call in self.later)


@scenario
def trip(lab: Lab) -> Trip:
    """Let it trip, then call again: twice a call that would succeed, once one that would fail."""
    breaker = lab.breaker()
    before = breaker.state() or _state_of_a_used_one(lab)
    failures = breaker.trip()
    after = breaker.state()
    later = (breaker.succeed(), breaker.succeed(), breaker.fail())
    return Trip(
        before=before,
        failures=failures,
        after=after,
        later=later,
        unclear=lab.binding.state_unclear,
    )


def _state_of_a_used_one(lab: Lab) -> str | None:
    """Return the state after a success: of many circuits it may be told once they are used."""
    if not lab.binding.constructor.keys:
        return None
    breaker = lab.breaker()
    breaker.succeed()
    return breaker.state()


_LATER = 6
"""Calls that succeed after it has closed."""


class Recovery(msgspec.Struct, frozen=True, kw_only=True):
    """A breaker that recovers."""

    period: OpenPeriod
    """The first open period, measured on another breaker."""
    too_early: CallSeen
    """A call at 0.9 of it."""
    state_in_probe: str | None
    probe: CallSeen
    """A call at 1.05 of it."""
    probes: tuple[CallSeen, ...]
    """Further probes that success took."""
    state_after: str | None
    later: tuple[CallSeen, ...]
    """Calls after it closed."""
    fresh_failures: tuple[CallSeen, ...]
    """One failure less than the threshold, after it closed."""
    after_fresh_failures: CallSeen
    like_new: bool = False
    """The same calls, after as many successes, trip a new breaker too: shares may be weighted."""
    at_once_after_close: tuple[CallSeen, ...]
    """On another breaker, right after it closed: one failure less than the threshold, a success."""
    trip_at_once_after_close: tuple[CallSeen, ...]
    """On yet another, right after it closed: as many failures as the threshold, a success."""
    tripping_failure: CallSeen
    after_trip: CallSeen


@scenario
def recovery(lab: Lab) -> Recovery:
    """Let it trip, look just before the end of the open period and just after, let it close."""
    period = first_period(lab)
    hasty = lab.breaker()
    hasty.trip()
    hasty.wait(early(period))
    too_early = hasty.succeed()
    breaker = tripped_and_due(lab, period)
    probe = breaker.call()
    state_in_probe = breaker.state() if probe.seen.running else None
    if probe.seen.running:
        probe.succeed()
    probes: tuple[CallSeen, ...] = ()
    if probe.seen.succeeded and breaker.state() not in (None, "closed"):
        probes = close(breaker)
    state_after = breaker.state()
    later = tuple(breaker.succeed() for _ in range(_LATER))
    breaker.forget()
    fresh = breaker.fails(breaker.threshold - 1)
    after_fresh_failures = breaker.succeed()
    like_new = lab.binding.by_rate and after_fresh_failures.rejected and _trips_a_new_one(lab)
    breaker.forget()
    if like_new:
        trip: tuple[CallSeen, ...] = tuple(call for call in fresh if call.admitted)
    else:
        trip = breaker.trip() if lab.binding.by_rate else breaker.fails(breaker.threshold)
    return Recovery(
        period=period,
        too_early=too_early,
        state_in_probe=state_in_probe,
        probe=probe.seen,
        probes=probes,
        state_after=state_after,
        later=later,
        fresh_failures=fresh,
        after_fresh_failures=after_fresh_failures,
        like_new=like_new,
        tripping_failure=trip[-1],
        after_trip=breaker.succeed(),
        at_once_after_close=_at_once_after_close(lab, period, less=1),
        trip_at_once_after_close=_at_once_after_close(lab, period, less=0),
    )


def _trips_a_new_one(lab: Lab) -> bool:
    """Whether one failure less than the threshold trips a new breaker that has had successes."""
    breaker = lab.breaker()
    for _ in range(_LATER):
        breaker.succeed()
    breaker.forget()
    breaker.fails(breaker.threshold - 1)
    return breaker.succeed().rejected


def _at_once_after_close(lab: Lab, period: OpenPeriod, *, less: int) -> tuple[CallSeen, ...]:
    if not lab.offers("threshold") and not less:
        return ()  # in a window of calls the probe itself may count
    breaker = tripped_and_due(lab, period)
    breaker.succeed()
    if breaker.state() not in (None, "closed"):
        close(breaker)
    return (*breaker.fails(breaker.threshold - less), breaker.succeed())


class FailedProbe(msgspec.Struct, frozen=True, kw_only=True):
    """A probe that failed, and the call right after it."""

    waited: float
    """Open periods that passed before the probe."""
    probe: CallSeen
    next: CallSeen


@scenario
def failed_probes(lab: Lab) -> tuple[FailedProbe, ...]:
    """Let one probe fail, at 1.05 and at 3 open periods."""
    period = first_period(lab)
    seen = []
    for periods in (1.0, 3.0):
        breaker = lab.breaker()
        breaker.trip()
        breaker.wait(periods * due(period))
        probe = breaker.fail()
        seen.append(FailedProbe(waited=periods, probe=probe, next=breaker.succeed()))
    return tuple(seen)


class SlowTrip(msgspec.Struct, frozen=True, kw_only=True):
    """A slow call that trips the breaker when it fails."""

    period: OpenPeriod
    slow: CallSeen
    at_once: CallSeen
    half_a_period_later: CallSeen


@scenario
def slow_trip(lab: Lab) -> SlowTrip:
    """Let the tripping call last two open periods.

    Where failures are forgotten meanwhile, the others come while it is under way.
    """
    period = first_period(lab)
    seen = _slow_trip(lab, period, slow_first=False)
    if seen.at_once.admitted and _forgets(lab, 2 * due(period)):
        return _slow_trip(lab, period, slow_first=True)
    return seen


def _slow_trip(lab: Lab, period: OpenPeriod, *, slow_first: bool) -> SlowTrip:
    breaker = lab.breaker()
    if not slow_first:
        breaker.fails(breaker.threshold - 1)
    slow = breaker.call()
    breaker.wait(2 * due(period))
    if slow.seen.ended:
        raise NotOffered(f"it gives up on a slow call by itself, which {slow.seen.tell()}")
    if slow_first:
        others = breaker.fails(breaker.threshold - 1)
        if not all(call.failed for call in others):
            raise Unknown(f"it forgets failures, and beside a slow call others: {tell_all(others)}")
    slow.fail()
    at_once = breaker.succeed()
    breaker.wait(period.low / 2)
    return SlowTrip(
        period=period, slow=slow.seen, at_once=at_once, half_a_period_later=breaker.succeed()
    )


def _forgets(lab: Lab, seconds: float) -> bool:
    """Whether failures count less after some time.

    What is open since its first failure does not take the next one for granted either, but does
    not say that it is closed, and takes one more at most.
    """
    breaker = lab.breaker(threshold=8)
    breaker.fails(breaker.threshold - 1)
    breaker.wait(seconds)
    breaker.fail()
    state = breaker.state()
    if state is not None:
        return state == "closed"
    breaker.fail()
    return breaker.fail().admitted


class Rejections(msgspec.Struct, frozen=True, kw_only=True):
    """Many rejections during one open period, and a call at its end."""

    period: OpenPeriod
    rejections: tuple[CallSeen, ...]
    due: CallSeen


@scenario
def rejections_while_open(lab: Lab) -> Rejections:
    """Call every tenth of the open period."""
    period = _period_without_rejections(lab)
    breaker = lab.breaker()
    breaker.trip()
    rejections = []
    for _ in range(9):
        breaker.wait(period.low / 10)
        rejections.append(breaker.succeed())
    breaker.wait(due(period) - 0.9 * period.low)
    return Rejections(period=period, rejections=tuple(rejections), due=breaker.succeed())


_SHORTEST = 1e-3
"""Seconds: what opens for less than this is never seen open."""


def _period_without_rejections(lab: Lab) -> OpenPeriod:
    """Bisect the open period: one call on each of several breakers, after one wait."""
    low, high = 0.0, float(lab.settings().get("base", 10.0)) / 2
    for _ in range(8):
        high *= 2
        if _admitted_after(lab, high):
            break
        low = high
    else:
        return first_period(lab)
    while high - low > max(0.03 * high, _SHORTEST):
        middle = (low + high) / 2
        low, high = (low, middle) if _admitted_after(lab, middle) else (middle, high)
    return OpenPeriod(low=low, high=high)


def _admitted_after(lab: Lab, seconds: float) -> bool:
    breaker = lab.breaker()
    breaker.trip()
    breaker.wait(seconds)
    return breaker.succeed().admitted


class Apart(msgspec.Struct, frozen=True, kw_only=True):
    """Breakers built alike, one of them tripped."""

    tripped_rejects: CallSeen
    other: CallSeen
    others_failures: tuple[CallSeen, ...]
    """One failure less than the threshold, through a third, and a success."""
    other_state: str | None


class Neighbours(msgspec.Struct, frozen=True, kw_only=True):
    """What came of building another breaker alike."""

    apart: Apart | None = None
    refused: str = ""
    """What the constructor raised instead."""


@scenario
def neighbours(lab: Lab) -> Neighbours:
    """Build three breakers, trip the first and use the others."""
    first = lab.breaker()
    try:
        # All before any of them is used: what they share may be set back by building another.
        second, third = lab.another(), lab.another()
    except Refused as refused:
        return Neighbours(refused=str(refused))
    first.trip()
    rejected = first.succeed()
    failures = (*third.fails(third.threshold - 1), third.succeed())
    return Neighbours(
        apart=Apart(
            tripped_rejects=rejected,
            others_failures=failures,
            other=second.succeed(),
            other_state=second.state(),
        )
    )


class Walk(msgspec.Struct, frozen=True, kw_only=True):
    """States that were read one after the other during a random walk."""

    states: tuple[str, ...]
    steps: tuple[str, ...]


STEPS = ("succeed", "fail", "fail", "wait a little", "wait long")
EVERY_WAY = (
    *("succeed", "fail", "succeed", "fail", "fail"),  # counted, taken back, tripped
    *("succeed", "wait long", "fail", "wait long", "wait long", "succeed", "succeed"),
    *("fail", "succeed", "fail", "fail", "wait long", "wait long", "succeed"),
)
"""Steps that lead over every edge there is, before chance takes over."""


@scenario
def walk(lab: Lab) -> Walk:
    """Let calls succeed and fail at random, move the clock at random, read the state each time."""
    # At a rate of one, a single success would keep it closed for the length of its window.
    breaker = lab.breaker(threshold=2, rate=0.5)
    states = [breaker.state() or ""]
    steps = []
    chosen = [lab.random.choice(STEPS) for _ in range(60)]
    for step in (*EVERY_WAY, *chosen):
        steps.append(step)
        _take(breaker, step)
        states.append(breaker.state() or "")
    return Walk(states=tuple(states), steps=tuple(steps))


def _take(breaker: Breaker, step: str) -> None:
    if step == "succeed":
        breaker.succeed()
    elif step == "fail":
        breaker.fail()
    else:
        breaker.wait(2.0 if step == "wait a little" else 45.0)
