"""A dispute stands beside its verdict in every report, and changes neither verdict nor score."""

from pathlib import Path

import pytest

from grader.disputes import Disputed, disputes_of, read_disputes, with_disputes
from grader.errors import InputError
from grader.report.html import render_html
from grader.report.junit import render_junit
from grader.report.markdown import render_markdown
from grader.results import Results
from grader.scoring import score
from grader.tests.results_helpers import REQUIREMENTS, RUBRIC, candidate, finding, passing
from grader.verdicts import Verdict

REASON = "It is in <b>milliseconds</b>."
FILE = f"""
[[dispute]]
candidate = "one"
requirement = "bo-first"
verdict = "fail"
should_be = "pass"
reason = "{REASON}"
"""


def run(verdict: Verdict = Verdict.FAIL) -> Results:
    findings = passing() | {"bo-first": finding(verdict, evidence="seen")}
    scored = score(findings, REQUIREMENTS, RUBRIC)
    return Results(
        specification="s",
        seed=0,
        isolation="bwrap",
        python="3.11",
        rubric=RUBRIC.as_data(),
        requirements=REQUIREMENTS,
        candidates=(candidate("one", findings, score=scored.score),),
    )


@pytest.fixture
def disputed(tmp_path: Path) -> tuple[Disputed, ...]:
    path = tmp_path / "disputes.toml"
    path.write_text(FILE)
    return read_disputes(path)


def test_verdict_and_score_stay_and_what_the_score_would_be_is_told(
    disputed: tuple[Disputed, ...],
) -> None:
    before = run()
    shown, notes = with_disputes(before, disputed)
    (one,), (was,) = shown.candidates, before.candidates
    assert notes == []
    assert (one.requirements, one.score) == (was.requirements, was.score)
    assert one.score_if_upheld is not None
    assert was.score is not None
    assert one.score_if_upheld > was.score
    assert disputes_of(shown) == disputed


def test_every_report_tells_it_with_its_reason_and_lets_nothing_through(
    disputed: tuple[Disputed, ...],
) -> None:
    shown, _ = with_disputes(run(), disputed)
    junit, markdown = render_junit(shown).decode(), render_markdown(shown)
    assert "disputed: should be pass: It is in &lt;b&gt;milliseconds" in junit
    assert "is disputed: should be pass: It is in" in markdown
    assert "Were all disputes upheld: " in markdown
    page = render_html(shown)
    assert "should be pass. It is in &lt;b&gt;milliseconds" in page
    assert "<b>milliseconds" not in junit + markdown + page


def test_a_verdict_that_has_become_another_one_is_told_as_stale(
    disputed: tuple[Disputed, ...],
) -> None:
    shown, notes = with_disputes(run(Verdict.PASS), disputed)
    assert notes == ["one, bo-first: disputed as fail, is pass now"]
    assert "disputed, as fail, which it no longer is" in render_junit(shown).decode()


def test_what_the_run_does_not_have_is_told(disputed: tuple[Disputed, ...]) -> None:
    elsewhere = Disputed(
        candidate="two",
        requirement="bo-first",
        verdict=Verdict.FAIL,
        should_be=Verdict.PASS,
        reason="no",
    )
    shown, notes = with_disputes(run(), (*disputed, elsewhere))
    assert notes == ["a dispute about two, bo-first, which this run does not have"]
    assert set(shown.candidates[0].disputes) == {"bo-first"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[dispute", "not a file of disputes"),
        ('[[dispute]]\ncandidate = "one"\n', "not a file of disputes"),
        (FILE.replace(REASON, " "), "a dispute needs a reason"),
        (FILE.replace('"pass"', '"maybe"'), "not a file of disputes"),
    ],
)
def test_a_file_that_is_none_is_refused_in_one_line(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "disputes.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=says) as refused:
        read_disputes(path)
    assert "\n" not in str(refused.value)
