"""What a model thinks aloud is no part of its answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.answers import assembly, markdown

DRAFT = "```python\nclass CircuitBreaker:\n    pass\n```\n"
ANSWER = "Here it is:\n\n```python\nclass CircuitBreaker:\n    state = 1\n```\n"


def blocks(text: str) -> list[str]:
    return [block.text for block in markdown.read(text).blocks]


@pytest.mark.parametrize("name", ["think", "thinking", "reasoning", "scratchpad", "Think"])
@pytest.mark.parametrize(
    "thought",
    [
        "<{0}>\nA sketch:\n\n" + DRAFT + "\nNo.\n</{0}>\n\n",
        "\n<{0}>A sketch:\n" + DRAFT + "No.</{0}>",
        "<{0}>Short.</{0}>\n<{0}>\n" + DRAFT + "</{0}>\n",
        "<{0}>\nA sketch:\n\n```python\nclass CircuitBreaker:\n    pa\n</{0}>\n\n",
        "A sketch:\n\n" + DRAFT + "\nThat will do.\n</{0}>\n\n",
    ],
    ids=["lines", "glued", "two", "open fence", "no opening tag"],
)
def test_a_thought_is_left_out(name: str, thought: str) -> None:
    document = markdown.read(thought.format(name) + ANSWER)
    assert [block.text for block in document.blocks] == blocks(ANSWER)
    assert document.blocks[0].lead_in == "Here it is:"
    assert not document.endless_thought


def test_a_thought_between_two_parts_of_an_answer_is_left_out() -> None:
    assert blocks(ANSWER + "<think>\n" + DRAFT + "</think>\n" + ANSWER) == 2 * blocks(ANSWER)


@pytest.mark.parametrize(
    "text",
    [
        ANSWER + "\nI left out the `<think>` section; </think> ends one.\n",
        ANSWER + "<think>\n" + ANSWER,
        '```python\nTAGS = """\n<think>\n</think>\n"""\n```\n',
        ANSWER + "</think>\n",
    ],
    ids=["prose", "opened late", "code", "closed at the end"],
)
def test_tags_that_mark_no_thought_change_nothing(text: str) -> None:
    assert markdown.read(text).text == text


def test_a_thought_that_never_ends_is_no_answer() -> None:
    found = assembly.from_markdown("<think>\nA sketch:\n\n" + DRAFT + ANSWER, id="x", name="X")
    assert (found.files, found.main) == ((), None)
    assert found.cut_off == (
        "the answer breaks off before it begins: what the model thought never ends",
    )


@given(
    st.lists(
        st.sampled_from(["<think>", "</think>", "<reasoning>", "</reasoning>", "```", "\n", "a "])
    )
)
def test_no_tags_break_it(pieces: list[str]) -> None:
    markdown.read("".join(pieces))
