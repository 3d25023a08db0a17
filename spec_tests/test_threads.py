"""Threads and callbacks: nothing is lost, nothing is told twice, nobody waits for himself."""

from grader.history import Explored, tell_all
from grader.specification import (
    ATTESTED,
    MUST,
    SHOULD,
    blocked_unless,
    not_offered_unless,
    requirement,
    unknown_unless,
)
from spec_tests.scenarios.listeners import Looking, Raising
from spec_tests.scenarios.threads import Crowd, Nested, Overlap

AREA = "robustness"


@requirement(
    "ts-no-lost-updates",
    SHOULD,
    source="fabfuel#61, qwen-web-arwaky#263, code_puppy#273",
    known=ATTESTED,
)
def test_failures_of_two_threads_both_count(two_failures_in_schedules: Explored) -> None:
    """Whatever the order of their steps, the failures of two threads both count."""
    seen = two_failures_in_schedules
    unknown_unless(not seen.doubt, seen.doubt)
    blocked_unless(
        seen.sequence["rejects"] is True,
        "th-exact",
        "it did not open by the failures of two threads one after the other",
    )
    wanted, found = seen.sequence, seen.differing
    assert found.get("rejects", True) is True, (
        "two failures were missing to the threshold and two threads failed once each, yet it is"
        f" not open: {seen.tell()}"
    )
    assert not found, (
        "two threads failed once each; one after the other that makes"
        f" {wanted.get('failures')} failures, here it made {found.get('failures')}: {seen.tell()}"
    )


@requirement("ts-single-trip", MUST, source="POL#217, POL#223", known=ATTESTED)
def test_failures_at_once_trip_it_once(crowd_of_failures: tuple[Crowd, ...]) -> None:
    """Many calls that fail at once open it once, and that is counted and told once."""
    told = [
        crowd
        for crowd in crowd_of_failures
        if crowd.opened_one_by_one or crowd.transitions_one_by_one is not None
    ]
    not_offered_unless(told, "neither a listener nor a metric tells how often it changed state")
    in_threads = any(c.mode == "sync" and c.after.rejected for c in told)
    for crowd in told:
        kind = "threads" if crowd.mode == "sync" else "tasks"
        blocked_unless(
            crowd.together == len(crowd.calls),
            "ts-overlap" if crowd.mode == "sync" else "as-concurrent",
            f"of {len(crowd.calls)} calls {crowd.together} ran together",
        )
        if in_threads and crowd.mode == "async" and not crowd.after.rejected:
            continue  # it only hands the coroutine through: that is for `as-awaited` to say
        blocked_unless(crowd.after.rejected, "th-exact", "it did not open")
        assert crowd.opened == crowd.opened_one_by_one, (
            f"{len(crowd.calls)} {kind} failed at once and a listener was told {crowd.opened} times"
            f" that it opened; after failures one by one {crowd.opened_one_by_one} times"
        )
        assert crowd.transitions == crowd.transitions_one_by_one, (
            f"{len(crowd.calls)} {kind} failed at once and the metrics count"
            f" {crowd.transitions} changes of state; failures one by one count"
            f" {crowd.transitions_one_by_one}"
        )


@requirement("ts-overlap", MUST, source="pybreaker#3")
def test_a_slow_call_does_not_delay_other_threads(slow_thread: Overlap) -> None:
    """Calls of threads overlap: a slow one delays neither others nor their rejection."""
    seen = slow_thread
    assert all(call.running for call in seen.together), (
        f"two threads call at once: {tell_all(seen.together)}"
    )
    assert all(call.ended for call in seen.tripping), (
        f"while one call is slow others fail: {tell_all(seen.tripping)}"
    )
    after = seen.after_trip
    if after is not None:
        assert after.ended, (
            f"while one call is slow others fail until it should open; the next call {after.tell()}"
        )
        blocked_unless(after.rejected, "th-exact", f"it did not open: the next call {after.tell()}")


@requirement("ts-reentrant", MUST, source="interlock, httpware")
def test_a_call_inside_a_call_does_not_deadlock(
    nested_calls: tuple[Nested, ...], listener_that_looks: tuple[Looking, ...]
) -> None:
    """A protected function or a listener may use the breaker; nobody waits for itself."""
    for seen in nested_calls:
        kind = "thread" if seen.mode == "sync" else "task"
        assert seen.inner.ended, (
            f"the function of a {kind}'s call makes another call through the same breaker, which"
            f" {seen.inner.tell()}"
        )
        assert seen.outer.ended, (
            f"the function of a {kind}'s call made another call through the same breaker, and"
            f" itself {seen.outer.tell()}"
        )
    for look in listener_that_looks:
        assert look.inner is None or look.inner.ended, (
            f"a listener {look.doing} while it is told of the trip: its call {look.inner.tell()}"
        )
        assert look.tripping.ended, (
            f"a listener {look.doing} while it is told of the trip: the tripping call"
            f" {'is held up for ever' if look.tripping.running else look.tripping.tell()}"
        )


@requirement("ts-listener-raises", SHOULD, source="pybreaker")
def test_a_raising_listener_changes_nothing(listener_that_raises: Raising) -> None:
    """A listener that raises changes neither the state nor what the caller gets."""
    seen = listener_that_raises
    blocked_unless(
        seen.tripping_without.ended, "th-exact", f"a tripping call {seen.tripping_without.tell()}"
    )
    assert seen.tripping.tell() == seen.tripping_without.tell(), (
        f"the tripping call {seen.tripping_without.tell()}; where the listener raises it"
        f" {seen.tripping.tell()}"
    )
    assert seen.after_trip.rejected, (
        f"the listener raised at the trip, and the next call {seen.after_trip.tell()}"
    )
    assert all(call.succeeded for call in seen.probes), (
        f"the listener raises; good calls once the open period is over: {tell_all(seen.probes)}"
    )
    assert seen.state in (None, "closed"), (
        f"the listener raises; after {len(seen.probes)} good calls the state is {seen.state}"
    )
