"""Code for a newer Python than the one that grades gets no score, and is told so."""

import sys

import pytest

from grader.answers import assembly, newer
from grader.candidate import Cut, SourceFile
from grader.errors import InputError

BEFORE = "import time\n\n"


def cut_after_two_lines(rest: str) -> SourceFile:
    cut = Cut(kept_lines=2, reason="does not parse: invalid syntax")
    return SourceFile(path="breaker.py", delivered=BEFORE + rest, text=BEFORE, cut=cut)


@pytest.mark.parametrize(
    "rest",
    [
        "class Breaker[T]:\n    pass\n",
        "@dataclass\nclass Breaker[**P, T]:\n    pass\n",
        "# Of any kind.\nclass Breaker [T]:\n    pass\n",
        "def call[T](function: Callable[[], T]) -> T:\n    return function()\n",
        "async def call[T](function: Callable[[], T]) -> T:\n    return await function()\n",
        "type Function = Callable[..., int]\n",
        "type Function[T] = Callable[..., T]\n",
        'def told(a):\n    return f"{a["state"]}"\n',
        "def told(a):\n    return f'{'\\n'.join(a)}'\n",
        'def told(a):\n    return f"{a["state"]}"\n\n\ndef cut(\n',
    ],
)
def test_what_only_a_newer_python_has_is_seen(rest: str) -> None:
    told = newer.needed([cut_after_two_lines(rest)], here=(3, 11))
    assert "is written for Python 3.12, and this is 3.11" in told, f"found {told!r}"
    assert newer.needed([cut_after_two_lines(rest)], here=(3, 12)) == ""


@pytest.mark.parametrize(
    "rest",
    [
        "class Breaker(\n",
        "def call(self, function\n",
        "Here is how to use it:\n",
        'type State = "closed" | "open";\n',
        "type Options = {\n",
        "type = [1,\n",
        'def told(a):\n    return f"{a b}"\n',
        'def told(a):\n    return f"{a}" +\n',
        'def told(a):\n    return f"{a["state"]',
        "",
    ],
)
def test_what_is_broken_in_any_python_is_not(rest: str) -> None:
    assert newer.needed([cut_after_two_lines(rest)], here=(3, 11)) == ""


@pytest.mark.parametrize("last", ['told = f"{a}', 'told = f"{a}"', "other = 1"])
def test_an_answer_that_breaks_off_in_its_last_line_is_no_matter_of_versions(last: str) -> None:
    answer = f'```python\n{BEFORE}told = f"{{a}}"\n{last}'
    found = assembly.from_markdown(answer, id="cut", name="Cut")
    assert found.files[0].text.startswith(BEFORE), f"found {found.files}"


def test_a_file_that_parses_needs_nothing() -> None:
    assert newer.needed([SourceFile(path="a.py", delivered="a", text="a")], here=(3, 11)) == ""


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="this Python has type parameters")
def test_an_answer_that_needs_it_cannot_be_graded_here() -> None:
    answer = f"```python\n{BEFORE}class CircuitBreaker[T]:\n    def call(self, f): ...\n```\n"
    with pytest.raises(InputError, match=r"new: \w+\.py:3 is written for Python 3\.12"):
        assembly.from_markdown(answer, id="new", name="New")
