"""States and transitions: closed, open, half-open, and the ways between them."""

import re

from grader.binding.vocabulary import unit
from grader.history import CallSeen, tell_all
from grader.specification import (
    ATTESTED,
    MUST,
    SHOULD,
    blocked_unless,
    not_offered_unless,
    recorded,
    requirement,
    unknown_unless,
)
from spec_tests.scenarios.by_hand import ForcedOpen, ManualReset
from spec_tests.scenarios.much_later import MuchLater
from spec_tests.scenarios.remaining_time import Told
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
    unknown_unless(
        trip.before is not None or not trip.unclear,
        f"{trip.unclear} changes with the state, in words that are not understood",
    )
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
    # The call that trips it may well be told of that by the same type.
    own = [call.error for call in trip.failures[:-1] if call.error is not None]
    apart = shared.difference(*(error.dedicated for error in own))
    assert apart, f"a call that ran and failed raised {own[0]}, as rejections do"


@requirement("st-recovers-by-itself", MUST, source="the question, R4J, MON")
def test_the_call_after_the_open_period_is_admitted(
    trip: Trip, recovery: Recovery, a_day_later: MuchLater | None
) -> None:
    """After the open period the next call is admitted, without any manual step."""
    blocked_unless(trip.rejects, "st-open-rejects", "it never rejects a call")
    assert recovery.probe.admitted, (
        f"at 1.05 × the first open period ({recovery.period.tell()}) the call"
        f" {recovery.probe.tell()}"
    )
    late = a_day_later
    assert late is None or late.call.admitted, (
        f"the first open period is {late.period.tell()}; a day and half of it after the trip the"
        f" call {late.call.tell()}"
    )


@requirement("st-not-early", MUST, source="all")
def test_no_call_is_admitted_before_the_open_period_ends(recovery: Recovery) -> None:
    """No call is admitted before the open period ends."""
    assert not recovery.too_early.admitted, (
        f"at 0.9 × the first open period ({recovery.period.tell()}) the call"
        f" {recovery.too_early.tell()}"
    )


@requirement("st-probe-success-closes", MUST, source="all")
def test_a_successful_probe_closes_the_breaker(trip: Trip, recovery: Recovery) -> None:
    """A successful probe, or as many as are configured, closes the breaker."""
    blocked_unless(trip.rejects, "st-open-rejects", "it never rejects a call")
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
def test_after_closing_a_full_threshold_of_failures_is_needed_again(
    trip: Trip, recovery: Recovery
) -> None:
    """After closing, as many fresh failures as before are needed to open it again."""
    blocked_unless(trip.rejects, "st-open-rejects", "it never rejects a call")
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
    assert recovery.after_fresh_failures.succeeded or recovery.like_new, (
        f"{number} failures after it had closed, the next call"
        f" {recovery.after_fresh_failures.tell()}"
    )
    assert recovery.after_trip.rejected, (
        f"{number + 1} failures after it had closed, the next call {recovery.after_trip.tell()}"
    )
    at_once = recovery.trip_at_once_after_close
    assert not at_once or at_once[-1].rejected, (
        f"right after it had closed came {len(at_once) - 1} failures, and the next call"
        f" {at_once[-1].tell()}"
    )


@requirement("st-exactly-once", MUST, source="pybreaker#8, #9")
def test_an_admitted_call_runs_the_function_exactly_once(
    first_call: FirstCall, trip: Trip, recovery: Recovery
) -> None:
    """Each admitted call runs the function exactly once, also the one that begins half-open."""
    calls = [first_call.call, *trip.failures, recovery.probe, *recovery.probes, *recovery.later]
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
    apart = neighbours.apart
    assert apart is not None, (
        f"one breaker was built, and of another built alike the constructor raised"
        f" {neighbours.refused}"
    )
    blocked_unless(apart.tripped_rejects.rejected, "th-exact", "the first did not trip")
    assert apart.other.succeeded, (
        f"one breaker tripped, and a call through another {apart.other.tell()}"
    )
    failures = apart.others_failures
    assert all(call.admitted for call in failures), (
        f"one breaker tripped, and through another came {len(failures) - 1} failures and a"
        f" success: {tell_all(failures)}"
    )
    assert apart.other_state in (None, "closed"), (
        f"one breaker tripped, and another says it is {apart.other_state}"
    )


LEFT = re.compile(
    r"retry_?after|retry_?in|remaining|time_?left|seconds_?left|time_?(un)?til|seconds_?(un)?til"
    r"|wait(_?time|_?for)?(_?(seconds|secs|sec|s|milliseconds|millis|ms))?$"
    r"|(open|recover|reset|available|next_?attempt)\w*_?in(_(seconds|secs|s|milliseconds|ms))?$"
)
"""Names of what is left, in words for a length of time."""
NOT_TIME = re.compile(r"call|attempt|probe|slot|fail|success|count|number|permit|quota|rejection")
WHEN = re.compile(r"(_at|_time|_?until|_?deadline)$")
"""Names of an instant."""
A_SECOND = 1.0
PERIODS_AHEAD = 10
"""While probes run, what is left may be nothing, or what a failed probe would bring, or unclear."""


def lengths_of(call: CallSeen) -> dict[str, float]:
    """Return what a rejection says that may be a length of time, in seconds, by attribute."""
    return {
        name: seconds * unit(name)
        for name, seconds in (call.error.numbers if call.error is not None else {}).items()
        if LEFT.search(name.lower()) and not NOT_TIME.search(name.lower())
    }


def time_left(call: CallSeen) -> tuple[str, float] | None:
    """Return what a rejection says of the time that is left: an attribute, and its seconds."""
    error = call.error
    if error is None:
        return None
    lengths = lengths_of(call)
    instants = {n: s for n, s in error.instants.items() if WHEN.search(n.lower())}
    ranked = sorted(lengths, key=lambda name: ("retry" not in name, name))
    for name in (*ranked, *sorted(instants)):
        return name, {**instants, **lengths}[name]
    return None


@requirement("st-retry-after", SHOULD, source="POL, AKKA, pybreaker#82, aiobreaker", known=ATTESTED)
def test_a_rejection_tells_the_time_that_is_left(rejections_in_time: Told) -> None:
    """A rejection carries the time that is left of the open period, never below zero."""
    seen = rejections_in_time
    calls = ((0.0, seen.at_once), (seen.waited, seen.later))
    blocked_unless(
        all(call.rejected for _, call in calls),
        "st-open-rejects",
        f"during the open period: {tell_all([call for _, call in calls])}",
    )
    told = [(after, time_left(call)) for after, call in calls]
    not_offered_unless(any(left for _, left in told), "a rejection tells no remaining time")
    for after, left in told:
        if left is None:
            continue
        name, seconds = left
        least = 0.95 * (seen.period.low - after) - A_SECOND
        most = 1.05 * ((seen.period.high or seen.period.low) - after) + A_SECOND
        assert seconds >= 0, f"{after:g} s after the trip a rejection tells {name} = {seconds:g} s"
        assert least <= seconds <= most, (
            f"{after:g} s into an open period of {seen.period.tell()} a rejection tells"
            f" {name} = {seconds:g} s"
        )
    beside = time_left(seen.beside_probes) if seen.beside_probes.rejected else None
    if beside is not None and beside[0] in lengths_of(seen.beside_probes):
        name, seconds = beside
        most = PERIODS_AHEAD * (seen.period.high or seen.period.low) + A_SECOND
        assert 0 <= seconds <= most, (
            f"after an open period of {seen.period.tell()}, beside the probes that may run, a"
            f" rejection tells {name} = {seconds:g} s"
        )


MAY_END_IT = {"close", "forceclose", "forceclosed"}
"""Names that may as well mean the end of its use, or closed for good."""


@requirement("st-manual", SHOULD, source="AZ")
def test_a_manual_reset_starts_over(manual_reset: ManualReset, trip: Trip) -> None:
    """A manual reset closes the breaker, forgets the failures and the growth of the open period."""
    seen = manual_reset
    doubtful = seen.method.rpartition(".")[2].replace("_", "").lower() in MAY_END_IT
    closed = seen.state in (None, "closed") and all(call.admitted for call in seen.failures)
    not_offered_unless(
        (closed and not seen.raised) or not doubtful, f"{seen.method}() is not a reset"
    )
    assert not seen.raised, f"{seen.method}() while open raised {seen.raised}"
    assert seen.state in (None, "closed"), f"after {seen.method}() it is {seen.state}"
    number = len(seen.failures)
    assert all(call.admitted for call in (*seen.failures, seen.after_failures)), (
        f"after {seen.method}() came {number} failures and a success:"
        f" {tell_all((*seen.failures, seen.after_failures))}"
    )
    assert all(call.admitted for call in seen.in_between), (
        f"{number} failures, {seen.method}(), {number} failures and a success:"
        f" {tell_all(seen.in_between)}"
    )
    if seen.again is None:
        blocked_unless(
            trip.later[0].rejected, "st-open-rejects", f"after a trip: {tell_all(trip.later)}"
        )
        assert doubtful, f"after {seen.method}() a full threshold of failures does not open it"
        recorded(f"{seen.method}() closes it for good")
    first = seen.first.figure or 0.0
    blocked_unless(first, "st-recovers-by-itself", f"it stayed open for {seen.first.tell()}")
    assert seen.again.within(0.95 * first, 1.05 * first), (
        f"the open period was {seen.first.tell()}, then {seen.grown.tell()}; after"
        f" {seen.method}() it is {seen.again.tell()}"
    )


@requirement("st-manual", SHOULD, source="AZ")
def test_a_breaker_that_was_opened_by_hand_rejects(forced_open: ForcedOpen, trip: Trip) -> None:
    """A breaker that was opened by hand rejects calls."""
    blocked_unless(
        trip.later[0].rejected, "st-open-rejects", f"after a trip: {tell_all(trip.later)}"
    )
    seen = forced_open
    rejects = all(call.rejected for call in seen.calls)
    not_offered_unless(rejects or seen.method != "open", "open() does not mean open by hand")
    assert not seen.raised, f"{seen.method}() raised {seen.raised}"
    assert rejects, f"after {seen.method}() two calls came: {tell_all(seen.calls)}"
