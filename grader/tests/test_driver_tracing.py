"""What a timeline keeps of the calls of a scenario, and in which order."""

from types import SimpleNamespace
from typing import Any

from grader.driver.tracing import Trace
from grader.history import CallSeen
from grader.timeline import Timeline


def burst_of_three(winner: int) -> Timeline:
    """Return the timeline of a failure and three callers at once, of whom one gets in."""
    trace = Trace()
    trace.built("b1", {"threshold": 1})
    trace.requested("call", {"breaker": "b1", "call": 1}, 0.0)
    trace.requested("burst", {"breaker": "b1", "calls": [2, 3, 4]}, 10.0)
    calls: dict[int, Any] = {
        1: CallSeen(number=1, asked_at=0.0, entered_at=0.0, entries=1, ended_at=0.0, how="raised")
    }
    for number in (2, 3, 4):
        calls[number] = (
            CallSeen(number=number, asked_at=10.0, entered_at=10.0, entries=1)
            if number == winner
            else CallSeen(number=number, asked_at=10.0, ended_at=10.0, how="raised")
        )
    seen = {number: SimpleNamespace(seen=call) for number, call in calls.items()}
    (timeline,) = trace.timelines(seen, {"threshold"})  # type: ignore[arg-type]
    return timeline


def test_whichever_thread_gets_in_first_the_timeline_is_the_same() -> None:
    first, *others = (burst_of_three(winner) for winner in (2, 3, 4))
    assert [call.ran for call in first.calls] == [0.0, 10.0, None, None]
    assert others == [first, first]


def test_calls_made_one_after_the_other_keep_their_order() -> None:
    trace = Trace()
    trace.built("b1", {})
    for number in (1, 2):
        trace.requested("call", {"breaker": "b1", "call": number}, 0.0)
    rejected = CallSeen(number=1, asked_at=0.0, ended_at=0.0, how="raised")
    admitted = CallSeen(number=2, asked_at=0.0, entered_at=0.0, entries=1)
    calls = {1: SimpleNamespace(seen=rejected), 2: SimpleNamespace(seen=admitted)}
    (timeline,) = trace.timelines(calls, set())  # type: ignore[arg-type]
    assert [call.ran for call in timeline.calls] == [None, 0.0]
