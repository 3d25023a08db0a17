"""Methods that stand in a block of their own, as far left as functions do."""

import textwrap

import pytest

from grader.answers import assembly

BREAKER = """\
import enum


class State(enum.Enum):
    OPEN = 1


class CircuitBreaker:
    def __init__(self):
        self.failures = 0

    async def call(self, function):
        return await function()


DEFAULT = CircuitBreaker()
"""
RESET = 'def reset(self):\n    """Forget.\n\n    All of it."""\n    self.failures = 0\n'
INSIDE = BREAKER.replace(
    "await function()\n", "await function()\n\n" + textwrap.indent(RESET, "    ")
)


def laid_out(words: str, code: str, breaker: str = BREAKER) -> dict[str, str]:
    text = f"```python\n{breaker}```\n\n{words}\n\n```python\n{code}```\n"
    found = assembly.from_markdown(text, id="x", name="X")
    return {file.path: file.text for file in found.files}


@pytest.mark.parametrize("words", ["Add this method to the class:", "And one more thing:"])
def test_a_method_goes_into_its_class(words: str) -> None:
    assert laid_out(words, RESET) == {"circuit_breaker.py": INSIDE}


@pytest.mark.parametrize(
    "written",
    [
        textwrap.indent(RESET, "    "),
        "class CircuitBreaker:  # (continued)\n" + textwrap.indent(RESET, "    "),
    ],
    ids=["as far right as there", "below its name"],
)
def test_a_method_that_is_written_inside_of_its_class_goes_into_it(written: str) -> None:
    assert laid_out("Then, in the class:", written) == {"circuit_breaker.py": INSIDE}


def test_methods_that_take_no_keyword_for_the_object_are_methods() -> None:
    code = "def tell(self, /, *told):\n    self.failures += 1\n"
    assert f"\n\n{textwrap.indent(code, '    ')}" in laid_out("And:", code)["circuit_breaker.py"]


def test_a_thought_about_a_method_that_is_there_goes_beside_it() -> None:
    thought = "    async def call(self, function):\n        self.failures += 1\n"
    found = laid_out("My second thought was this:", thought)
    assert found["circuit_breaker.py"] == BREAKER, "the class stays as it is"


def test_a_class_that_has_the_method_already_is_another_one() -> None:
    other = "class CircuitBreaker:\n    def call(self, function):\n        return function()\n"
    assert laid_out("What not to do:", other)["circuit_breaker.py"] == BREAKER


def test_a_method_that_is_there_is_replaced_only_by_a_better_one() -> None:
    call = "async def call(self, function):\n    self.failures += 1\n"
    assert laid_out("The heart of it:", call) == {"circuit_breaker.py": BREAKER + call}
    found = laid_out("Here is the corrected method:", call)["circuit_breaker.py"]
    assert "    async def call(self, function):\n        self.failures += 1\n" in found
    assert found.count("async def call") == 2


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("A helper:", "def helper(breaker):\n    return breaker.failures\n"),
        ("Of another class:", "def read(self):\n    return self.elsewhere\n"),
        ("More:", "LIMIT = 5\n\n\n" + RESET),
        ("If you need it, a method for your own class:", RESET),
    ],
)
def test_what_belongs_to_no_class_stays_where_it_is(words: str, code: str) -> None:
    assert laid_out(words, code) == {"circuit_breaker.py": BREAKER + code}


def test_a_class_that_is_cut_off_is_left_alone() -> None:
    found = laid_out("And:", RESET, BREAKER + "def f(\n")
    assert found["circuit_breaker.py"].startswith(BREAKER)
