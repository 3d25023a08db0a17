"""Half-open probing: who is admitted, who decides, and that no slot is lost."""

import pytest

from grader.history import Burst, tell_all
from grader.specification import (
    INFORMATIVE,
    MUST,
    SHOULD,
    blocked_unless,
    not_offered_unless,
    recorded,
    requirement,
    unknown_unless,
)
from spec_tests.scenarios.half_open import ENDINGS, Ending, Late, Successes
from spec_tests.scenarios.late_results import DuringProbe
from spec_tests.scenarios.probes import AfterCancellation, Hanging
from spec_tests.scenarios.states import Trip
from spec_tests.scenarios.threads import ThreadProbes

MOST_BY_DEFAULT = 10


def admits_no_more_than_its_limit(burst: Burst) -> bool:
    """Whether a burst kept to the configured limit, or to a sensible one of its own."""
    return burst.running <= (burst.limit or MOST_BY_DEFAULT) and burst.running < burst.callers


def of_limit(burst: Burst) -> str:
    """Return the limit in words."""
    return "no limit configurable" if burst.limit is None else f"limit {burst.limit}"


@requirement("ho-limit", MUST, source="AZ, AKKA, ARR, POL, HYS, GOB, R4J")
def test_at_most_the_configured_number_of_probes_run(
    callers_in_a_row: tuple[Burst, ...], callers_after_a_success: Burst | None
) -> None:
    """While half-open, at most the configured number of calls is in flight."""
    for burst in callers_in_a_row:
        blocked_unless(
            burst.running or burst.waiting, "st-recovers-by-itself", "no probe was admitted"
        )
        assert admits_no_more_than_its_limit(burst), f"{of_limit(burst)}: {burst.tell()}"
        # One alone may be all that it takes to decide, however many are allowed.
        short = 1 < burst.running < (burst.limit or 0)
        assert not short or burst.waiting, f"{of_limit(burst)}: {burst.tell()}"
    further = callers_after_a_success
    assert further is None or further.running <= 1, (
        f"limit 1, three successes asked for, one probe has succeeded: {further.tell()}"
    )


@requirement("ho-fast-reject", MUST, source="AKKA, ARR, POL, FS")
def test_callers_beyond_the_limit_are_rejected_at_once(
    callers_in_a_row: tuple[Burst, ...],
) -> None:
    """Callers beyond the limit are rejected while the probe runs, not queued behind it."""
    for burst in callers_in_a_row:
        blocked_unless(
            burst.running or burst.waiting, "st-recovers-by-itself", "no probe was admitted"
        )
        blocked_unless(
            admits_no_more_than_its_limit(burst), "ho-limit", f"{of_limit(burst)}: {burst.tell()}"
        )
        assert burst.rejected == burst.callers - burst.running, f"{of_limit(burst)}: {burst.tell()}"


@requirement("ho-atomic", MUST, source="ldbc#731, AirMCP#249, POL#216")
def test_the_limit_holds_for_callers_in_one_tick(
    callers_in_one_tick: tuple[Burst, ...],
    callers_in_a_row: tuple[Burst, ...],
    probes_among_threads: ThreadProbes,
) -> None:
    """The limit holds, too, when all callers arrive in one tick, be they tasks or threads."""
    for burst in callers_in_a_row:
        blocked_unless(
            burst.running or burst.waiting, "st-recovers-by-itself", "no probe was admitted"
        )
        blocked_unless(
            admits_no_more_than_its_limit(burst), "ho-limit", f"{of_limit(burst)}: {burst.tell()}"
        )
    for burst in callers_in_one_tick:
        assert admits_no_more_than_its_limit(burst), f"{of_limit(burst)}: {burst.tell()}"
    crowd, pair = probes_among_threads.crowd, probes_among_threads.pair
    assert crowd is None or admits_no_more_than_its_limit(crowd), (
        f"of threads, {of_limit(crowd)}: {crowd.tell()}"
    )
    if pair is not None:
        unknown_unless(not pair.doubt, pair.doubt)
        assert not pair.differing, (
            f"limit 1, yet two threads were in their functions at once: {pair.tell()}"
        )


@requirement("ho-success-threshold", MUST, source="AZ, FS, interlock")
def test_it_closes_on_the_configured_success_and_not_before(enough_successes: Successes) -> None:
    """With a success threshold, it closes on that success and not before."""
    seen = enough_successes
    blocked_unless(
        seen.probes[0].admitted, "st-recovers-by-itself", f"the probe {seen.probes[0].tell()}"
    )
    assert all(call.succeeded for call in seen.probes), (
        f"{seen.wanted} successes asked for, as many probes: {tell_all(seen.probes)}"
    )
    blocked_unless(None not in seen.states, "st-three-states", "the state cannot be read")
    assert "closed" not in seen.states[:-1], (
        f"{seen.wanted} successes asked for; after each the state was"
        f" {', '.join(map(str, seen.states))}"
    )
    assert seen.states[-1] == "closed", (
        f"{seen.wanted} successes asked for; after the last the state is {seen.states[-1]}"
    )


@requirement("ho-success-reset", MUST, source="AZ")
def test_successes_are_counted_anew_in_each_round(success_in_two_rounds: Successes) -> None:
    """The count of successes starts at zero in each half-open round."""
    seen = success_in_two_rounds
    blocked_unless(
        seen.probes[0].admitted, "st-recovers-by-itself", f"the probe {seen.probes[0].tell()}"
    )
    after = seen.after_failure
    blocked_unless(
        after is not None and after.rejected,
        "st-probe-failure-reopens",
        f"after a failed probe the next call {after.tell() if after else 'was not made'}",
    )
    blocked_unless(
        seen.probes[2].succeeded,
        "st-probe-failure-reopens",
        f"the first probe of the second round {seen.probes[2].tell()}",
    )
    blocked_unless(None not in seen.states, "st-three-states", "the state cannot be read")
    assert seen.states[-1] != "closed", (
        "two successes asked for: one in a round that failed and one in the next closed it"
    )


@requirement("ho-slot-released", MUST, source="HYS, monix#1080")
@pytest.mark.parametrize("ending", ENDINGS)
def test_a_slot_is_returned_however_the_probe_ends(
    trip: Trip, ending: str, endings: tuple[Ending, ...]
) -> None:
    """However a probe ends, its slot is returned: the breaker can still close."""
    blocked_unless(trip.rejects, "st-open-rejects", "it never rejects a call")
    seen = next((e for e in endings if e.ending == ending), None)
    if seen is None:
        not_offered_unless(condition=False, explanation=f"a probe cannot end by {ending}")
        return
    blocked_unless(seen.probe.admitted, "st-recovers-by-itself", f"the probe {seen.probe.tell()}")
    assert seen.later, f"after a probe that ended by {ending} no call was made"
    assert all(call.succeeded for call in seen.later), (
        f"a probe ended by {ending}; good calls until a further open period had passed:"
        f" {tell_all(seen.later)}"
    )


@requirement("ho-cancel", MUST, source="maverick-mcp#272, litellm#39701, openmed#3283")
def test_a_cancelled_probe_does_not_leave_it_stuck(trip: Trip, endings: tuple[Ending, ...]) -> None:
    """A cancelled probe does not leave the breaker stuck."""
    blocked_unless(trip.rejects, "st-open-rejects", "it never rejects a call")
    seen = next((e for e in endings if e.ending == "cancellation"), None)
    if seen is None:
        not_offered_unless(condition=False, explanation="there is no asynchronous call to cancel")
        return
    blocked_unless(seen.probe.admitted, "st-recovers-by-itself", f"the probe {seen.probe.tell()}")
    assert all(call.succeeded for call in seen.later), (
        "a probe was cancelled; good calls until a further open period had passed:"
        f" {tell_all(seen.later)}"
    )


@requirement("ho-late-loser", MUST, source="GOB")
def test_a_late_success_does_not_close_what_a_failed_probe_reopened(late_loser: Late) -> None:
    """After one probe failed, the success of another in the same round does not close it."""
    seen = late_loser
    blocked_unless(
        seen.after_failure.rejected,
        "st-probe-failure-reopens",
        f"after the failed probe the next call {seen.after_failure.tell()}",
    )
    assert seen.after_late_success.rejected, (
        f"one probe failed, then another succeeded; the next call {seen.after_late_success.tell()}"
    )


@requirement("ho-cancel-not-close", SHOULD, source="POL, fabfuel")
def test_a_cancelled_probe_does_not_close_it(cancelled_probe: AfterCancellation) -> None:
    """A cancelled probe proves nothing: right after it callers are still limited or rejected."""
    seen = cancelled_probe
    blocked_unless(seen.probe.admitted, "st-recovers-by-itself", f"the probe {seen.probe.tell()}")
    blocked_unless(
        seen.probe.ended, "as-cancel-propagates", f"the cancelled probe {seen.probe.tell()}"
    )
    unknown_unless(
        seen.closed is not None,
        "one failure trips it, so that closed and half-open without a limit look alike",
    )
    assert not seen.closed, (
        f"a probe was cancelled; right after that {seen.burst.tell()}, and one failure of them"
        " did not reopen it: closed"
    )
    recorded(f"after a cancelled probe: {seen.tell()}; {seen.burst.tell()}")


@requirement("ho-hung-probe", INFORMATIVE, source="R4J, OpenViking#3717, POL#216")
def test_what_a_probe_that_never_returns_does(trip: Trip, hanging_probe: Hanging) -> None:
    """A probe that never returns does not make the breaker reject for ever."""
    blocked_unless(trip.rejects, "st-open-rejects", "it never rejects a call")
    seen = hanging_probe
    blocked_unless(seen.probes, "st-recovers-by-itself", f"the first probe {seen.beside.tell()}")
    if seen.beside.running:
        recorded("a hanging probe keeps nobody out: callers are admitted beside it without a limit")
    if seen.beside.waiting:
        recorded("callers wait inside the breaker behind a probe that hangs")
    if seen.admitted_after is None:
        recorded("a probe that hangs keeps its slot: callers were rejected for an hour")
    given_up = " (the breaker ends the call itself)" if all(p.ended for p in seen.probes) else ""
    recorded(
        f"while a probe hangs callers are rejected after {seen.rejected_until:g} s and"
        f" admitted after {seen.admitted_after:g} s{given_up}"
    )


@requirement("ho-stale", SHOULD, source="GOB, NeMo-Agent-Toolkit#2158, deer-flow#5602, POL#223")
def test_a_call_from_before_the_round_does_not_decide_it(
    late_results_during_a_probe: tuple[DuringProbe, ...],
) -> None:
    """A call that was admitted before this half-open round neither decides it nor has a slot."""
    *rounds, without = late_results_during_a_probe
    blocked_unless(without.probes, "st-recovers-by-itself", "no probe was admitted")
    blocked_unless(
        not without.effect,
        "st-probe-success-closes" if without.after_probes else "st-probe-failure-reopens",
        f"already without a late result: after the probes {tell_all(without.after_probes)};"
        f" a failure beside them {without.next.tell()}, and the next call {without.later.tell()}",
    )
    effects = [f"a late {seen.planned} {seen.effect or 'decides nothing'}" for seen in rounds]
    told = f"with a probe in flight {', '.join(effects)}"
    assert not any(seen.effect for seen in rounds), told
    recorded(told)
