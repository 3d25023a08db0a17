"""The breaker that an example makes for what it shows, and what it takes to have it."""

from textwrap import dedent
from typing import Any

import pytest

from grader.answers import assembly
from grader.binding.example_source import Source
from grader.binding.own_breaker import own_breaker

MADE = "breaker = Breaker(threshold=3)"


def found(program: str) -> dict[str, Any] | None:
    file = assembly.source_file("example.py", dedent(program), role="example")
    return own_breaker([Source(file)], "Breaker")


def own(source: str = "") -> dict[str, Any]:
    return {"$own": "breaker", "module": "example", "source": source}


def test_one_that_is_there_after_the_import_is_taken_from_the_module() -> None:
    assert found(MADE) == own()


@pytest.mark.parametrize(
    "program",
    [
        f"async def main():\n    {MADE}\n    await breaker.call(fetch)",
        f"if __name__ == '__main__':\n    {MADE}\n    asyncio.run(fetch(breaker))",
    ],
    ids=["in a program", "where the module is run and not imported"],
)
def test_one_that_an_import_does_not_make_is_made_by_its_own_lines(program: str) -> None:
    assert found(program) == own(MADE)


def test_without_one_there_is_nothing_to_take() -> None:
    assert found("async def main():\n    await fetch('a')") is None
