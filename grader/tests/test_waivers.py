"""A library may break a rule on purpose: that is shown with its reason, and not scored."""

from pathlib import Path

import pytest

from grader import answers
from grader.candidate import Candidate
from grader.errors import InputError
from grader.grading import waived
from grader.report import view
from grader.report.html import render_html
from grader.report.junit import render_junit
from grader.report.markdown import render_markdown
from grader.results import CandidateResult, Results
from grader.scoring import score
from grader.tests.results_helpers import REQUIREMENTS, RUBRIC, candidate, finding, passing
from grader.verdicts import Verdict

REASON = "Kept on purpose, as <b>documented</b>."
LIBRARY = 'kind = "library"\n[waivers]\nro-bounded = "{reason}"\n'


def with_waiver(row: str, verdict: Verdict) -> CandidateResult:
    """Make a result in which one row has this verdict, and is said to be broken on purpose."""
    findings = waived(passing() | {row: finding(verdict, evidence="seen")}, {row: REASON})
    scored = score(findings, REQUIREMENTS, RUBRIC)
    return candidate("library", findings, waivers={row: REASON}, score=scored.score)


def run_of(result: CandidateResult) -> Results:
    return Results(
        specification="s",
        seed=0,
        isolation="bwrap",
        python="3.11",
        rubric=RUBRIC.as_data(),
        requirements=REQUIREMENTS,
        candidates=(result,),
    )


@pytest.mark.parametrize("verdict", [Verdict.FAIL, Verdict.ERROR, Verdict.BLOCKED])
def test_a_waived_row_keeps_its_verdict_and_is_not_scored(verdict: Verdict) -> None:
    result = with_waiver("bo-first", verdict)
    assert result.requirements["bo-first"].verdict == verdict
    assert result.score == 10.0


@pytest.mark.parametrize("verdict", [Verdict.PASS, Verdict.NOT_OFFERED, Verdict.UNKNOWN])
def test_a_waiver_excuses_nothing_but_a_failure(verdict: Verdict) -> None:
    result = with_waiver("bo-first", verdict)
    assert result.requirements["bo-first"].waived == ""
    assert list(view.stale_waivers(result)) == ["bo-first"]


def test_a_waiver_for_no_requirement_is_pointed_out() -> None:
    result = candidate("library", passing(), waivers={"bo-nonsense": REASON})
    assert view.stale_waivers(result) == {"bo-nonsense": "is no requirement of this run"}
    assert "`bo-nonsense` is no requirement" in render_markdown(run_of(result))


def test_every_report_shows_the_waiver_and_its_reason() -> None:
    run = run_of(with_waiver("bo-first", Verdict.FAIL))
    assert view.marks(run.candidates[0]) == ("1 row waived",)
    assert "waived: Kept on purpose" in render_markdown(run)
    junit = render_junit(run).decode()
    assert '<skipped message="waived: Kept on purpose' in junit
    assert 'failures="0"' in junit
    html = render_html(run)
    assert "Kept on purpose" in html
    assert "<b>documented" not in html, "a reason became markup"


# --- the manifest -------------------------------------------------------------------------


def library(folder: Path, toml: str) -> Candidate:
    (folder / "candidate.toml").write_text(toml)
    (folder / "breaker.py").write_text("class CircuitBreaker: ...\n")
    (found,) = answers.load(folder)
    assert isinstance(found, Candidate), found
    return found


def test_waivers_are_read_and_written_again(tmp_path: Path) -> None:
    first = library(tmp_path, LIBRARY.format(reason="because"))
    assert first.waivers == {"ro-bounded": "because"}
    (again,) = answers.load(answers.save(first, tmp_path / "saved"))
    assert again == first


@pytest.mark.parametrize(
    ("toml", "told"),
    [
        ('[waivers]\nro-bounded = "because"\n', "only a library"),
        (LIBRARY.format(reason=" "), "gives no reason"),
        ('kind = "library"\nwaivers = ["ro-bounded"]\n', "waivers"),
    ],
)
def test_a_waiver_that_cannot_be_meant_is_refused(tmp_path: Path, toml: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        library(tmp_path, toml)
