"""Code without fences, which is how it arrives from a rendered page."""

import pytest

from grader.answers import assembly
from grader.candidate import Candidate

BREAKER = """\
import enum

LIMIT = 5


class CircuitBreaker:
    async def call(self, function):
        return await function()

    def reset(self):
        pass
"""
USE = "import asyncio\n\n\nasync def main():\n    pass\n\n\nasyncio.run(main())\n"


def candidate(text: str) -> Candidate:
    return assembly.from_markdown(text, id="x", name="X")


@pytest.mark.parametrize(
    "above",
    [
        "",
        "Here is the code:\n\n",
        "Circuit breaker\n\nThis is one, with three states.\n\npython\n",
        "Install:\n\n```bash\npip install httpx\n```\n\n",
    ],
)
@pytest.mark.parametrize(
    "below",
    [
        "",
        "\n\nThat is all. Ask me if anything is unclear.\n",
        "\nUsage\n\nIt has no dependencies.\n",
        "\n- It counts failures.\n- It opens.\n",
        "\n```bash\npython x.py\n```\n",
    ],
)
def test_code_between_prose_is_found(above: str, below: str) -> None:
    found = candidate(above + BREAKER + below)
    assert [(file.path, file.text.rstrip() + "\n") for file in found.files] == [
        ("circuit_breaker.py", BREAKER)
    ]
    assert not found.cut_off


def test_each_run_of_code_is_a_block() -> None:
    found = candidate("The breaker:\n\n" + BREAKER + "\nUse it like this:\n\n" + USE + "\nDone.\n")
    assert [(file.path, file.role) for file in found.files] == [
        ("circuit_breaker.py", "implementation"),
        ("example.py", "example"),
    ]


def test_code_below_prose_may_be_cut_off() -> None:
    found = candidate("Here it is:\n\n" + BREAKER + "    def re(")
    assert found.files[0].text == BREAKER
    assert len(found.cut_off) == 1


@pytest.mark.parametrize(
    "text",
    [
        "A class of its own: the breaker.\n\nimport it like so, from the package.\n",
        "from x import y\n\nwould be enough.\n",
        "class Breaker is the one.\n\n    breaker.call(f)\n",
    ],
)
def test_prose_about_code_is_no_code(text: str) -> None:
    assert candidate(text).files == ()


def test_fenced_python_is_all_there_is_where_there_is_some() -> None:
    found = candidate("```python\n" + BREAKER + "```\n\nclass Other:\n    pass\n")
    assert [file.text for file in found.files] == [BREAKER]
