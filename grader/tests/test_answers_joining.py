"""Blocks of an answer as one file, whatever each of them imports from the future."""

import pytest

from grader.answers import assembly
from grader.answers.joining import joined

FUTURE = "from __future__ import annotations\n"
STATE = "class State:\n    pass\n"
BREAKER = "class CircuitBreaker:\n    state: State | None = None\n"


def test_each_text_begins_on_a_line_of_its_own() -> None:
    assert joined(["a = 1", "b = 2\n", "c = 3"]) == "a = 1\nb = 2\nc = 3"
    assert joined(["a = 1"]) == "a = 1"


def test_what_is_already_at_the_top_is_not_imported_again() -> None:
    later = FUTURE + "import enum\n" + BREAKER
    assert joined([FUTURE + STATE, later]) == FUTURE + STATE + "import enum\n" + BREAKER


@pytest.mark.parametrize(
    ("above", "below"),
    [
        ("", STATE),
        ('"""A breaker.\n\nIn two parts.\n"""\n', STATE),
        ("#!/usr/bin/env python\n# A breaker.\n\n", STATE),
        ("", "@final\nclass State:\n    pass\n"),
        ("", "from __future__ import division\n" + STATE),
        ('"""A breaker."""', ""),
        ("", ""),
    ],
)
def test_what_a_later_block_takes_from_the_future_moves_to_the_top(above: str, below: str) -> None:
    whole = joined([above + below, '"""The rest."""\n' + FUTURE + BREAKER])
    ends = "\n" if above and not above.endswith("\n") else ""
    assert whole == above + ends + FUTURE + below + '"""The rest."""\n' + BREAKER
    compile(whole, "x.py", "exec")


def test_a_block_that_breaks_off_keeps_what_is_broken() -> None:
    later = "from __future__ import (\n    annotations,\n)\n" + BREAKER + "    def re(\n"
    assert joined([STATE, later]) == FUTURE + STATE + BREAKER + "    def re(\n"


@pytest.mark.parametrize("end", ["```\n", ""])
def test_a_breaker_below_other_blocks_may_begin_with_a_future_import(end: str) -> None:
    found = assembly.from_markdown(
        f"```python\n{STATE}```\n\nthen\n\n```python\n{FUTURE}{BREAKER}{end}", id="x", name="X"
    )
    assert [(file.path, file.text) for file in found.files] == [
        ("circuit_breaker.py", FUTURE + STATE + BREAKER)
    ]
    assert len(found.cut_off) == (not end)
