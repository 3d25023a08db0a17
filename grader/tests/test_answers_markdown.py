"""Taking a Markdown answer apart into fenced blocks and the words around them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.answers import labels, markdown
from grader.answers.markdown import Block


def only(text: str) -> Block:
    blocks = markdown.read(text).blocks
    assert len(blocks) == 1, f"{len(blocks)} blocks: {blocks}"
    return blocks[0]


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("text\n```python\nx = 1\n```\nmore", "x = 1\n"),
        ("~~~py\nx = 1\n~~~", "x = 1\n"),
        ("````python\n```\nx\n```\n````\n", "```\nx\n```\n"),
        ("1. first\n\n   ```python\n   if x:\n       y\n   ```\n", "if x:\n    y\n"),
        ("- ```python\n  x = 1\n  ```\n", "x = 1\n"),
        ("> ```python\n> x = 1\n> ```\n", "x = 1\n"),
        ("1. first\n   ```python\nx = 1\n   ```\n", "x = 1\n"),
        ("<details>\n```python\nx = 1\n```\n</details>", "x = 1\n"),
        ("```python\n```", ""),
        ('```python\ndef f():\n    """\n    ```\n    f()\n    ```\n    """\n```\n', None),
    ],
    ids=[
        *(
            "plain",
            "tilde",
            "longer fence",
            "in a list",
            "list marker",
            "quote",
            "left of its list",
        ),
        *("details", "empty", "fence in a docstring"),
    ],
)
def test_a_closed_fence_gives_its_code(answer: str, code: str | None) -> None:
    block = only(answer)
    assert block.closed
    if code is None:
        code = answer.removeprefix("```python\n").removesuffix("```\n")
    assert block.text == code


@pytest.mark.parametrize(
    "tail",
    ["", "\n", "\nx = 1", "\nx = 1\n", "\nx = 1\n\n", "\nx = 1\n   ", "\nx\n  ``", "\nx\n~~~"],
)
@pytest.mark.parametrize("before", ["", "words\n", "- item\n\n"])
def test_a_fence_without_its_end_is_open(before: str, tail: str) -> None:
    assert not only(f"{before}```python{tail}").closed


def test_an_unfinished_last_line_is_told_by_its_missing_end() -> None:
    assert only("```python\nx = 1\nasyn").text == "x = 1\nasyn"
    assert only("```python\nx = 1\n").text == "x = 1\n"


def test_a_closing_fence_too_many_is_no_open_block() -> None:
    assert only("```python\nx = 1\n```\n\n```\n").closed


def test_an_answer_wrapped_in_a_markdown_block_is_unwrapped() -> None:
    answer = "# Title\n\n```python\nx = 1\n```\n\nthen\n\n```python\ny = 2\n```\n"
    for fence in ("```", "````"):
        blocks = markdown.read(f"{fence}markdown\n{answer}{fence}\n").blocks
        assert [(block.text, block.closed) for block in blocks] == [
            ("x = 1\n", True),
            ("y = 2\n", True),
        ]


def test_a_block_knows_its_headings_and_its_lead_in() -> None:
    block = only("# A\n\n## B\n\n# C\n\n## D\n\nOther.\n\nFile `x.py`:\n```py\n1\n```\n")
    assert [heading.text for heading in block.headings] == ["C", "D"]
    assert block.lead_in == "File `x.py`:"


def test_a_paragraph_before_another_block_is_not_the_lead_in() -> None:
    blocks = markdown.read("Words.\n\n```py\n1\n```\n\n```py\n2\n```\n").blocks
    assert [block.lead_in for block in blocks] == ["Words.", ""]


@pytest.mark.parametrize(
    "info", ["python", "py", "Python3", 'python title="x.py"', "python:x.py", "{.python}", "py3.12"]
)
def test_these_info_strings_say_python(info: str) -> None:
    assert labels.is_python(info)


@pytest.mark.parametrize("info", ["", "pycon", "python-repl", "pytb", "bash", "toml", "pyproject"])
def test_these_info_strings_do_not(info: str) -> None:
    assert not labels.is_python(info)


@pytest.mark.parametrize(
    "bomb",
    [
        ">" * 100_000 + " a",
        "[" * 100_000,
        "![a](" * 40_000,
        "**a" * 50_000,
        "a" + "`" * 100_000,
        "<!--" * 50_000,
        "> " * 40 + "a\n" + ("> " * 40 + "a\n") * 1_000,
        "- " * 20_000 + "a",
        "".join("  " * depth + "- a\n" for depth in range(400)),
    ],
    ids=["quotes", "brackets", "images", "stars", "ticks", "html", "lines", "lists", "stairs"],
)
def test_a_bomb_of_markup_is_read_like_anything_else(bomb: str) -> None:
    blocks = markdown.read(f"{bomb}\n\n```python\nx = 1\n```\n").blocks
    assert [block.text for block in blocks] in ([], ["x = 1\n"])


_PIECES = st.lists(
    st.one_of(
        st.text(max_size=20),
        st.sampled_from(
            ["```", "```python\n", "~~~", "\n", "> ", "- ", "1. ", "    ", "# ", "x.py"]
        ),
    ),
    max_size=30,
).map("".join)


@given(_PIECES)
def test_no_text_breaks_it(text: str) -> None:
    for block in markdown.read(text).blocks:
        labels.own_path(block)
        labels.heading_path(block)
        labels.says_usage(block)
