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
    counted = [c for c in crowd_of_failures if c.transitions is not None]
    not_offered_unless(counted, "neither a listener nor a metric tells how often it changed state")
    for crowd in counted:
        kind = "threads" if crowd.mode == "sync" else "tasks"
        blocked_unless(
            crowd.together == len(crowd.calls),
            "ts-overlap" if crowd.mode == "sync" else "as-concurrent",
            f"of {len(crowd.calls)} calls {crowd.together} ran together",
        )
        blocked_unless(crowd.after.rejected, "th-exact", "it did not open")
        assert crowd.transitions == crowd.transitions_one_by_one, (
            f"{len(crowd.calls)} {kind} failed at once and the metrics count"
            f" {crowd.transitions:g} changes of state; failures one after the other count"
            f" {crowd.transitions_one_by_one or 0:g}"
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
    assert after is not None and after.ended, (
        "while one call is slow others fail until it should open; the next call"
        f" {after.tell() if after else 'was not made'}"
    )
    blocked_unless(after.rejected, "th-exact", f"it did not open: the next call {after.tell()}")


@requirement("ts-reentrant", MUST, source="interlock, httpware")
def test_a_call_inside_a_call_does_not_deadlock(nested_calls: tuple[Nested, ...]) -> None:
    """A protected function may call through the same breaker; nobody waits for himself."""
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
