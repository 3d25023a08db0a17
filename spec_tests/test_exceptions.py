"""Exceptions: which count, which pass, and that none is altered."""

import pytest

from grader.history import CallSeen, tell_all
from grader.specification import (
    ATTESTED,
    MUST,
    blocked_unless,
    not_offered_unless,
    recorded,
    requirement,
)
from spec_tests.scenarios.exceptions import (
    BEYOND,
    Cancelled,
    Errors,
    Excluded,
    Listed,
    OddProbe,
)


def passed_unaltered(call: CallSeen) -> bool:
    """Whether the caller got the very exception object that the function raised."""
    return call.error is not None and call.error.same and not call.error.cause_changed


@requirement("ex-same-object", MUST, source="POL", known=ATTESTED)
@pytest.mark.parametrize("stage", ["while closed", "tripping call", "failed probe"])
def test_the_callers_exception_is_the_one_that_was_raised(
    stage: str, errors_at_every_stage: Errors
) -> None:
    """The exception of the protected call reaches the caller as the same object."""
    calls = {
        "while closed": errors_at_every_stage.while_closed,
        "tripping call": (errors_at_every_stage.tripping,),
        "failed probe": (errors_at_every_stage.failed_probe,),
    }[stage]
    for call in calls:
        assert call.how == "raised", f"{stage}: the failing call {call.tell()}"
        assert passed_unaltered(call), (
            f"{stage}: the function raised {call.planned}, the caller got {call.error}"
            f"{' with another __cause__' if call.error and call.error.cause_changed else ''}"
        )


@requirement("ex-include", MUST, source="R4J, fabfuel")
def test_only_listed_exceptions_count(include_list: Listed) -> None:
    """With a list of exceptions that count, only those and their subclasses count."""
    seen = include_list
    assert all(call.admitted for call in (*seen.unlisted, seen.after_unlisted)), (
        f"failures of an unlisted type: {tell_all(seen.unlisted)}; then the next call"
        f" {seen.after_unlisted.tell()}"
    )
    assert seen.after_listed.rejected, (
        f"{len(seen.listed)} failures of a subclass of a listed type, and the next call"
        f" {seen.after_listed.tell()}"
    )


@requirement("ex-exclude", MUST, source="all")
def test_excluded_exceptions_pass_and_are_no_failures(exclude_list: Excluded) -> None:
    """Excluded exceptions reach the caller and are not counted as failures."""
    seen = exclude_list
    assert all(call.admitted for call in (*seen.calls, seen.after)), (
        f"failures of excluded types: {tell_all(seen.calls)}; then the next call"
        f" {seen.after.tell()}"
    )
    assert all(passed_unaltered(call) for call in seen.calls), (
        f"failures of excluded types: {tell_all(seen.calls)}"
    )


@requirement("ex-exclude-probe", MUST, source="R4J, GOB, deer-flow#3991")
def test_an_exception_that_does_not_count_does_not_wedge_half_open(
    excluded_probe: OddProbe,
) -> None:
    """A probe that raises an exception which does not count leaves no breaker stuck half-open."""
    seen = excluded_probe
    blocked_unless(seen.probe.admitted, "st-recovers-by-itself", f"the probe {seen.probe.tell()}")
    assert all(call.succeeded for call in seen.later), (
        f"a probe raised {seen.error}; good calls up to seven open periods"
        f" later: {tell_all(seen.later)}"
    )


@requirement("ex-baseexception", MUST, source="openmed#3283")
@pytest.mark.parametrize("error", BEYOND)
def test_an_interrupt_passes_and_leaks_no_slot(
    error: str, beyond_exception: tuple[OddProbe, ...]
) -> None:
    """KeyboardInterrupt, SystemExit and GeneratorExit pass through and leak no probe slot."""
    seen = next(probe for probe in beyond_exception if probe.error == error)
    blocked_unless(seen.probe.admitted, "st-recovers-by-itself", f"the probe {seen.probe.tell()}")
    assert seen.probe.error is not None and seen.probe.error.type == error, (  # noqa: PT018
        f"the probe raised {error}; it {seen.probe.tell()}"
    )
    assert all(call.succeeded for call in seen.later), (
        f"a probe raised {error}; good calls up to seven open periods later: {tell_all(seen.later)}"
    )


@requirement("ex-cancelled", MUST, source="POL, fabfuel")
def test_a_cancellation_is_no_success(cancelled_between_failures: Cancelled) -> None:
    """CancelledError passes through and does not count as a success."""
    seen = cancelled_between_failures
    not_offered_unless(seen.cancelled.admitted, "the call to cancel did not run")
    assert seen.cancelled.error is not None, f"the cancelled call {seen.cancelled.tell()}"
    assert seen.cancelled.error.type == "CancelledError", (
        f"the cancelled call {seen.cancelled.tell()}"
    )
    assert seen.after.rejected, (
        f"with a threshold of two: failure, cancellation, failure; the next call"
        f" {seen.after.tell()}, so the cancellation counted as a success"
    )
    recorded(f"a cancellation {'counts as a failure' if seen.opened else 'is neutral'}")
