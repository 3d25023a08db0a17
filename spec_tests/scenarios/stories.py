"""Beginnings that many situations share."""

from grader.conversation.failures import Blocked
from grader.driver.breaker import Breaker
from grader.driver.lab import Lab
from grader.history import CallSeen, OpenPeriod

DUE = 1.05
"""A call at this multiple of the open period is due; exactly at its end either way is fine."""
EARLY = 0.9
"""A call at this multiple of the open period is early."""


def first_period(lab: Lab, **settings: object) -> OpenPeriod:
    """Measure the first open period on a breaker of its own, by failing calls."""
    breaker = lab.breaker(**settings)
    breaker.trip()
    period, _ = breaker.open_period()
    if period.high is None:
        raise Blocked("st-recovers-by-itself", f"it stayed open for {period.tell()}")
    if lab.growth is None:
        lab.growth = _growth(breaker, period)
    return period


def _growth(breaker: Breaker, period: OpenPeriod) -> float:
    """Return what a failed probe multiplies the period by at most; it has just failed.

    A multiplier that can be set is taken at its word, as long as chance has no part in it.
    """
    taken = breaker.settings.get("multiplier") if breaker.lab.offers("multiplier") else None
    if taken is not None and not breaker.lab.binding.jittery:
        return float(taken)
    whole, waited = period.high or period.low, 0.0
    for periods in _STEPS:
        breaker.wait((periods - waited) * whole)
        waited = periods
        if breaker.fail().admitted:
            break
    return waited


_STEPS = (1.05, 1.3, 1.6, 2.0, 2.5, 3.2, 4.0, 5.0, 6.5, 8.5, 10.5)


def due(period: OpenPeriod) -> float:
    """Return after how many seconds the open period is certainly over."""
    return DUE * (period.high or period.low)


def early(period: OpenPeriod) -> float:
    """Return after how many seconds the open period is certainly not over."""
    return EARLY * period.low


def tripped_and_due(lab: Lab, period: OpenPeriod, **settings: object) -> Breaker:
    """Return a breaker whose open period has just passed: the next call is a probe."""
    breaker = lab.breaker(**settings)
    breaker.trip()
    breaker.wait(due(period))
    return breaker


def close(breaker: Breaker, most: int = 12) -> tuple[CallSeen, ...]:
    """Let probes succeed, one after the other, until it says that it is closed."""
    probes: list[CallSeen] = []
    for _ in range(most):
        probes.append(breaker.succeed())
        if breaker.lab.binding.state is None or breaker.state() == "closed":
            break
    return tuple(probes)


def recover(breaker: Breaker, period: OpenPeriod, further: int = 4) -> tuple[CallSeen, ...]:
    """Make good calls at once, after an open period and after a grown one; return the last ones.

    It has recovered when all of them ran: more in a row than half-open would admit for ever.
    The period is grown as by one failed probe, which is how long it may stay open from now.
    """
    whole, waited = period.high or period.low, 0.0
    calls: tuple[CallSeen, ...] = ()
    for periods in (0.0, 1.0, max(1.0, breaker.lab.growth or 1.0)):
        until = DUE * periods * whole
        breaker.wait(until - waited)
        waited = until
        first = breaker.succeed()
        if first.succeeded:
            calls = (first, *(breaker.succeed() for _ in range(further)))
            if all(call.succeeded for call in calls):
                return calls
        else:
            calls = (first,)
    return calls
