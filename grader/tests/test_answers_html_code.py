"""Code that is set as HTML."""

import html

import pytest

from grader.answers import markdown

CODE = 'def at_most(n: int) -> bool:\n    """`n` & more."""\n\n    return n < 3\n'


@pytest.mark.parametrize(
    ("before", "after", "info"),
    [
        ('<pre><code class="language-python">', "</code></pre>", "python"),
        ('<p>Here:</p>\n<pre lang="python"><code>', "</code></pre>\n<p>So.</p>", "python"),
        ('<pre class="python">\n', "\n</pre>", "python"),
        ("<pre>\n<code>\n", "\n</code>\n</pre>", ""),
    ],
)
@pytest.mark.parametrize("escaped", [True, False])
def test_it_is_read_as_a_block(before: str, after: str, info: str, *, escaped: bool) -> None:
    code = html.escape(CODE) if escaped else CODE
    blocks = markdown.read(f"Words.\n\n{before}{code.rstrip()}{after}\n\nMore.\n").blocks
    assert [(block.info, block.text.strip("\n"), block.closed) for block in blocks] == [
        (info, CODE.strip("\n"), True)
    ]


def test_the_colours_of_a_highlighter_are_no_code() -> None:
    text = '<pre><code class="python"><span class="k">import</span> <span>enum</span></code></pre>'
    assert [block.text for block in markdown.read(text).blocks] == ["import enum\n"]


def test_it_may_be_cut_off_too() -> None:
    block = markdown.read("<pre><code>import enum\nclass A:\n    pa").blocks[0]
    assert (block.text, block.closed) == ("import enum\nclass A:\n    pa", False)


def test_fences_within_it_are_code() -> None:
    text = '<pre>\n"""\n```\nx\n```\n"""\n</pre>\n'
    assert [block.text for block in markdown.read(text).blocks] == ['"""\n```\nx\n```\n"""\n']


@pytest.mark.parametrize(
    "text", ['```python\nX = """\n<pre>&lt;</pre>\n"""\n```\n', "Use `<pre>` for it.\n"]
)
def test_tags_in_code_and_in_prose_are_left_alone(text: str) -> None:
    assert markdown.read(text).text == text


@pytest.mark.parametrize(
    "bomb", ["<pre>\n" * 40_000, "<pre><code " * 20_000, "<pre></pre>\n" * 900]
)
def test_a_bomb_of_tags_is_read_like_anything_else(bomb: str) -> None:
    markdown.read(bomb)
