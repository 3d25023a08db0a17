"""A situation about what has been open for very long."""

import msgspec

from grader.driver.lab import Lab
from grader.history import CallSeen, OpenPeriod
from grader.specification import scenario
from spec_tests.scenarios.stories import due, first_period

_DAY = 86_400.0


class MuchLater(msgspec.Struct, frozen=True, kw_only=True):
    """A call long after the trip, at a time of day at which it was open on the day of the trip."""

    period: OpenPeriod
    call: CallSeen


@scenario
def a_day_later(lab: Lab) -> MuchLater | None:
    """Let it trip, and call a day and half an open period later; None if it may be open still."""
    period = first_period(lab)
    if due(period) > _DAY:
        return None
    breaker = lab.breaker()
    breaker.trip()
    for _ in range(6):  # in portions, as there may be timers to stop at
        breaker.wait(_DAY / 6)
    breaker.wait(period.low / 2)
    return MuchLater(period=period, call=breaker.succeed())
