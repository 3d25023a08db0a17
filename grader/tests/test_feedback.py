"""Feedback for the author of an answer: roots first, by what they cost, without our words."""

from pathlib import Path

import msgspec
import pytest
from markdown_it import MarkdownIt

from grader.feedback import feedback
from grader.report.feedback import feedback_pages, render_feedback
from grader.report.reading import reading
from grader.results import CandidateResult, Finding, Requirement, encode
from grader.tests.results_helpers import (
    HOSTILE,
    REQUIREMENTS,
    candidate,
    choosing,
    finding,
    hostile,
    no_breaker,
    not_gradable,
    not_understood,
    passing,
    reference,
    results,
    wrong_backoff,
)
from grader.tests.test_cli import BREAKER_LESS, grader, refused
from grader.verdicts import Level, Verdict

OURS = ("binding", "blocked", "attested", "verdict", "candidate", "scenario", "informative")
"""Words of this project that nobody outside it knows."""


def page(result: CandidateResult) -> str:
    run = results(result)
    return render_feedback(feedback(result, run), run)


def told(**findings: Finding) -> CandidateResult:
    return candidate("mine", passing() | {k.replace("_", "-"): f for k, f in findings.items()})


# --- what is told ---------------------------------------------------------------------------


def test_what_costs_most_comes_first() -> None:
    result = told(
        bo_cap_offered=finding(Verdict.FAIL, evidence="no cap"),
        bo_first=finding(Verdict.FAIL, evidence="40 s"),
        de_breaker=finding(Verdict.FAIL, evidence="odd"),
    )
    mistakes = feedback(result, results(result)).mistakes
    assert [mistake.points for mistake in mistakes] == sorted(
        (mistake.points for mistake in mistakes), reverse=True
    )
    assert {mistake.row for mistake in mistakes} == {"bo-first", "bo-cap-offered", "de-breaker"}


def test_mending_a_mistake_gains_what_is_told() -> None:
    result = told(bo_first=finding(Verdict.FAIL), ho_limit=finding(Verdict.FAIL))
    first = feedback(result, results(result)).mistakes[0]
    mended = candidate("mine", {**result.requirements, first.row: passing()[first.row]})
    assert result.score is not None
    assert mended.score is not None
    assert first.points == pytest.approx(mended.score - result.score, abs=0.011)


def test_all_mistakes_together_cost_what_is_missing_to_ten() -> None:
    result = told(
        bo_first=finding(Verdict.FAIL, share=0.5),
        bo_cap_offered=finding(Verdict.BLOCKED, because="bo-first"),
        ho_limit=finding(Verdict.ERROR),
    )
    assert result.score is not None
    points = [mistake.points for mistake in feedback(result, results(result)).mistakes]
    assert sum(points) == pytest.approx(10 - result.score, abs=0.03)


def test_what_follows_from_one_mistake_is_told_with_it() -> None:
    (mistake,) = feedback(no_breaker(), results(no_breaker())).mistakes
    assert mistake.row == "de-breaker"
    assert set(mistake.also) == set(REQUIREMENTS) - {"de-breaker"}
    text = page(no_breaker())
    assert "no class with a call was found" in text.lower()
    assert text.count("What happened") == 1


def test_a_chain_of_consequences_ends_at_its_root() -> None:
    result = told(
        de_breaker=finding(Verdict.FAIL),
        bo_first=finding(Verdict.BLOCKED, because="de-breaker"),
        bo_cap_offered=finding(Verdict.BLOCKED, because="bo-first"),
    )
    (mistake,) = feedback(result, results(result)).mistakes
    assert (mistake.row, mistake.also) == ("de-breaker", ("bo-first", "bo-cap-offered"))


def test_rows_that_stand_in_each_others_way_come_to_an_end() -> None:
    result = told(
        bo_first=finding(Verdict.BLOCKED, because="bo-cap-offered"),
        bo_cap_offered=finding(Verdict.BLOCKED, because="bo-first"),
    )
    rows = [(m.row, *m.also) for m in feedback(result, results(result)).mistakes]
    assert sorted(row for group in rows for row in group) == ["bo-cap-offered", "bo-first"]


def test_code_that_is_cut_off_is_one_mistake() -> None:
    result = told(
        bo_first=finding(Verdict.BLOCKED, because="cut off"),
        ho_limit=finding(Verdict.BLOCKED, because="cut off"),
    )
    (mistake,) = feedback(result, results(result)).mistakes
    assert (mistake.row, mistake.cause) == ("", "cut off")
    assert mistake.also == ("bo-first", "ho-limit")
    assert "The code is cut off (" in page(result)


@pytest.mark.parametrize(
    ("evidence", "words"),
    [
        ("a.py breaks off after line 4: the code fence is never closed", "The code is cut off ("),
        (
            "a.py breaks off after line 4: the rest does not parse: invalid character (line 5)",
            "A part of the code does not parse (",
        ),
        (
            "a.py …: the rest does not parse: bad syntax; b.py …: the code fence is never closed",
            "The code is cut off, and a part of the code does not parse (",
        ),
    ],
)
def test_code_that_does_not_parse_is_not_called_cut_off(evidence: str, words: str) -> None:
    result = told(bo_first=finding(Verdict.BLOCKED, because="cut off"))
    run = results(result)
    whole = {"de-complete": finding(Verdict.FAIL, evidence=evidence)}
    delivered = msgspec.structs.replace(result, requirements=result.requirements | whole)
    text = render_feedback(msgspec.structs.replace(feedback(result, run), candidate=delivered), run)
    assert words in text


def test_a_choice_a_waiver_and_an_optional_feature_are_no_mistakes() -> None:
    excused = msgspec.structs.replace(finding(Verdict.FAIL), waived="on purpose")
    result = told(bo_first=excused, bo_cap_offered=finding(Verdict.NOT_OFFERED))
    assert feedback(result, results(result)).mistakes == ()
    assert feedback(choosing(), results(choosing())).mistakes == ()


def test_what_could_not_be_tested_is_not_held_against_anyone() -> None:
    seen = feedback(not_understood(), results(not_understood()))
    assert seen.untested == ("ho-limit",)
    text = page(not_understood())
    assert "not a mistake of yours" in text
    assert "not sure that it used this code" in text
    assert "it crashed: the worker died" in text.lower()


# --- how it is told -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "result", [wrong_backoff(), no_breaker(), reference(), not_gradable(), not_understood()]
)
def test_a_page_needs_no_word_of_this_project(result: CandidateResult) -> None:
    quoted = {f.evidence for f in result.requirements.values()}
    text = page(result)
    for evidence in filter(None, quoted):
        text = text.replace(evidence, "").replace(evidence.capitalize(), "")
    used = [word for word in OURS if word in text.lower()]
    assert not used, f"{used} in\n{text}"


def test_a_mistake_tells_what_should_be_what_was_and_where_to_read() -> None:
    text = page(wrong_backoff())
    assert "- **What should be so:** The first open period follows from" in text
    assert "- **What happened:** First open period 40 s, configured 10 s." in text
    assert "https://aws.amazon.com/" in text
    assert "grader explain YOUR_FILE bo-first" in text
    assert "- **open period**: how long" in text


def test_words_are_explained_that_occur_and_no_others() -> None:
    assert "**probe**" not in page(wrong_backoff())


def test_a_flawless_answer_is_told_so() -> None:
    text = page(reference())
    assert "**10.00 of 10 points.** 6 of 6 rules hold." in text
    assert "Nothing was found that is wrong." in text


def test_a_name_of_the_code_keeps_its_case() -> None:
    seen = "failure_threshold=0 was accepted"
    assert r"failure\_threshold=0 was accepted." in page(
        told(bo_first=finding(Verdict.FAIL, evidence=seen))
    )


@pytest.mark.parametrize("text", HOSTILE)
def test_what_a_candidate_says_stays_text(text: str) -> None:
    parsed = MarkdownIt("gfm-like", {"linkify": False}).parse(page(hostile(text)))
    plain = MarkdownIt("gfm-like", {"linkify": False}).parse(page(hostile("harmless words")))
    kinds = {child.type for token in parsed for child in token.children or ()}
    assert not kinds & {"html_inline", "image"}
    links = [
        child.attrGet("href")
        for token in parsed
        for child in token.children or ()
        if child.type == "link_open"
    ]
    assert not [link for link in links if "evil" in str(link)]
    headings = [[t.tag for t in p if t.type == "heading_open"] for p in (parsed, plain)]
    assert headings[0] == headings[1]


@pytest.mark.parametrize(
    ("source", "area", "titles"),
    [
        ("AZ, FOW, GOB, POL", "states", ["Azure", "Martin Fowler"]),
        ("the question, AZ", "http", ["Azure"]),
        ("seen in libraries", "async", ["Python: Coroutines"]),
        ("", "delivery", []),
    ],
)
def test_a_learner_is_sent_to_what_is_easiest_to_read(
    source: str, area: str, titles: list[str]
) -> None:
    found = reading(Requirement(area=area, level=Level.MUST, sentence="x", source=source))
    assert len(found) == len(titles)
    assert all(p.title.startswith(t) for p, t in zip(found, titles, strict=True)), found


# --- the commands ---------------------------------------------------------------------------


def test_a_run_writes_a_page_for_each_author(tmp_path: Path) -> None:
    (tmp_path / "ann.md").write_text(BREAKER_LESS)
    (tmp_path / "ben.md").write_text(BREAKER_LESS)
    advice = tmp_path / "advice"
    done = grader(
        *("run", tmp_path / "ann.md", tmp_path / "ben.md"),
        *("--out", tmp_path / "out", "--feedback", advice),
    )
    assert done.exit_code == 0, done.output
    assert sorted(path.name for path in advice.iterdir()) == ["ann.md", "ben.md"]
    assert "# Feedback on ann" in (advice / "ann.md").read_text()


def test_feedback_on_a_run_and_on_an_answer_is_the_same(tmp_path: Path) -> None:
    answer = tmp_path / "ann.md"
    answer.write_text(BREAKER_LESS)
    assert grader("run", answer, "--out", tmp_path / "out").exit_code == 0
    of_run = grader("feedback", tmp_path / "out")
    of_answer = grader("feedback", answer, "--out", tmp_path / "advice")
    assert (of_run.exit_code, of_answer.exit_code) == (0, 0)
    assert of_run.stdout == (tmp_path / "advice" / "ann.md").read_text()
    assert of_run.stdout.startswith("# Feedback on ann\n")


def test_file_names_are_safe_whatever_a_candidate_is_called() -> None:
    odd = [msgspec.structs.replace(reference(), id=name) for name in ("../up", "a/b", "a b", "")]
    names = list(feedback_pages(results(*odd)))
    assert len(set(names)) == 4
    assert not [name for name in names if "/" in name or ".." in name]


def test_feedback_on_what_is_nothing_is_one_line(tmp_path: Path) -> None:
    refused(grader("feedback", tmp_path / "none.md"), "none.md", "not found")
    (tmp_path / "results.json").write_text("{}")
    refused(grader("feedback", tmp_path / "results.json"), "results.json")


def test_a_run_has_its_weights_already(tmp_path: Path) -> None:
    (tmp_path / "results.json").write_bytes(encode(results(reference())))
    (tmp_path / "own.toml").write_text("[areas]\nbackoff = 1\n")
    refused(grader("feedback", tmp_path, "--rubric", tmp_path / "own.toml"), "regrade")
