"""The parts of an answer are found in whatever way Python has of naming and importing them."""

import pytest

from grader.grading import grade
from grader.sandbox import choose
from grader.scoring import rubric
from grader.tests.driver_helpers import candidate_of

NAMED = {
    "an enumeration": """
        from enum import Enum
        class Phase(Enum):
            CLOSED = 0
            OPEN = 1
            HALF_OPEN = 2
        """,
    "a type of strings": """
        from typing import Literal
        State = Literal["closed", "open", "half-open"]
        """,
    "private classes": """
        class _Closed: ...
        class _Open: ...
        class _HalfOpen: ...
        """,
    "classes with labels": """
        class Flowing:
            label = "closed"
        class Broken:
            label = "open"
        class Probing:
            label = "half_open"
        """,
    "classes of the pattern": """
        class OpenState: ...
        class HalfOpenState: ...
        class ClosedState: ...
        """,
    "constants": """
        STATE_CLOSED = "closed"
        STATE_OPEN = "open"
        STATE_HALF_OPEN = "half_open"
        """,
    "constants unpacked": "_CLOSED, _OPEN, _HALF_OPEN = range(3)",
}
NOT_NAMED = {
    "two of three": "CLOSED, OPEN = 'closed', 'open'",
    "other constants": "OPEN_TIMEOUT, CLOSED_CALLS, HALF_OPEN_LIMIT = 30, 5, 1",
    "errors": """
        class CircuitOpenError(Exception): ...
        class CircuitHalfOpenError(Exception): ...
        class CircuitClosedError(Exception): ...
        """,
    "labels of two states": """
        class Flowing:
            label = "closed"
        class Broken:
            label = "open"
        class Mended:
            label = "closed"
        """,
    "words in a text": "print('closed, open, half_open')",
}


def _verdict(source: str) -> str:
    graded = grade(
        candidate_of(source),
        choose(),
        rubric.load(),
        select="test_a_type_names_the_three_states",
    )
    return graded.result.requirements["de-part-states"].verdict


@pytest.mark.parametrize("way", NAMED)
def test_the_states_are_named(way: str) -> None:
    assert _verdict(NAMED[way]) == "pass", f"{way} name the three states"


@pytest.mark.parametrize("way", NOT_NAMED)
def test_the_states_are_not_named(way: str) -> None:
    assert _verdict(NOT_NAMED[way]) == "fail", f"{way} do not name the three states"


@pytest.mark.parametrize(
    "line",
    [
        "import httpx",
        "import asyncio, httpx",
        "import requests as http",
        "from aiohttp import ClientSession",
        "import urllib.request",
        "from http import client",
        "def fetch():\n    import httpx",
    ],
)
def test_an_http_client_is_seen_however_it_is_imported(line: str) -> None:
    candidate = candidate_of(f"{line}\nclass Breaker: ...")
    found = grade(candidate, choose(), rubric.load(), select="names_an_http_client").result
    assert found.requirements["de-part-usage"].verdict == "pass", found.requirements


@pytest.mark.parametrize("line", ["import httpx_lookalike", "# import httpx", "http = 'httpx'"])
def test_what_only_looks_like_an_http_client_is_none(line: str) -> None:
    candidate = candidate_of(f"{line}\nclass Breaker: ...")
    found = grade(candidate, choose(), rubric.load(), select="names_an_http_client").result
    assert found.requirements["de-part-usage"].verdict == "fail", found.requirements
