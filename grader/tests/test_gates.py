"""A gate says why it is not met, in one line for each reason, and nothing else does."""

from pathlib import Path

import pytest

from grader.annotations import annotation
from grader.errors import InputError
from grader.gates import Reason, out_of_date, read_baseline, under, worse
from grader.results import CandidateResult, Finding, Results
from grader.tests.results_helpers import HOSTILE, REQUIREMENTS, RUBRIC
from grader.verdict_text import verdict_text
from grader.verdicts import Known, Level, Verdict


def results_of(score: float | None = None, **verdicts: str) -> Results:
    """Make a run with one candidate, whose rows are named with underscores."""
    rows = {
        row.replace("_", "-"): Finding(
            verdict=Verdict(verdict), level=Level.MUST, known=Known.OBSERVED, evidence="seen"
        )
        for row, verdict in verdicts.items()
    }
    candidate = CandidateResult(
        id="mine", name="Mine", provenance="answer", score=score, requirements=rows, problem="gone"
    )
    return Results(
        specification="s",
        seed=0,
        isolation="bwrap",
        python="3.11",
        rubric=RUBRIC.as_data(),
        requirements=REQUIREMENTS,
        candidates=(candidate,),
    )


def before(**verdicts: str) -> dict[str, dict[str, Verdict]]:
    return {"mine": {row.replace("_", "-"): Verdict(v) for row, v in verdicts.items()}}


# --- the lowest score ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("score", "reasons"),
    [
        (9.0, []),
        (8.99, [Reason("mine", "8.99, under 9")]),
        (None, [Reason("mine", "no score, where 9 is asked for")]),
    ],
)
def test_a_score_has_to_reach_the_lowest_that_is_asked_for(
    score: float | None, reasons: list[Reason]
) -> None:
    assert list(under(results_of(score), 9)) == reasons


# --- the baseline -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("was", "now", "is_worse"),
    [
        ("pass", "fail", True),
        ("pass", "error", True),
        ("pass", "blocked", True),
        ("pass", "unknown", True),
        ("unknown", "fail", True),
        ("not offered", "fail", True),
        ("pass", "not offered", False),
        ("fail", "blocked", False),
        ("fail", "unknown", False),
        ("blocked", "pass", False),
        ("pass", "pass", False),
    ],
)
def test_a_verdict_is_worse_where_it_costs_more(was: str, now: str, *, is_worse: bool) -> None:
    expected = [Reason("mine", f"bo-first was {was}, is {now}: seen")] if is_worse else []
    assert list(worse(results_of(bo_first=now), before(bo_first=was))) == expected


def test_what_the_baseline_does_not_know_cannot_be_worse() -> None:
    assert list(worse(results_of(bo_first="fail"), {})) == []
    assert list(worse(results_of(bo_first="fail"), before(ho_limit="pass"))) == []


def test_a_candidate_that_can_no_longer_be_graded_is_worse() -> None:
    assert list(worse(results_of(), before(bo_first="pass"))) == [
        Reason("mine", "was graded, and is not: gone")
    ]


def test_verdicts_that_differ_or_are_new_or_gone_are_out_of_date() -> None:
    now = results_of(bo_first="pass", ho_limit="pass")
    assert out_of_date(now, before(bo_first="pass", ho_limit="pass")) == 0
    assert out_of_date(now, before(bo_first="fail", de_breaker="pass")) == 3
    assert out_of_date(now, {**before(bo_first="pass", ho_limit="pass"), "other": {}}) == 0


def test_a_baseline_is_what_the_verdicts_of_a_run_are_written_as(tmp_path: Path) -> None:
    run = results_of(bo_first="pass", ho_limit="not offered")
    path = tmp_path / "baseline.toml"
    path.write_text(verdict_text(run))
    assert out_of_date(run, read_baseline(path)) == 0


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"[mine", "not TOML"),
        (b"\xff", "not TOML"),
        (b'[mine]\nbo-first = "maybe"\n', "as `grader verdicts` writes them"),
        (b"mine = 3\n", "as `grader verdicts` writes them"),
    ],
)
def test_a_file_that_is_no_baseline_is_refused_by_name(
    tmp_path: Path, text: bytes, told: str
) -> None:
    path = tmp_path / "baseline.toml"
    path.write_bytes(text)
    with pytest.raises(InputError, match=told) as refused:
        read_baseline(path)
    assert str(path) in str(refused.value)


def test_a_baseline_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        read_baseline(tmp_path / "baseline.toml")


# --- annotations --------------------------------------------------------------------------


def test_an_annotation_is_a_command_for_the_runner() -> None:
    assert annotation("a title", "a text") == "::error title=a title::a text"


@pytest.mark.parametrize("text", [*HOSTILE, "::error::\n::stop-commands::x", "50 %\r\n, a: b"])
def test_no_text_begins_a_command_of_its_own(text: str) -> None:
    line = annotation(text, text, level="notice")
    assert len(line.splitlines()) == 1, f"more than one line: {line!r}"
    head, title, *_ = line.split("::")[:3]
    assert (head, title.partition("=")[0]) == ("", "notice title")
    assert "," not in title, f"a second property: {title!r}"
