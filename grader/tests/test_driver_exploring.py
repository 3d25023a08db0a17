"""What a worker says of explored schedules is taken for no more than it is."""

from typing import Any

import pytest

from grader.binding.model import Binding, Constructor, Surface
from grader.conversation.failures import Misspoke
from grader.driver.exploring import explore
from grader.driver.lab import Lab
from grader.history import Explored
from grader.tests.driver_helpers import asked, say, talking_to

SURFACE = Surface(style="call", mode="sync", name="call")
BINDING = Binding(constructor=Constructor(call="made:Breaker"), surfaces=(SURFACE,))


def explored(value: Any) -> Explored:
    """Explore with a worker that answers this."""

    def peer(sock: Any) -> None:
        say(sock, id=asked(sock)["id"], now=0)  # the laboratory sets its luck first
        say(sock, id=asked(sock)["id"], now=0, value=value)

    with talking_to(peer) as worker:
        lab = Lab(worker, BINDING, seed=0)
        return explore(lab, SURFACE, ("rejects", "failures"), planned="return")


def test_what_is_looked_at_and_can_be_is_told() -> None:
    found = explored({"sequence": {"rejects": True}, "schedules": 3, "exhausted": True})
    assert found.sequence == {"rejects": True}, "there are no metrics to tell failures by"
    assert found.doubt == ""


@pytest.mark.parametrize(
    ("value", "breach"),
    [
        ({}, "answered with something else than was asked for"),
        ({"sequence": {}}, "answered with something else than was asked for"),
        ({"sequence": {}, "schedules": 3}, "left out what was to be looked at"),
    ],
)
def test_an_answer_that_lacks_something_is_a_breach(value: Any, breach: str) -> None:
    with pytest.raises(Misspoke, match=breach):
        explored(value)
