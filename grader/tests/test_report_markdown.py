"""The Markdown summary, read back by a Markdown parser."""

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from grader.report import render_markdown
from grader.report.markdown import escape
from grader.report.view import RE_ENACTMENT_NOTE
from grader.results import Results
from grader.tests.results_helpers import (
    HOSTILE,
    UNTESTED,
    choosing,
    everyone,
    hostile,
    no_breaker,
    not_gradable,
    not_understood,
    reference,
    results,
    unsettled,
    wrong_backoff,
)


def tokens(run: Results) -> list[Token]:
    return MarkdownIt("gfm-like", {"linkify": False}).parse(render_markdown(run))


def shape(run: Results) -> list[str]:
    return [token.type for token in tokens(run)]


def inline(run: Results) -> set[str]:
    return {child.type for token in tokens(run) for child in token.children or ()}


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_changes_neither_table_nor_headings(text: str) -> None:
    assert shape(results(hostile(text))) == shape(results(hostile("harmless")))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_becomes_no_link_image_or_html(text: str) -> None:
    assert inline(results(hostile(text))) <= {
        "text",
        "text_special",
        "code_inline",
        "strong_open",
        "strong_close",
    }


def test_escaped_text_reads_as_it_was() -> None:
    text = r"a|b `c` *d* _e_ <f> [g](h) \i & #j http://k www.l @m ~n~"
    rendered = MarkdownIt("gfm-like", {"linkify": False}).parseInline(escape(text))
    assert "".join(child.content for child in rendered[0].children or ()) == text


def test_no_address_is_left_to_link_itself() -> None:
    assert "://" not in escape("https://evil.example")
    assert "www." not in escape("www.evil.example").lower()


def test_the_leaderboard_names_provenance_score_and_marks() -> None:
    summary = render_markdown(everyone())
    assert "| Reference | reference | 10.00 | 10.00 |" in summary
    assert "| Wrong Backoff 4 | re-enactment |" in summary
    assert "| cut off |" in summary
    assert RE_ENACTMENT_NOTE in summary


def test_a_failed_row_stands_with_its_evidence() -> None:
    assert (
        "| `bo-first` | MUST | fail | first open period 40 s, configured 10 s; "
        "50 % of its cases passed |"
    ) in render_markdown(results(wrong_backoff()))


def test_blocked_rows_are_grouped_under_their_prerequisite() -> None:
    summary = render_markdown(results(no_breaker()))
    assert "**5 rows blocked by de-breaker:** `st-open-rejects`" in summary


def test_an_unsure_binding_and_a_range_are_told() -> None:
    summary = render_markdown(results(not_understood()))
    assert "The binding is unsure" in summary
    assert "–10.00" not in summary
    assert "A range counts unknown" in summary


def test_a_flawless_candidate_has_no_section() -> None:
    assert "## Reference" not in render_markdown(results(reference()))


def test_a_candidate_that_could_not_be_graded_has_its_reason() -> None:
    assert "empty.md: no Python in it" in render_markdown(results(not_gradable()))


def test_the_same_results_give_the_same_summary() -> None:
    assert render_markdown(everyone()) == render_markdown(everyone())


def test_recorded_choices_stand_apart_with_who_made_them() -> None:
    summary = render_markdown(results(choosing(), reference()))
    assert "## Choices, recorded and not scored" in summary
    assert "| `ho-hung-probe` | a hung probe is given up after 30 s | `choosing` |" in summary


def test_a_choice_that_could_not_be_seen_is_nothing_that_went_wrong() -> None:
    assert "ho-hung-probe" not in render_markdown(results(unsettled()))


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_choice_changes_no_table(text: str) -> None:
    assert shape(results(choosing(text))) == shape(results(choosing("harmless")))


def test_untested_rows_are_listed_with_the_reason() -> None:
    summary = render_markdown(results(reference(), untested=UNTESTED))
    assert "- `as-trio`: It works on trio. Nobody can freeze its clock." in summary
    assert "Untested" not in render_markdown(results(reference()))


def test_a_run_that_was_judged_again_says_by_what_it_was_played() -> None:
    assert "played by `feedfeed`" in render_markdown(results(reference(), played_by="feedfeed"))
