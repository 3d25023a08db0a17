"""A second version of the breaker: when it is graded instead of the first."""

import pytest

from grader.answers import assembly
from grader.candidate import SourceFile

FIRST = """\
class CircuitBreaker:
    def __init__(self, limit=5):
        self.limit = limit

    async def call(self, function):
        return await function()
"""
SECOND = """\
import time


class Settings:
    limit = 5


class CircuitBreaker:
    def __init__(self, settings=None):
        self.settings = settings or Settings()
        self.since = time.monotonic()

    async def execute(self, function):
        return await function()

    def reset(self):
        pass
"""
USE = "breaker = CircuitBreaker(Settings())\nawait breaker.execute(print)\n"
PLAIN_USE = "breaker = CircuitBreaker()\nawait breaker.call(print)\n"


def files(*pieces: tuple[str, str]) -> dict[str, SourceFile]:
    """Lay out blocks, each with the words before it."""
    text = "".join(f"{words}\n\n```python\n{code}```\n\n" for words, code in pieces)
    return {file.path: file for file in assembly.from_markdown(text, id="x", name="X").files}


def graded(*pieces: tuple[str, str]) -> str:
    """Return the text of the implementation."""
    return "".join(file.text for file in files(*pieces).values() if file.role == "implementation")


@pytest.mark.parametrize(
    "words",
    [
        "It never recovers. Here is the improved version, which replaces it:",
        "**Here's the corrected `CircuitBreaker` class:**",
        "There were some bugs above. Final code:",
        "This replaces the one above:",
        "Use this updated version instead of the one above:",
        "## Production version",
        "## Production-ready implementation",
        "## Final",
        "### Complete, refined code",
        "## Version 2",
        "Putting it all together:",
    ],
)
def test_the_better_version_replaces_the_first(words: str) -> None:
    found = files(("A breaker:", FIRST), (words, SECOND), ("## Usage", USE))
    assert list(found) == ["circuit_breaker.py", "example.py"]
    assert found["circuit_breaker.py"].text == SECOND


@pytest.mark.parametrize(
    "words",
    [
        "",
        "And:",
        "## Option B",
        "## Option B: the full version",
        "Alternatively, a complete version with Redis:",
        "Another approach is more robust. Here is a production version of it:",
        "## Simpler variant",
        "Here is an improved version with threads instead:",
        "If you only need a synchronous one, this is the final code:",
        "This is a bonus. Better code:",
    ],
)
def test_one_of_several_ways_does_not_replace_the_first(words: str) -> None:
    found = files(("A breaker:", FIRST), (words, SECOND), ("## Usage", PLAIN_USE))
    assert found["circuit_breaker.py"].text == FIRST
    assert (found["alternative.py"].role, found["alternative.py"].text) == ("example", SECOND)


@pytest.mark.parametrize("words", ["## Naive version", "A first sketch:", "In its simplest form:"])
def test_a_sketch_is_replaced_by_what_defines_all_of_it_again(words: str) -> None:
    assert graded((words, FIRST), ("Now for real:", SECOND)) == SECOND
    other = SECOND.replace("class CircuitBreaker", "class Breaker")
    assert graded((words, FIRST + "\n\nclass Breaker: ...\n"), ("Now for real:", other)) != other


def test_a_version_that_the_example_uses_replaces_the_one_before_it() -> None:
    assert graded(("", FIRST), ("Hmm.", SECOND), ("Use it:", USE)) == SECOND
    assert graded(("", FIRST), ("Use it:", PLAIN_USE), ("Hmm.", SECOND), ("", USE)) == FIRST


@pytest.mark.parametrize("words", ["The recommended way:", "The complete implementation:"])
def test_what_was_promised_to_be_the_whole_is_replaced_by_its_correction_alone(words: str) -> None:
    assert graded((words, FIRST), ("## Advanced version", SECOND)) == FIRST
    assert graded((words, FIRST), ("## Corrected version", SECOND)) == SECOND


def test_the_title_over_both_versions_tells_no_difference() -> None:
    assert graded(("# Production-ready circuit breaker\n\n", FIRST), ("And", SECOND)) == FIRST


@pytest.mark.parametrize(
    "excerpt",
    [
        "class CircuitBreaker:\n    def reset(self):\n        pass\n",
        "class CircuitBreaker:\n    async def call(self, function):\n        pass\n",
        SECOND + "\n    # ... the rest stays\n",
        SECOND + "\n    # other methods unchanged\n",
    ],
)
def test_an_excerpt_replaces_nothing_whatever_is_said(excerpt: str) -> None:
    assert graded(("", FIRST), ("The corrected version, which replaces it:", excerpt)) == FIRST


def test_other_blocks_of_the_file_stay() -> None:
    registry = "class Registry:\n    made = CircuitBreaker\n"
    errors = "class Rejected(Exception):\n    pass\n"
    found = graded(("", errors), ("", FIRST), ("", registry), ("Improved version:", SECOND))
    assert found == errors + SECOND + registry


def test_a_version_that_leans_on_the_first_comes_below_it() -> None:
    first = "import time\n\n\nclass Settings:\n    limit = 5\n\n\n" + FIRST
    second = SECOND[SECOND.index("class CircuitBreaker") :]
    assert graded(("", first), ("Corrected class:", second)) == first + second
