"""Texts are read by several threads at once, and none of them notices the others."""

import ast
import builtins
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from grader.answers import parsing

LONG = "".join(
    f"def f{n}(a, b=({n}, [1, {{2: 3}}])):\n    return a + b * {n}\n" for n in range(300)
)


def test_several_threads_read_at_once() -> None:
    """Before CPython 3.11.8 most of these were a SystemError without the lock."""
    with ThreadPoolExecutor(4) as threads:
        trees = list(threads.map(parsing.parse, [LONG + f"x = {n}\n" for n in range(24)]))
    assert {type(tree) for tree in trees} == {ast.Module}


@pytest.fixture
def disturbed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Let the conversion fail as often as the list says."""
    left = [0]
    real = builtins.compile

    def compile_(*arguments: Any, **options: Any) -> Any:
        if left[0]:
            left[0] -= 1
            raise SystemError("AST constructor recursion depth mismatch (before=48, after=125)")
        return real(*arguments, **options)

    monkeypatch.setattr(parsing, "compile", compile_, raising=False)
    return left


def test_what_a_library_beside_us_disturbed_is_read_again(disturbed: list[int]) -> None:
    disturbed[0] = 3
    assert isinstance(parsing.parse("x = 1\n"), ast.Module)


def test_a_conversion_that_never_succeeds_is_told(disturbed: list[int]) -> None:
    disturbed[0] = 1000
    with pytest.raises(SystemError, match="recursion depth"):
        parsing.parse("x = 1\n")
