"""Situations about which exceptions count, and what becomes of them."""

import msgspec

from grader.conversation.failures import NotOffered
from grader.driver.lab import LEFT_OUT, Lab
from grader.history import CallSeen
from grader.specification import scenario
from spec_tests.scenarios.stories import first_period, recover, tripped_and_due


class Errors(msgspec.Struct, frozen=True, kw_only=True):
    """Failing calls at every stage."""

    while_closed: tuple[CallSeen, ...]
    tripping: CallSeen
    failed_probe: CallSeen


@scenario
def errors_at_every_stage(lab: Lab) -> Errors:
    """Fail while closed, with the tripping call, and in a probe."""
    breaker = lab.breaker()
    calls = breaker.trip()
    period, probe = breaker.open_period()
    return Errors(
        while_closed=calls[:-1],
        tripping=calls[-1],
        failed_probe=probe if period.high is not None else calls[-1],
    )


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """Failures that stand in a list of exception types, and failures that do not."""

    unlisted: tuple[CallSeen, ...]
    after_unlisted: CallSeen
    listed: tuple[CallSeen, ...]
    """As many as the threshold, of a subclass of what stands in the list."""
    after_listed: CallSeen


@scenario
def include_list(lab: Lab) -> Listed:
    """Count `ServiceFailure` alone; fail with something else, then with a subclass."""
    if not lab.offers("counted"):
        raise NotOffered("which exceptions count cannot be set")
    breaker = lab.breaker(counted=["ServiceFailure"])
    unlisted = tuple(breaker.fail("UnrelatedFailure") for _ in range(breaker.threshold + 2))
    after_unlisted = breaker.succeed()
    listed = tuple(breaker.fail("SpecificFailure") for _ in range(breaker.threshold))
    return Listed(
        unlisted=unlisted,
        after_unlisted=after_unlisted,
        listed=listed,
        after_listed=breaker.succeed(),
    )


class Excluded(msgspec.Struct, frozen=True, kw_only=True):
    """Failures of excluded types."""

    calls: tuple[CallSeen, ...]
    after: CallSeen


@scenario
def exclude_list(lab: Lab) -> Excluded:
    """Exclude a type; fail with it and with a subclass more often than the threshold."""
    if not lab.offers("ignored"):
        raise NotOffered("no exception type can be excluded")
    # Without the list of what counts: what is in no list would be left alone anyway.
    breaker = lab.breaker(ignored=["ExcludedFailure"], counted=LEFT_OUT)
    kinds = ("ExcludedFailure", "SpecificExcludedFailure")
    calls = tuple(breaker.fail(kinds[n % 2]) for n in range(2 * breaker.threshold + 2))
    return Excluded(calls=calls, after=breaker.succeed())


class OddProbe(msgspec.Struct, frozen=True, kw_only=True):
    """A probe that ended with something that is neither success nor failure."""

    error: str
    probe: CallSeen
    later: tuple[CallSeen, ...]


@scenario
def excluded_probe(lab: Lab) -> OddProbe:
    """Let a probe raise what is excluded, or what stands in no include list."""
    if lab.offers("ignored"):
        error, settings = "ExcludedFailure", {"ignored": ["ExcludedFailure"], "counted": LEFT_OUT}
    elif lab.offers("counted"):
        error, settings = "UnrelatedFailure", {"counted": ["ServiceFailure"]}
    else:
        raise NotOffered("every exception counts")
    period = first_period(lab)
    breaker = tripped_and_due(lab, period, **settings)
    probe = breaker.fail(error)
    return OddProbe(error=error, probe=probe, later=recover(breaker, period))


BEYOND = ("KeyboardInterrupt", "SystemExit", "GeneratorExit")


@scenario
def beyond_exception(lab: Lab) -> tuple[OddProbe, ...]:
    """Let a probe raise each of the exceptions that are no `Exception`."""
    period = first_period(lab)
    seen = []
    for error in BEYOND:
        breaker = tripped_and_due(lab, period)
        probe = breaker.fail(error)
        seen.append(OddProbe(error=error, probe=probe, later=recover(breaker, period)))
    return tuple(seen)


class Cancelled(msgspec.Struct, frozen=True, kw_only=True):
    """A cancellation between two failures, with a threshold of two."""

    cancelled: CallSeen
    opened: bool
    """Failure and cancellation alone opened it: a cancellation counts as a failure."""
    after: CallSeen
    """The call after failure, cancellation, failure."""


@scenario
def cancelled_between_failures(lab: Lab) -> Cancelled:
    """Fail, cancel, fail, with a threshold of two."""
    breaker = lab.breaker(threshold=2)
    if breaker.surface().mode != "async":
        raise NotOffered("there is no asynchronous call to cancel")
    breaker.fails(breaker.threshold - 1)
    parked = breaker.call()
    parked.cancel()
    opened = breaker.fail().rejected
    return Cancelled(cancelled=parked.seen, opened=opened, after=breaker.succeed())
