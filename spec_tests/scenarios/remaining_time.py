"""Situations about what a rejection says of the time that is left."""

import msgspec

from grader.driver.breaker import Breaker
from grader.driver.lab import Lab
from grader.history import CallSeen, OpenPeriod
from grader.specification import scenario
from spec_tests.scenarios.stories import first_period, tripped_and_due


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """Two rejections during one open period."""

    period: OpenPeriod
    """The first open period, measured on another breaker."""
    at_once: CallSeen
    waited: float
    """Seconds between the two."""
    later: CallSeen
    beside_probes: CallSeen
    """In half-open, beside as many probes as may run: rejected, unless nothing limits them."""


_MOST_PROBES = 12


@scenario
def rejections_in_time(lab: Lab) -> Told:
    """Call right after the trip, when half of the open period has passed, and beside a probe."""
    period = first_period(lab)
    breaker = lab.breaker()
    breaker.trip()
    at_once = breaker.succeed()
    waited = period.low / 2
    breaker.wait(waited)
    return Told(
        period=period,
        at_once=at_once,
        waited=waited,
        later=breaker.succeed(),
        beside_probes=_beside_probes(tripped_and_due(lab, period)),
    )


def _beside_probes(breaker: Breaker) -> CallSeen:
    for _ in range(_MOST_PROBES):
        call = breaker.call()
        if not call.seen.running:
            break
    return call.seen
