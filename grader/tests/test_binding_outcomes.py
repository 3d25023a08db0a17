"""A context manager that never trips may have to be told how its block went."""

import msgspec
import pytest

from grader.binding.model import Binding, Constructor, Surface
from grader.binding.outcomes import unless_told
from grader.tests.driver_helpers import candidate_of

CONTEXT = Surface(style="context", mode="sync", name="attempt", parentheses=True)
NEVER_TRIPS = Binding(constructor=Constructor(call="cand_made:Fuse"), surfaces=(CONTEXT,))
BLOCK = "with fuse.attempt() as outcome:\n    response = send()\n    "


@pytest.mark.parametrize(
    "line", ["outcome.good = True", "outcome.record_success()", "outcome.failure(error)"]
)
def test_where_its_author_tells_it_the_grader_does_not_know_how(line: str) -> None:
    found = unless_told(NEVER_TRIPS, candidate_of(BLOCK + line))
    assert (found.works, found.sure) == (False, False)
    assert found.first_call == "has to be told how it went"


@pytest.mark.parametrize("line", ["log(outcome.attempts)", "outcome.get(url)", "other.good = True"])
def test_where_nobody_tells_it_a_breaker_that_never_trips_is_one(line: str) -> None:
    assert unless_told(NEVER_TRIPS, candidate_of(BLOCK + line)) == NEVER_TRIPS


def test_one_that_trips_has_to_be_told_nothing() -> None:
    trips = msgspec.structs.replace(NEVER_TRIPS, trips_at=3)
    assert unless_told(trips, candidate_of(BLOCK + "outcome.good = True")) == trips


def test_one_that_is_called_is_told_by_what_the_call_does() -> None:
    call = Surface(style="call", mode="sync", name="call")
    called = msgspec.structs.replace(NEVER_TRIPS, surfaces=(call, CONTEXT))
    assert unless_told(called, candidate_of(BLOCK + "outcome.good = True")) == called
