"""Text that a candidate had a hand in."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.report.text import encodable, one_line, visible

ANY = st.text(st.characters(exclude_categories=()))


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("\x1b[31m", r"\x1b[31m"),
        ("\x00\x7f\x9b", r"\x00\x7f\x9b"),
        ("a\u202eb", r"a\u202eb"),
        ("\udc80", r"\udc80"),
        ("\U000e0041", r"\U000e0041"),
        ("a\r\nb\rc", "a\nb\\x0dc"),
        ("tab\tand\nline", "tab\tand\nline"),
        ("é 漢字 👩\u200d🔬", "é 漢字 👩\u200d🔬"),
    ],
)
def test_what_acts_is_written_out_and_what_shows_stays(raw: str, shown: str) -> None:
    assert visible(raw) == shown


@given(ANY)
def test_visible_text_can_be_encoded_and_stays_as_it_is(text: str) -> None:
    shown = visible(text)
    shown.encode("utf-8")
    assert visible(shown) == shown


@given(ANY, st.integers(2, 50))
def test_one_line_is_one_line_of_limited_length(text: str, limit: int) -> None:
    line = one_line(text, limit)
    assert len(line) <= limit
    assert len(line.splitlines()) <= 1


def test_a_shortened_line_says_so() -> None:
    assert one_line("x" * 500, 10) == "xxxxxxxxx…"
    assert one_line(" " * 5000 + "late", 10) == "…"


@given(st.recursive(ANY, lambda inner: st.lists(inner) | st.dictionaries(ANY, inner)))
def test_encodable_data_can_be_written_as_json(data: object) -> None:
    json.dumps(encodable(data), ensure_ascii=False).encode("utf-8")
