"""Metrics that are told as samples are read by name and label, but for the breaker's own name."""

from typing import Any

import pytest

from grader.worker.wire import flatten


class Breaker:
    name = "graded_3"


TEXT = """# TYPE calls_total counter
calls_total{name="graded_3",outcome="success"} 2
calls_total{name="graded_3",outcome="failure"} 1
transitions_total{name="graded_3"} 4
"""
FAMILIES = [
    (
        "calls_total",
        "counter",
        "Calls by outcome",
        [
            ({"name": "graded_3", "outcome": "success"}, 2),
            ({"name": "graded_3", "outcome": "failure"}, 1),
        ],
    ),
    ("transitions_total", "counter", "Changes of state", [({"name": "graded_3"}, 4)]),
]


def without_lengths(flat: dict[str, Any]) -> dict[str, Any]:
    return {path: value for path, value in flat.items() if not path.endswith("#")}


@pytest.mark.parametrize("told", [TEXT, FAMILIES], ids=["text", "families"])
def test_the_name_of_the_breaker_is_no_label(told: Any) -> None:
    assert without_lengths(flatten(told, Breaker())) == {
        "calls_total.outcome=success": 2,
        "calls_total.outcome=failure": 1,
        "transitions_total": 4,
    }


def test_the_names_of_others_are_labels() -> None:
    found = flatten([("calls", [({"name": "other"}, 1), ({"name": "graded_3"}, 2)])], Breaker())
    assert without_lengths(found) == {"calls.name=other": 1, "calls": 2}


@pytest.mark.parametrize("told", [[("a", 1), 2], [(1, 2)], [()], [("closed", "open", 3.5)]])
def test_a_sequence_of_anything_else_has_only_a_length(told: Any) -> None:
    assert flatten(told) == {"#": len(told)}
