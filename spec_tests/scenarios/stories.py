"""Beginnings that many situations share."""

from grader.conversation.failures import Blocked
from grader.driver.lab import Breaker, Lab
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
    return period


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
    """Make good calls at once and one, three and seven open periods later; return the last ones.

    It has recovered when all of them ran: more in a row than half-open would admit for ever.
    """
    calls: tuple[CallSeen, ...] = ()
    for periods in (0.0, DUE, 2 * DUE, 4 * DUE):
        breaker.wait(periods * (period.high or period.low))
        first = breaker.succeed()
        if first.succeeded:
            calls = (first, *(breaker.succeed() for _ in range(further)))
            if all(call.succeeded for call in calls):
                return calls
        else:
            calls = (first,)
    return calls
