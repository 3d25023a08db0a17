"""Names that are defined nowhere, and modules that are imported."""

from grader.answers import imports, undefined_names
from grader.answers.assembly import from_files, source_file
from grader.candidate import Candidate, SourceFile


def candidate(*files: SourceFile) -> Candidate:
    return from_files(files, id="x", name="x")


def names(*files: SourceFile) -> list[str]:
    return undefined_names(candidate(*files))


def test_a_name_that_is_defined_nowhere_is_told_where_it_is_used_first() -> None:
    code = "def f():\n    raise Gone\n\n\nraise Gone\nAway()\n"
    assert names(source_file("b.py", code), source_file("a.py", "x\n")) == [
        "a.py:1 uses x, which is defined nowhere",
        "b.py:2 uses Gone, which is defined nowhere",
        "b.py:6 uses Away, which is defined nowhere",
    ]


def test_names_that_are_there_are_not_told() -> None:
    code = "import enum\n\n\nclass A(enum.Enum):\n    X = len(__file__)\n\n\nawait A.X\n"
    assert names(source_file("a.py", code)) == []


def test_a_file_does_not_see_the_names_of_another() -> None:
    files = (source_file("a.py", "class A: ...\n"), source_file("b.py", "A()\n"))
    assert names(*files) == ["b.py:1 uses A, which is defined nowhere"]


def test_an_example_sees_the_names_of_the_file_it_continues() -> None:
    files = (
        source_file("a.py", "class A: ...\n\n\nB"),
        source_file("b.py", "x = 1\nA()\nC()\n", role="example", continues="a.py"),
    )
    assert names(*files) == [
        "a.py:4 uses B, which is defined nowhere",
        "b.py:3 uses C, which is defined nowhere",
    ]


def test_a_star_import_makes_every_name_possible() -> None:
    assert names(source_file("a.py", "from x import *\n\nA()\n")) == []


def test_what_is_judged_is_what_was_kept() -> None:
    code = "def f():\n    Gone()\n    x = (\n    Away()\n"
    assert names(source_file("a.py", code)) == ["a.py:2 uses Gone, which is defined nowhere"]


def test_code_that_is_too_deep_to_look_into_claims_nothing() -> None:
    assert names(source_file("a.py", "x = 1" + " + 1" * 2_500 + "\n")) == []


def test_a_future_import_within_a_class_is_not_looked_into() -> None:
    assert names(source_file("a.py", "class A:\n    from __future__ import annotations\nB\n")) == []


def test_imports_are_told_apart_by_whether_they_have_to_succeed() -> None:
    code = """
import asyncio, httpx.auth
from pydantic import BaseModel
from . import sibling
from .other import x
import own.part
try:
    import structlog
except ImportError:
    structlog = None
if TYPE_CHECKING:
    import typing_only
else:
    import tenacity
def f():
    import requests
    import httpx
class A:
    from attrs import define
"""
    found = imports(
        candidate(
            source_file("a.py", code),
            source_file("own/part.py", "import anyio\n"),
            source_file("use.py", "import aiohttp\n", role="example"),
        )
    )
    assert found.required == {"httpx", "pydantic", "tenacity", "attrs", "anyio"}
    assert found.optional == {"structlog", "requests"}
    assert found.fallible == {"structlog"}


def test_an_example_sees_the_names_of_the_examples_before_it() -> None:
    files = (
        source_file("a.py", "class A: ...\n"),
        source_file("b.py", "x = A()", role="example", continues="a.py"),
        source_file("c.py", "class A:\n    y = 1\n\n\nz = 1\n", role="example", continues="a.py"),
        source_file("d.py", "A(x)\nz\n", role="example", continues="a.py"),
        source_file("e.py", "x\n", role="example"),
    )
    assert names(*files) == [
        "d.py:2 uses z, which is defined nowhere",
        "e.py:1 uses x, which is defined nowhere",
    ]
