"""Situations about probes that end oddly or not at all."""

import msgspec

from grader.conversation.failures import NotOffered
from grader.driver.breaker import Breaker
from grader.driver.call import Call
from grader.driver.lab import Lab
from grader.driver.looking import look_at
from grader.history import Burst, CallSeen
from grader.specification import scenario
from spec_tests.scenarios.stories import first_period, tripped_and_due

_CALLERS = 12


class AfterCancellation(msgspec.Struct, frozen=True, kw_only=True):
    """A probe that was cancelled, and the callers right after."""

    probe: CallSeen
    state: str | None
    """What it says of itself right after the cancellation."""
    burst: Burst
    after_failure: CallSeen | None
    """Where every caller ran: one of them failed, and this is the next call."""
    threshold: int

    @property
    def closed(self) -> bool | None:
        """Whether the cancellation closed it; None where that cannot be told."""
        if self.burst.running < self.burst.callers or self.after_failure is None:
            return False
        if not self.after_failure.turned_away:
            return True  # while half-open one failure is enough
        return None if self.threshold == 1 and self.state != "half_open" else False

    def tell(self) -> str:
        """Return in words what the cancellation made of the circuit."""
        if self.closed or self.closed is None:
            return "closed" if self.closed else "closed, or half-open without a limit"
        if self.burst.running:
            return "half-open, slot free"
        if self.burst.waiting:
            return "the callers wait inside the breaker"
        if self.state == "half_open":
            return "half-open, slot taken"
        return "back to open" if self.state == "open" else "rejecting"


@scenario
def cancelled_probe(lab: Lab) -> AfterCancellation:
    """Cancel a probe; right after that a dozen callers arrive."""
    if lab.breaker().surface().mode != "async":
        raise NotOffered("there is no asynchronous call to cancel")
    breaker = tripped_and_due(lab, first_period(lab))
    probe = breaker.call()
    if probe.seen.running:
        probe.cancel()
    state = breaker.state()
    calls = breaker.queue(_CALLERS)
    burst, after = look_at(calls, None), None
    if burst.running == burst.callers:
        calls[0].fail()
        after = breaker.succeed()
    return AfterCancellation(
        probe=probe.seen,
        state=state,
        burst=burst,
        after_failure=after,
        threshold=breaker.threshold,
    )


class Hanging(msgspec.Struct, frozen=True, kw_only=True):
    """Probes that never return, and further callers in the course of an hour."""

    probes: tuple[CallSeen, ...]
    """The probes that hang, as they stand in the end."""
    beside: CallSeen
    """A further caller right away."""
    admitted_after: float | None
    """Virtual seconds after which another caller was admitted; None: not within an hour."""
    rejected_until: float
    """Virtual seconds after which a caller was rejected last."""


_LOOKS = (10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_800.0, 3_600.0)


@scenario
def hanging_probe(lab: Lab) -> Hanging:
    """Let probes hang, as many as there are slots, and let callers come now and then."""
    breaker = tripped_and_due(lab, first_period(lab))
    probes: list[Call] = []
    beside = breaker.call()
    while beside.seen.running and len(probes) < _CALLERS:
        probes.append(beside)
        beside = breaker.call()
    if beside.seen.turned_away and probes:
        admitted, rejected = _first_admitted(breaker)
    else:
        admitted, rejected = None, 0.0
    return Hanging(
        probes=tuple(probe.seen for probe in probes),
        beside=beside.seen,
        admitted_after=admitted,
        rejected_until=rejected,
    )


def _first_admitted(breaker: Breaker) -> tuple[float | None, float]:
    waited = 0.0
    for moment in _LOOKS:
        breaker.wait(moment - waited)
        if breaker.succeed().admitted:
            return moment, waited
        waited = moment
    return None, waited
