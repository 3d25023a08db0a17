"""Situations about late results: calls that were admitted before the circuit changed."""

import msgspec

from grader.conversation.failures import Blocked
from grader.driver.breaker import Breaker
from grader.driver.call import Call
from grader.driver.lab import Lab
from grader.history import CallSeen, OpenPeriod
from grader.specification import scenario
from spec_tests.scenarios.stories import close, due, first_period

_MOST_FAILURES = 12
_MOST_PROBES = 12


def _with_a_slow_call(lab: Lab) -> tuple[Breaker, Call]:
    """Return a closed breaker through which a call is under way."""
    breaker = lab.breaker()
    slow = breaker.call()
    if not slow.seen.running:
        raise Blocked("de-breaker", f"a call {slow.seen.tell()}")
    return breaker, slow


def _trip_around(breaker: Breaker) -> CallSeen:
    """Let other calls fail until one is rejected, while a slow one runs; return that one."""
    for _ in range(breaker.threshold + _MOST_FAILURES):
        call = breaker.fail()
        if call.waiting:
            raise Blocked("as-concurrent", "a second call waits until the first has ended")
        if call.turned_away:
            return call
    raise Blocked("th-exact", "it does not trip while another call runs")


class LateSuccess(msgspec.Struct, frozen=True, kw_only=True):
    """A call that was admitted while closed and succeeded while the circuit was open."""

    before: CallSeen
    """The call before the late success."""
    late: CallSeen
    after: CallSeen
    state: str | None
    """What it says of itself after the late success."""


@scenario
def late_success(lab: Lab) -> LateSuccess:
    """Start a slow call, trip the breaker, let the slow call succeed, call again."""
    breaker, slow = _with_a_slow_call(lab)
    before = _trip_around(breaker)
    slow.succeed()
    state = breaker.state()
    return LateSuccess(before=before, late=slow.seen, after=breaker.fail(), state=state)


class LateFailure(msgspec.Struct, frozen=True, kw_only=True):
    """A call that was admitted while closed and failed in the middle of the open period."""

    period: OpenPeriod
    late: CallSeen
    probe: CallSeen
    """The call when 1.2 open periods have passed since the trip; it fails."""
    transitions: tuple[float | None, float | None]
    """Changes of state that it counts itself, before and after the late failure."""
    next: OpenPeriod
    next_without: OpenPeriod
    """The same period of a breaker without a late failure."""


_AFTER = 1.2


@scenario
def late_failure(lab: Lab) -> LateFailure:
    """Start a slow call, trip the breaker, let the slow call fail halfway through the period."""
    period = first_period(lab)
    whole = _AFTER * (period.high or period.low)
    other = lab.breaker()
    other.trip()
    other.wait(whole)
    other.fail()
    without, _ = other.open_period()

    breaker, slow = _with_a_slow_call(lab)
    _trip_around(breaker)
    before = _transitions(breaker)
    breaker.wait(period.low / 2)
    slow.fail()
    transitions = (before, _transitions(breaker))
    breaker.wait(whole - period.low / 2)
    probe = breaker.fail()
    after, _ = breaker.open_period()
    return LateFailure(
        period=period,
        late=slow.seen,
        probe=probe,
        transitions=transitions,
        next=after,
        next_without=without,
    )


def _transitions(breaker: Breaker) -> float | None:
    return breaker.metrics().transitions if breaker.lab.binding.metrics is not None else None


class OldFailure(msgspec.Struct, frozen=True, kw_only=True):
    """A failure of a call that was admitted before the circuit opened and closed again."""

    recovered: tuple[CallSeen, ...]
    failures: tuple[CallSeen, ...]
    """One less than the threshold, since it closed."""
    late: CallSeen
    after: CallSeen


@scenario
def failure_from_before_a_recovery(lab: Lab) -> OldFailure:
    """Start a slow call, trip and recover; fail once less than the threshold; fail the slow one."""
    period = first_period(lab)
    breaker, slow = _with_a_slow_call(lab)
    _trip_around(breaker)
    breaker.wait(due(period))
    recovered = (*close(breaker), *(breaker.succeed() for _ in range(3)))
    failures = breaker.fails(breaker.threshold - 1)
    slow.fail()
    return OldFailure(
        recovered=recovered, failures=failures, late=slow.seen, after=breaker.succeed()
    )


class DuringProbe(msgspec.Struct, frozen=True, kw_only=True):
    """A call of a closed circuit that ended while a probe was in flight."""

    planned: str
    """How it ended: `success` or `failure`; empty where there was no such call."""
    probes: tuple[CallSeen, ...]
    """The probes that were in flight when it ended."""
    full: bool
    """Further callers were being rejected for want of a slot."""
    late: CallSeen | None
    states: tuple[str | None, str | None]
    """What it says of itself before the late result and right after."""
    next: CallSeen
    """The next call, which fails where it is admitted."""
    later: CallSeen
    """The call after that."""
    after_probes: tuple[CallSeen, ...]
    """Good calls after the probes had succeeded, where the round was still theirs."""

    @property
    def effect(self) -> str:
        """What the late result did, in words; empty where the round went on as if without it."""
        if not self.probes:
            return "keeps the slot of a probe"
        before, after = self.states
        changed = before != after
        if changed and after == "closed":
            return "closes the circuit"
        if (changed and after == "open") or (not self.full and self.next.turned_away):
            return "reopens the circuit"
        if self.full and not self.next.turned_away:
            return "lets a further caller in"
        if not self.full and not self.later.turned_away:
            return "closes the circuit"
        if any(not call.succeeded for call in self.after_probes):
            return "keeps the probe's success from closing it"
        return ""


@scenario
def late_results_during_a_probe(lab: Lab) -> tuple[DuringProbe, ...]:
    """With a probe in flight, let a call that was admitted while closed end; then, let none."""
    period = first_period(lab)
    return tuple(_during_a_probe(lab, period, how) for how in ("success", "failure", ""))


def _during_a_probe(lab: Lab, period: OpenPeriod, planned: str) -> DuringProbe:
    breaker, slow = _with_a_slow_call(lab) if planned else (lab.breaker(), None)
    _trip_around(breaker)
    breaker.wait(due(period))
    probes, full = _fill(breaker)
    before = breaker.state()
    if slow is not None:
        slow.succeed() if planned == "success" else slow.fail()
    states = (before, breaker.state())
    following, later = breaker.fail(), breaker.succeed()
    after: tuple[CallSeen, ...] = ()
    in_flight = tuple(probe.seen for probe in probes)
    if full and probes and following.turned_away and later.turned_away:
        for probe in probes:
            probe.succeed()
        after = tuple(breaker.succeed() for _ in range(2))
    return DuringProbe(
        planned=planned,
        probes=in_flight,
        full=full,
        late=None if slow is None else slow.seen,
        states=states,
        next=following,
        later=later,
        after_probes=after,
    )


def _fill(breaker: Breaker) -> tuple[list[Call], bool]:
    """Start probes until a caller is rejected; return those in flight, and whether one was."""
    probes: list[Call] = []
    for _ in range(_MOST_PROBES):
        call = breaker.call()
        if call.seen.waiting:
            raise Blocked("ho-fast-reject", "a second probe waits inside the breaker")
        if not call.seen.running:
            return probes, True
        probes.append(call)
    return probes, False
