"""Cutting an unfinished file back to the longest prefix of whole lines that parses."""

import ast
import inspect
import random
import textwrap

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from grader.answers import cutting, layout, text
from grader.answers.parsing import Flaw, parse

WHOLE = '''\
"""A small breaker."""

import time


class Breaker:
    def __init__(self, limit=3):
        self.limit = limit
        self.failures = 0

    async def call(self, function):
        if self.failures >= self.limit:
            raise RuntimeError(
                f"open for {self.limit}"
            )
        try:
            return await function()
        except ValueError:
            self.failures += 1
            raise

    def reset(self):
        self.failures = 0


@property
def late():
    def inner():
        return """
        text
        """
    return inner
'''


def longest_by_trying_all(source: str) -> int:
    """The definition itself, too slow for anything but a test."""
    whole = text.lines(source)
    return next(
        count
        for count in range(len(whole), -1, -1)
        if isinstance(parse("".join(whole[:count])), ast.Module)
    )


def kept_lines(source: str) -> int:
    return len(text.lines(cutting.cut(source).text))


def test_what_parses_is_kept_as_it_is() -> None:
    assert cutting.cut(WHOLE) == cutting.Kept(text=WHOLE)


def test_await_at_the_top_level_parses() -> None:
    assert cutting.cut("await breaker.call(f)\n").cut is None


def test_a_last_line_without_an_end_is_whole_where_no_fence_is_open() -> None:
    assert cutting.cut("x = 1\ny = 2").cut is None


def test_under_an_open_fence_a_last_line_without_an_end_goes_even_if_it_parses() -> None:
    kept = cutting.cut("x = 1\nawait", open_fence=True)
    assert kept.text == "x = 1\n"
    assert kept.cut is not None
    assert (kept.cut.kept_lines, kept.cut.reason) == (1, "open fence")
    assert cutting.cut("x = 1\ny", open_fence=True).text == "x = 1\n"


def test_an_open_fence_is_a_cut_where_all_that_arrived_parses() -> None:
    kept = cutting.cut("x = 1\n", open_fence=True)
    assert kept.text == "x = 1\n"
    assert kept.cut is not None


def test_the_reason_names_the_error_and_its_line() -> None:
    kept = cutting.cut("x = 1\ny = )\n")
    assert kept.cut is not None
    assert kept.cut.reason.startswith("does not parse: ")
    assert kept.cut.reason.endswith("(line 2)")


@pytest.mark.parametrize(
    ("source", "kept"),
    [
        ("x = 1\nclass A:\n    def f(self):\n", "x = 1\n"),
        ("x = 1\n@wraps\n", "x = 1\n"),
        ("x = 1\ntry:\n    y = 2\n    z = 3\n", "x = 1\n"),
        ("x = (\n    1,\n", ""),
        ('x = 1\ny = """\ntext\n', "x = 1\n"),
        ("x = 1\n# a comment\n\ny = (\n", "x = 1\n# a comment\n\n"),
        ("if x:\n    y = 1\nelse:\n", "if x:\n    y = 1\n"),
        ("x = 1 + \\\n", ""),
        ("x = 1\n\x0cy = (\n", "x = 1\n"),
    ],
    ids=["empty bodies", "decorator", "try", "bracket", "string", "comment", "else", "\\", "\\f"],
)
def test_whole_lines_are_dropped_until_the_rest_parses(source: str, kept: str) -> None:
    assert cutting.cut(source).text == kept


@pytest.mark.parametrize(
    "source", ["-" * 100_000 + "1\n", "x = " + "(" * 5_000, "a" + ".a" * 99_999]
)
def test_code_nested_too_deeply_is_code_that_does_not_parse(source: str) -> None:
    kept = cutting.cut(f"x = 1\n{source}\ny = 2\n")
    assert kept.text == "x = 1\n"
    assert kept.cut is not None


def test_a_warning_of_the_candidates_code_is_not_ours() -> None:
    assert cutting.cut('x = "\\d"\ny = 1 is 1\n').cut is None


def test_a_long_unfinished_file_is_cut_in_a_few_parses(monkeypatch: pytest.MonkeyPatch) -> None:
    parses: list[str] = []

    def counting(source: str) -> ast.Module | Flaw:
        parses.append(source)
        return parse(source)

    monkeypatch.setattr(cutting, "parse", counting)
    source = "x = 1\ntry:\n" + "    y = 2\n" * 3_000
    assert cutting.cut(source).text == "x = 1\n"
    assert len(parses) < 10, f"{len(parses)} parses of a file of 3,000 lines"


METHOD = "class A:\n    def f(self):\n        x = 1\n"


@pytest.mark.parametrize(
    ("source", "function"),
    [
        (METHOD + "        y = (", "A.f"),
        (METHOD + "        if x:\n            y = 2\n            z = (", "A.f"),
        (METHOD + "        try:\n            y = 2\n        except", "A.f"),
        (METHOD + "        def g():\n            y = 2\n            z = (", "A.f.<locals>.g"),
        (METHOD + "        def g():\n            y = 2\n        z = (", "A.f"),
        (METHOD + "    y = (", None),
        (METHOD + "y = (", None),
        (METHOD, "A.f"),
        (METHOD + "\n", None),
        ("def f():\n    x = 1\n    async def g():\n", "f"),
        ("async def f():\n    x = 1\n    # and th", "f"),
        ("class A:\n    x = 1\n    y = (", None),
        ("x = 1\ny", None),
    ],
)
def test_the_innermost_kept_function_that_lost_lines_is_named(
    source: str, function: str | None
) -> None:
    kept = cutting.cut(source, open_fence=True)
    assert kept.cut is not None
    assert kept.cut.function == function, f"kept {kept.text!r}"


def test_a_function_that_was_lost_whole_is_not_named() -> None:
    source = "class A:\n    def f(self):\n        return 1\n\n    def g(self):\n        x = ("
    kept = cutting.cut(source, open_fence=True)
    assert kept.text.endswith("return 1\n\n")
    assert kept.cut is not None
    assert kept.cut.function is None


def test_lines_end_where_python_ends_them_and_nowhere_else() -> None:
    assert text.lines("a\x0cb\u2028c\nd") == ["a\x0cb\u2028c\n", "d"]
    assert text.lines("") == []


@given(end=st.integers(0, len(WHOLE)), open_fence=st.booleans())
def test_any_beginning_of_a_valid_file_is_cut_to_its_longest_good_prefix(
    end: int, *, open_fence: bool
) -> None:
    source = WHOLE[:end]
    kept = cutting.cut(source, open_fence=open_fence)
    assert source.startswith(kept.text)
    ast.parse(kept.text)
    if open_fence:
        source = source[: source.rfind("\n") + 1]
    assert len(text.lines(kept.text)) == longest_by_trying_all(source)


_DAMAGE = st.sampled_from(
    [
        *('"""', "(", ")", "[", "}", "try:\n", ":", "\n", "else:\n", "\\", "\\\n", " ", '"', "'"),
        *(
            "@x\n",
            "#",
            "except:\n",
            "finally:\n",
            "async ",
            "lambda:",
            'f"{',
            "\t",
            "\x0c",
            "if x:\n",
        ),
        *(
            "match x:\n",
            "case 1:\n",
            "return",
            "class ",
            "é",
            "€",
            "$",
            "print x\n",
            "a b\n",
            "0777",
        ),
    ]
)


@given(st.lists(st.tuples(st.integers(0, 4_000), st.integers(0, 40), _DAMAGE), max_size=4))
@example([(30, 0, "try:\n"), (60, 10, "(")])
def test_a_damaged_file_is_cut_to_its_longest_good_prefix(
    damage: list[tuple[int, int, str]],
) -> None:
    source = WHOLE + textwrap.dedent(inspect.getsource(layout))[:2_000]
    for place, length, what in damage:
        source = source[:place] + what + source[place + length :]
    assert kept_lines(source) == longest_by_trying_all(source)


def test_shuffled_lines_are_cut_to_their_longest_good_prefix() -> None:
    chance = random.Random(7)
    for _ in range(150):
        whole = text.lines(WHOLE)
        first = chance.randrange(len(whole))
        rest = whole[first:]
        chance.shuffle(rest)
        source = "".join(whole[:first] + rest)
        assert kept_lines(source) == longest_by_trying_all(source), source


@given(st.text())
def test_no_text_breaks_it(source: str) -> None:
    kept = cutting.cut(text.normal(source))
    assert text.normal(source).startswith(kept.text)
