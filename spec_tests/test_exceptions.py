"""Exceptions: which count, which pass, and that none is altered."""

import pytest

from grader.history import CallSeen, tell_all
from grader.specification import (
    ATTESTED,
    INFORMATIVE,
    MUST,
    SHOULD,
    blocked_unless,
    not_offered_unless,
    recorded,
    requirement,
)
from spec_tests.scenarios.exceptions import (
    BEYOND,
    BUILTIN_ERRORS,
    CLIENT_ERRORS,
    ODD,
    Cancelled,
    DefaultErrors,
    Errors,
    Excluded,
    InBoth,
    Listed,
    OddErrors,
    OddExclusion,
    OddProbe,
    Weighed,
)
from spec_tests.scenarios.states import Trip


def passed_unaltered(call: CallSeen) -> bool:
    """Whether the caller got the very exception object that the function raised."""
    return call.error is not None and call.error.same and not call.error.cause_changed


def needs_exclusion(exclude_list: Excluded) -> None:
    """Block where even an ordinary type cannot be excluded."""
    calls = (*exclude_list.calls, exclude_list.after)
    blocked_unless(
        all(call.admitted for call in calls),
        "ex-exclude",
        f"failures of excluded types: {tell_all(calls)}",
    )


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
    if seen.between is None:
        return
    if seen.between.rejected:
        recorded("neutral: an excluded exception takes no earlier failure back")
    recorded("as a success: after an excluded exception the failures before it count no more")


@requirement("ex-exclude-probe", MUST, source="R4J, GOB, deer-flow#3991")
def test_an_exception_that_does_not_count_does_not_wedge_half_open(
    trip: Trip, excluded_probe: OddProbe
) -> None:
    """A probe that raises an exception which does not count leaves no breaker stuck half-open."""
    blocked_unless(trip.rejects, "st-open-rejects", "it never rejects a call")
    seen = excluded_probe
    blocked_unless(seen.probe.admitted, "st-recovers-by-itself", f"the probe {seen.probe.tell()}")
    assert all(call.succeeded for call in seen.later), (
        f"a probe raised {seen.error}; good calls until a further open"
        f" period had passed: {tell_all(seen.later)}"
    )


@requirement("ex-baseexception", MUST, source="openmed#3283")
@pytest.mark.parametrize("error", BEYOND)
def test_an_interrupt_passes_and_leaks_no_slot(
    trip: Trip, error: str, beyond_exception: tuple[OddProbe, ...]
) -> None:
    """KeyboardInterrupt, SystemExit and GeneratorExit pass through and leak no probe slot."""
    blocked_unless(trip.rejects, "st-open-rejects", "it never rejects a call")
    seen = next(probe for probe in beyond_exception if probe.error == error)
    blocked_unless(seen.probe.admitted, "st-recovers-by-itself", f"the probe {seen.probe.tell()}")
    assert seen.probe.error is not None and seen.probe.error.type == error, (  # noqa: PT018
        f"the probe raised {error}; it {seen.probe.tell()}"
    )
    assert all(call.succeeded for call in seen.later), (
        f"a probe raised {error}; good calls until a further open period had passed:"
        f" {tell_all(seen.later)}"
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
    recorded("counts as a failure" if seen.at_once.rejected else "neutral: neither of the two")


@requirement("ex-default", SHOULD, source="R4J, fabfuel")
def test_every_exception_counts_by_default(
    default_errors: DefaultErrors, http_clients: tuple[str, ...]
) -> None:
    """Unless told otherwise it counts every exception, or at least those of the HTTP client."""
    trips = default_errors.trips
    if trips["UnrelatedFailure"]:
        left_out = [error for error in BUILTIN_ERRORS if trips.get(error) is False]
        assert not left_out, (
            f"by default an exception of one's own counts, and these do not: {', '.join(left_out)}"
        )
        return
    of_clients = [error for client in http_clients for error in CLIENT_ERRORS.get(client, ())]
    expected = of_clients or list(BUILTIN_ERRORS)
    counted = [error for error in expected if trips[error]]
    assert counted, (
        "an exception of one's own does not count by default, and neither does any of"
        f" {', '.join(expected)}"
    )
    recorded(f"by default it counts {', '.join(counted)}, and no exception of one's own")


@requirement("ex-exclude-wins", SHOULD, source="R4J")
def test_what_is_excluded_does_not_count_though_its_base_does(
    include_and_exclude: InBoth, exclude_list: Excluded
) -> None:
    """An exception that is excluded does not count, even where a base of it is listed to count."""
    seen = include_and_exclude
    not_offered_unless(
        not seen.refused and seen.after and seen.after_counted,
        f"lists that overlap are refused: {seen.refused}",
    )
    assert seen.after is not None and seen.after_counted is not None  # noqa: PT018
    needs_exclusion(exclude_list)
    blocked_unless(
        seen.after_counted.rejected, "ex-include", "failures of the listed type did not trip it"
    )
    assert all(call.admitted for call in (*seen.calls, seen.after)), (
        "failures of an excluded type whose base is listed to count:"
        f" {tell_all((*seen.calls, seen.after))}"
    )


def weight(seen: Weighed) -> str:
    """Return in words what became of an outcome that came one failure before the trip."""
    if seen.at_once.rejected:
        return "counts as a failure"
    return "ignored" if seen.after_failure.rejected else "counts as a success"


@requirement("ex-baseexception-neutral", INFORMATIVE, source="pybreaker, purgatory")
def test_what_an_interrupt_counts_as(interrupt_while_closed: Weighed) -> None:
    """Whether KeyboardInterrupt in a protected call counts as a failure is a choice."""
    seen = interrupt_while_closed
    not_offered_unless(
        seen.raised.admitted and seen.raised.ended, f"the interrupted call {seen.raised.tell()}"
    )
    recorded(f"KeyboardInterrupt while closed: {weight(seen)}")


@requirement("ex-nested-open-error", INFORMATIVE, source="the definition")
def test_what_the_rejection_of_an_inner_breaker_counts_as(nested_rejection: Weighed) -> None:
    """Whether the rejection by an inner breaker counts as a failure of the outer is a choice."""
    seen = nested_rejection
    not_offered_unless(
        seen.raised.admitted and seen.raised.ended, f"the outer call {seen.raised.tell()}"
    )
    recorded(f"the rejection of an inner breaker: {weight(seen)}")


@requirement("ex-odd-exceptions", SHOULD, source="pybreaker", known=ATTESTED)
@pytest.mark.parametrize("kind", ODD)
def test_odd_exceptions_count_and_pass_as_others_do(
    kind: str, odd_errors: dict[str, OddErrors], errors_at_every_stage: Errors
) -> None:
    """Exceptions that are unhashable, that equal others or have a metaclass count as others do."""
    usual = errors_at_every_stage.while_closed
    blocked_unless(
        all(passed_unaltered(call) for call in usual),
        "ex-same-object",
        f"ordinary exceptions: {tell_all(usual)}",
    )
    seen = odd_errors[kind]
    calls = (*seen.calls, seen.after)
    assert all(call.admitted for call in seen.calls), f"exceptions {kind}: {tell_all(calls)}"
    # The error of the tripping call is the affair of `ex-same-object`.
    assert all(passed_unaltered(call) for call in seen.calls[:-1]), (
        f"exceptions {kind}: {tell_all(calls)}"
    )
    assert seen.after.rejected, (
        f"{len(seen.calls)} exceptions {kind}, and the next call {seen.after.tell()}"
    )


@requirement("ex-odd-exceptions", SHOULD, source="pybreaker", known=ATTESTED)
def test_an_excluded_type_with_a_metaclass_excludes_itself_alone(
    odd_exclusion: OddExclusion, exclude_list: Excluded
) -> None:
    """An excluded exception whose class is made by a metaclass excludes nothing but itself."""
    needs_exclusion(exclude_list)
    seen = odd_exclusion
    assert all(call.admitted for call in (*seen.excluded, seen.after_excluded)), (
        "exceptions of an excluded type that is made by a metaclass:"
        f" {tell_all((*seen.excluded, seen.after_excluded))}"
    )
    assert seen.after_failures.rejected, (
        "a type that is made by a metaclass was excluded; after"
        f" {len(seen.failures)} failures of another type the next call"
        f" {seen.after_failures.tell()}"
    )
