"""Situations in which somebody closes or opens the breaker by hand."""

import msgspec

from grader.conversation.failures import NotOffered
from grader.driver.lab import Lab
from grader.history import CallSeen, OpenPeriod
from grader.specification import scenario


class ManualReset(msgspec.Struct, frozen=True, kw_only=True):
    """A breaker that was reset while it was open, its open period grown."""

    method: str
    raised: str
    """The error that resetting raised; empty where it raised none."""
    first: OpenPeriod
    grown: OpenPeriod
    """The period after one failed probe; then another probe failed."""
    state: str | None
    failures: tuple[CallSeen, ...]
    """Right after the reset: one failure less than the threshold."""
    after_failures: CallSeen
    again: OpenPeriod | None
    """The open period of the next trip; None where the threshold no longer tripped it."""
    in_between: tuple[CallSeen, ...]
    """On another breaker, one failure less than the threshold, a reset, the same and a success."""


@scenario
def manual_reset(lab: Lab) -> ManualReset:
    """Let two probes fail, reset, and see whether it starts over."""
    if not lab.binding.reset:
        raise NotOffered("there is no manual reset")
    breaker = lab.breaker()
    breaker.trip()
    first, _ = breaker.open_period()
    grown, _ = breaker.open_period()
    raised = breaker.reset()
    state = breaker.state()
    failures = breaker.fails(breaker.threshold - 1)
    after_failures = breaker.succeed()
    breaker.forget()
    breaker.fails(breaker.threshold)
    again = breaker.open_period()[0] if breaker.succeed().rejected else None
    return ManualReset(
        method=lab.binding.reset,
        raised=raised,
        first=first,
        grown=grown,
        state=state,
        failures=failures,
        after_failures=after_failures,
        again=again,
        in_between=_in_between(lab),
    )


def _in_between(lab: Lab) -> tuple[CallSeen, ...]:
    breaker = lab.breaker()
    before = breaker.fails(breaker.threshold - 1)
    if breaker.reset():
        return ()  # a closed one may refuse to be closed
    return (*before, *breaker.fails(breaker.threshold - 1), breaker.succeed())


class ForcedOpen(msgspec.Struct, frozen=True, kw_only=True):
    """A new breaker that was opened by hand."""

    method: str
    raised: str
    calls: tuple[CallSeen, ...]


@scenario
def forced_open(lab: Lab) -> ForcedOpen:
    """Open it by hand, then call."""
    breaker = lab.breaker()
    raised = breaker.force_open()
    calls = (breaker.succeed(), breaker.succeed())
    return ForcedOpen(method=lab.binding.force_open, raised=raised, calls=calls)
