"""States and transitions: closed, open, half-open, and the ways between them."""

from grader.history import tell_all
from grader.specification import ATTESTED, MUST, blocked_unless, not_offered_unless, requirement
from spec_tests.scenarios.states import (
    FailedProbe,
    FirstCall,
    Neighbours,
    Recovery,
    Rejections,
    SlowTrip,
    Trip,
    Walk,
)


@requirement("st-initial-closed", MUST, source="FOW, AZ")
def test_a_new_breaker_is_closed_and_passes_calls_through_unchanged(first_call: FirstCall) -> None:
    """A breaker starts closed, and hands arguments and the return value through unchanged."""
    call = first_call.call
    assert call.succeeded, f"the first call {call.tell()}"
    assert call.arguments == first_call.arguments, (
        f"called with {first_call.arguments}, the function received {call.arguments}"
    )
    assert call.keywords == first_call.keywords, (
        f"called with {first_call.keywords}, the function received {call.keywords}"
    )
    assert first_call.state in (None, "closed"), f"a new breaker says it is {first_call.state}"


@requirement("st-three-states", MUST, source="the question", known=ATTESTED)
def test_three_states_are_exposed_in_order(trip: Trip, recovery: Recovery) -> None:
    """Closed before, open after the trip, half-open in a probe: the states can be told apart."""
    assert trip.before is not None, "no attribute or method tells the state"
    assert trip.before == "closed", f"before any call the state is {trip.before}"
    assert trip.after in ("open", None), f"after the trip the state is {trip.after}"
    blocked_unless(recovery.probe.admitted, "st-recovers-by-itself", "no probe was admitted")
    assert trip.after == "open", "after the trip no state can be read"
    assert recovery.state_in_probe == "half_open", (
        f"while a probe is in flight the state is {recovery.state_in_probe}, not half-open"
    )


@requirement("st-open-rejects", MUST, source="FOW, AZ")
def test_an_open_breaker_rejects_without_running_the_function(trip: Trip) -> None:
    """While open, calls are rejected and the protected function is not run."""
    blocked_unless(
        trip.after != "closed" or any(call.rejected for call in trip.later),
        "th-exact",
        "it did not open",
    )
    assert not any(call.admitted for call in trip.later), (
        f"right after the trip three calls came: {tell_all(trip.later)}"
    )
    assert all(call.rejected for call in trip.later), (
        f"right after the trip three calls came: {tell_all(trip.later)}"
    )


@requirement("st-open-error-distinct", MUST, source="AZ, POL, AKKA", known=ATTESTED)
def test_a_rejection_can_be_told_from_the_calls_own_errors(trip: Trip) -> None:
    """Every rejection is an instance of one dedicated type, defined for that purpose."""
    rejections = [call for call in trip.later if call.rejected]
    blocked_unless(rejections, "st-open-rejects", "nothing was rejected")
    errors = [call.error for call in rejections if call.error is not None]
    if all(call.how == "refused" for call in rejections):
        return
    shared = set.intersection(*(set(error.dedicated) for error in errors))
    assert shared, (
        "rejections raised "
        + ", ".join(sorted({str(e) for e in errors}))
        + ": not a type of its own"
    )


@requirement("st-recovers-by-itself", MUST, source="the question, R4J, MON")
def test_the_call_after_the_open_period_is_admitted(recovery: Recovery) -> None:
    """After the open period the next call is admitted, without any manual step."""
    assert recovery.probe.admitted, (
        f"at 1.05 × the first open period ({recovery.period.tell()}) the call"
        f" {recovery.probe.tell()}"
    )


@requirement("st-not-early", MUST, source="all")
def test_no_call_is_admitted_before_the_open_period_ends(recovery: Recovery) -> None:
    """No call is admitted before the open period ends."""
    assert not recovery.too_early.admitted, (
        f"at 0.9 × the first open period ({recovery.period.tell()}) the call"
        f" {recovery.too_early.tell()}"
    )


@requirement("st-probe-success-closes", MUST, source="all")
def test_a_successful_probe_closes_the_breaker(recovery: Recovery) -> None:
    """A successful probe, or as many as are configured, closes the breaker."""
    blocked_unless(recovery.probe.admitted, "st-recovers-by-itself", "no probe was admitted")
    assert recovery.probe.succeeded, f"the probe {recovery.probe.tell()}"
    assert recovery.state_after in (None, "closed"), (
        f"after {1 + len(recovery.probes)} successful probes the state is {recovery.state_after}"
    )
    assert all(call.succeeded for call in recovery.later), (
        f"six calls after it closed: {tell_all(recovery.later)}"
    )


@requirement("st-probe-failure-reopens", MUST, source="AZ, FOW, GOB, POL")
def test_one_failed_probe_reopens_at_once(failed_probes: tuple[FailedProbe, ...]) -> None:
    """One failed probe opens the breaker again at once, whatever the failure threshold is."""
    for seen in failed_probes:
        blocked_unless(
            seen.probe.admitted, "st-recovers-by-itself", f"the probe {seen.probe.tell()}"
        )
        assert seen.next.rejected, (
            f"{seen.waited:g} open periods after the trip a probe failed; the next call"
            f" {seen.next.tell()} instead of being rejected"
        )


LEGAL = {
    ("closed", "open"),
    ("open", "half_open"),
    ("half_open", "closed"),
    ("half_open", "open"),
    # Seen between two looks: a probe came and went in between.
    ("open", "closed"),
}


@requirement("st-legal-edges", MUST, source="R4J", known=ATTESTED)
def test_only_legal_transitions_happen(walk: Walk) -> None:
    """The state only goes from closed to open, to half-open, and from there to closed or open."""
    not_offered_unless("" not in walk.states, "the state cannot be read")
    changes = [(a, b) for a, b in zip(walk.states, walk.states[1:], strict=False) if a != b]
    blocked_unless(changes, "th-exact", "the state never changed")
    assert ("closed", "open") in changes, f"it never opened; it went {sorted(set(changes))}"
    illegal = sorted(set(changes) - LEGAL)
    assert not illegal, f"it went from {illegal[0][0]} to {illegal[0][1]}"


@requirement("st-counters-reset", MUST, source="AZ, HYS")
def test_after_closing_a_full_threshold_of_failures_is_needed_again(recovery: Recovery) -> None:
    """After closing, as many fresh failures as before are needed to open it again."""
    blocked_unless(
        all(call.succeeded for call in recovery.later) and recovery.state_after in (None, "closed"),
        "st-probe-success-closes",
        "it did not close",
    )
    early = recovery.at_once_after_close
    assert all(call.admitted for call in early), (
        f"right after it had closed came {len(early) - 1} failures and a success: {tell_all(early)}"
    )
    number = len(recovery.fresh_failures)
    assert recovery.after_fresh_failures.succeeded, (
        f"{number} failures after it had closed, the next call"
        f" {recovery.after_fresh_failures.tell()}"
    )
    assert recovery.after_trip.rejected, (
        f"{number + 1} failures after it had closed, the next call {recovery.after_trip.tell()}"
    )


@requirement("st-exactly-once", MUST, source="pybreaker#8, #9")
def test_an_admitted_call_runs_the_function_exactly_once(
    first_call: FirstCall, recovery: Recovery
) -> None:
    """Each admitted call runs the function exactly once, also the one that begins half-open."""
    calls = [first_call.call, recovery.probe, *recovery.probes, *recovery.later]
    admitted = [call for call in calls if call.admitted]
    blocked_unless(admitted, "de-breaker", "no call ran the function")
    twice = [call for call in admitted if call.entries != 1]
    assert not twice, f"one call ran the function {twice[0].entries} times"
    blocked_unless(recovery.probe.admitted, "st-recovers-by-itself", "no probe was admitted")


@requirement("st-opened-at-trip", MUST, source="denoland/std#7097")
def test_the_open_period_starts_when_the_failure_is_recorded(slow_trip: SlowTrip) -> None:
    """The open period starts when the tripping failure is recorded, not when its call began."""
    blocked_unless(slow_trip.slow.ended, "as-concurrent", f"the slow call {slow_trip.slow.tell()}")
    at_once = slow_trip.at_once
    assert at_once.rejected, (
        f"right after a slow call had tripped it, the next call {at_once.tell()}"
    )
    later = slow_trip.half_a_period_later
    assert later.rejected, (
        f"half an open period after a slow call had tripped it, the next call {later.tell()}"
    )


@requirement("st-rejections-dont-extend", MUST, source="agri#1589, spring-retry#99")
def test_rejections_do_not_extend_the_open_period(rejections_while_open: Rejections) -> None:
    """Rejected calls do not restart the open period."""
    seen = rejections_while_open
    blocked_unless(
        all(call.rejected for call in seen.rejections),
        "st-not-early",
        f"during the open period: {tell_all(seen.rejections)}",
    )
    assert seen.due.admitted, (
        f"after nine rejections, at 1.05 × the open period ({seen.period.tell()}), the call"
        f" {seen.due.tell()}"
    )


@requirement("st-isolated", MUST, source="the definition")
def test_breakers_do_not_share_their_state(neighbours: Neighbours) -> None:
    """Two breakers that are built alike do not share state."""
    blocked_unless(neighbours.tripped_rejects.rejected, "th-exact", "the first did not trip")
    assert neighbours.other.succeeded, (
        f"one breaker tripped, and a call through another {neighbours.other.tell()}"
    )
    failures = neighbours.others_failures
    assert all(call.admitted for call in failures), (
        f"one breaker tripped, and through another came {len(failures) - 1} failures and a"
        f" success: {tell_all(failures)}"
    )
    assert neighbours.other_state in (None, "closed"), (
        f"one breaker tripped, and another says it is {neighbours.other_state}"
    )
