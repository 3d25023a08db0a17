"""A closing fence that was forgotten in the middle of an answer."""

import pytest

from grader.answers import markdown

FIRST = "class A:\n    def f(self):\n        pass\n"
SECOND = "A().f()\n"


def blocks(text: str) -> list[tuple[str, str]]:
    return [(block.lead_in, block.text.rstrip() + "\n") for block in markdown.read(text).blocks]


@pytest.mark.parametrize(
    "between",
    ["\nUse it:\n\n", "\n## Usage\n\nIt is easy. Use it:\n\n", "Use it:\n"],
)
@pytest.mark.parametrize("end", ["```\n", "```\n\nDone.\n", ""])
def test_it_is_set_below_the_code(between: str, end: str) -> None:
    text = f"The class:\n\n```python\n{FIRST}{between}```python\n{SECOND}{end}"
    found = markdown.read(text)
    assert blocks(text)[1][1] == SECOND
    assert blocks(text)[0] == ("The class:", FIRST)
    assert "Use it:" in found.blocks[1].lead_in or not found.blocks[1].headings
    assert [block.closed for block in found.blocks] == [True, bool(end)]


def test_each_of_several_is_set() -> None:
    text = f"```python\n{FIRST}\nThen:\n\n```bash\npip install x\n```\n\n```python\n{FIRST}\n"
    text += f"Last:\n\n```python\n{SECOND}```\n"
    assert blocks(text) == [
        ("", FIRST),
        ("Then:", "pip install x\n"),
        ("", FIRST),
        ("Last:", SECOND),
    ]


@pytest.mark.parametrize(
    "code",
    [
        'class A:\n    """\n    Use it:\n    ```python\n    A()\n    ```\n    """\n',
        'class A:\n    """\nUse it:\n```python\nA()\n~~~\n"""\n',
        '"""Use it:\n\n```python\nA()\n',
        'import enum\n\nTEXT = """\n```python\nA()\n',
        "x = 1\ny = (\n```python\n",
    ],
)
def test_a_fence_in_a_string_is_no_sign_of_it(code: str) -> None:
    assert [block.text for block in markdown.read(f"```python\n{code}```\n").blocks] == [code]
