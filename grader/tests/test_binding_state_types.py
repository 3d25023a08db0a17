"""A type that names the states is told by words that are known, or that were learnt."""

from textwrap import dedent

import pytest

from grader.tests.driver_helpers import candidate_of
from spec_tests.scenarios.state_types import states

LEARNT = ("green", "red")
NAMING = {
    "Light": """
        class Light:
            GO, STOP = 1, 2
            A = "green"
            B = "red"
            C = "amber"
    """,
    "Literal": """
        from typing import Literal
        Light = Literal["green", "amber", "red"]
    """,
    "Green, Red": """
        class Phase: pass
        class Green(Phase): pass
        class Amber(Phase): pass
        class Red(Phase): pass
    """,
    "Go, Stop": """
        class Go:
            value = "green"
        class Wait:
            value = "amber"
        class Stop:
            def __init__(self):
                self.value = "red"
    """,
    "GO, STOP": 'GO, STOP, SLOW = "green", "red", "amber"',
}


@pytest.mark.parametrize("named", NAMING)
def test_a_type_that_holds_the_words_that_were_learnt_names_the_states(named: str) -> None:
    candidate = candidate_of(dedent(NAMING[named]))
    assert states((), candidate, LEARNT) == named
    assert states((), candidate, ()) == ""


USED = """
class CircuitBreaker:
    def trip(self):
        self.light = "red"
    def mend(self):
        self.light = "green"
class Config: pass
class Metrics: pass
"""


@pytest.mark.parametrize(
    "source",
    [
        USED,
        "class Colour:\n    GREEN = 'green'\n    RED = 'red'",
        "LIGHTS = {0: 'green', 1: 'red', 2: 'amber'}",
        "class Rank:\n    A = '0'\n    B = '1'\n    C = '2'",
    ],
    ids=["words in the code", "two of three", "a mapping", "numbers"],
)
def test_what_only_uses_the_words_is_no_type_of_states(source: str) -> None:
    learnt = ("0", "1") if "Rank" in source else LEARNT
    assert states((), candidate_of(source), learnt) == ""
