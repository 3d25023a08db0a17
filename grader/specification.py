"""The vocabulary that the specification is written with.

A *scenario* plays a situation once per candidate and returns what was seen, as
a frozen value. A *requirement* is a pytest test that judges such values: its
docstring is the normative sentence, its mark carries id and level, its module
is the area: `test_half_open.py` is `half-open`, unless the module names another
one (`AREA = "robustness"`).
"""

import inspect
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

import msgspec
import pytest

from grader.conversation.failures import Blocked, NotOffered, Recorded, Unknown
from grader.results import Untested
from grader.verdicts import Known, Level

MUST, SHOULD, INFORMATIVE = Level.MUST, Level.SHOULD, Level.INFORMATIVE
OBSERVED, ATTESTED = Known.OBSERVED, Known.ATTESTED

__all__ = [
    "ATTESTED",
    "INFORMATIVE",
    "MUST",
    "OBSERVED",
    "PREREQUISITES",
    "SHOULD",
    "SOURCES",
    "UNTESTED",
    "Row",
    "Scenario",
    "blocked_unless",
    "cite",
    "needs",
    "not_offered_unless",
    "recorded",
    "requirement",
    "row_of",
    "scenario",
    "static_scenario",
    "unknown_unless",
    "untested",
]

Test = TypeVar("Test", bound=Callable[..., Any])
MARK = "requirement"


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One requirement, as its test declares it."""

    id: str
    level: Level
    area: str
    sentence: str
    source: str
    known: Known


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """A situation that is played once per candidate."""

    name: str
    play: Callable[..., Any]
    """Takes a `grader.driver.lab.Lab`, or a `grader.bench.Bench` where it is static."""
    static: bool
    result: Any
    """The type of what it returns."""


SCENARIOS: dict[str, Scenario] = {}
"""Every scenario by the name of its fixture."""

UNTESTED: dict[str, Untested] = {}
"""The rows that no test can judge, by id."""
MOST_UNTESTED = 3

SOURCES: dict[str, str] = {}
"""What a short name of a source stands for."""

PREREQUISITES: dict[str, tuple[str, ...]] = {}
"""Requirement → those that it cannot be told without (see `grader.prerequisites`)."""


def requirement(
    row: str, level: Level, *, source: str = "", known: Known = OBSERVED
) -> Callable[[Test], Test]:
    """Declare a test to be the requirement `row` of the catalogue.

    `source` tells where the rule comes from, `known` who vouches for what the test looks at.
    """

    def declare(test: Test) -> Test:
        mark = getattr(pytest.mark, MARK)
        declared: Test = mark(row=row, level=level, source=source, known=known)(test)
        return declared

    return declare


def needs(prerequisites: str, *, rows: str) -> None:
    """Say that *rows* cannot be told without *prerequisites*, the most telling one first.

    Both are ids, separated by spaces. What a row is said to need in several places adds up.
    """
    for row in rows.split():
        known = PREREQUISITES.get(row, ())
        more = [p for p in prerequisites.split() if p not in known and p != row]
        PREREQUISITES[row] = (*known, *more)


def cite(name: str, stands_for: str) -> None:
    """Say what a short name in the source of requirements stands for."""
    SOURCES[name] = stands_for


def untested(  # noqa: PLR0913  as many as a requirement tells
    row: str, level: Level, *, area: str, sentence: str, reason: str, source: str = ""
) -> None:
    """List a row of the catalogue as one that cannot be tested, and say why.

    It is shown and never scored. Raises ValueError for a fourth one: a specification that leaves
    out more than that is not one.
    """
    UNTESTED[row] = Untested(
        area=area, level=level, sentence=sentence, source=source, reason=reason
    )
    if len(UNTESTED) > MOST_UNTESTED:
        raise ValueError(f"{row}: at most {MOST_UNTESTED} rows may be untested")


def row_of(item: pytest.Item) -> Row | None:
    """Return what a collected test declares, or None where it is no requirement."""
    mark = item.get_closest_marker(MARK)
    function = getattr(item, "function", None)
    if mark is None or function is None:
        return None
    return Row(
        id=mark.kwargs["row"],
        level=mark.kwargs["level"],
        area=_area(item),
        sentence=" ".join((inspect.getdoc(function) or "").split("\n\n")[0].split()),
        source=mark.kwargs["source"],
        known=mark.kwargs["known"],
    )


def _area(item: pytest.Item) -> str:
    named = getattr(getattr(item, "module", None), "AREA", None)
    return str(named or item.path.stem.removeprefix("test_").replace("_", "-"))


def _declare_scenario(play: Callable[..., Any], *, static: bool) -> None:
    name = play.__name__
    if name in SCENARIOS and SCENARIOS[name].play.__module__ != play.__module__:
        raise ValueError(f"two scenarios are called {name}")
    result = inspect.signature(play, eval_str=True).return_annotation
    SCENARIOS[name] = Scenario(name=name, play=play, static=static, result=result)


def scenario(play: Test) -> Test:
    """Declare a function of a `Lab` to be a scenario; tests take its result by its name."""
    _declare_scenario(play, static=False)
    return play


def static_scenario(play: Test) -> Test:
    """Declare a function of a `Bench` to be a scenario: one that looks at the delivery itself."""
    _declare_scenario(play, static=True)
    return play


def blocked_unless(condition: object, because: str, explanation: str) -> None:
    """End the test as `blocked` unless its prerequisite holds; `because` is the row's id."""
    if not condition:
        raise Blocked(because, explanation)


def not_offered_unless(condition: object, explanation: str) -> None:
    """End the test as `not offered` unless the candidate has the optional feature."""
    if not condition:
        raise NotOffered(explanation)


def unknown_unless(condition: object, explanation: str) -> None:
    """End the test as `unknown` unless the grader could observe."""
    if not condition:
        raise Unknown(explanation)


def recorded(choice: str) -> NoReturn:
    """End the test as `pass`, and keep the choice that was seen as its evidence.

    For what the catalogue tolerates: an informative row always ends so, where it could look.
    """
    raise Recorded(choice)
