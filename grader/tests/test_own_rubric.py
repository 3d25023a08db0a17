"""A rubric of one's own: weights, and another level for single requirements."""

from pathlib import Path

import pytest

from grader import scoring
from grader.comparing import compare
from grader.grading import grade
from grader.report import render_junit, render_markdown
from grader.report.terminal import notes
from grader.results import CandidateResult, Results, decode
from grader.runner import prepare
from grader.sandbox import Tier
from grader.scoring import Rubric
from grader.tests.results_helpers import RUBRIC, reference, results
from grader.tests.test_cli import BREAKER_LESS, grader, refused
from grader.verdicts import Level


def rubric(folder: Path, toml: str) -> Path:
    path = folder / "strict.toml"
    path.write_text(toml)
    return path


@pytest.fixture
def answer(tmp_path: Path) -> Path:
    path = tmp_path / "answer.md"
    path.write_text(BREAKER_LESS)
    return path


def graded(answer: Path, weights: Rubric) -> CandidateResult:
    job, _ = prepare([answer], isolation="auto", rubric=weights, seed=0, jobs=1)
    (entry,) = job.entries
    assert job.tier is not Tier.PROCESS
    return grade(entry, job.tier, weights).result  # type: ignore[arg-type]


def test_a_row_has_the_level_that_the_rubric_gives_it(answer: Path, tmp_path: Path) -> None:
    plain = graded(answer, scoring.load())
    weights = scoring.load(rubric(tmp_path, '[rows]\nde-breaker = "INFORMATIVE"\n'))
    own = graded(answer, weights)
    assert plain.requirements["de-breaker"].level is Level.MUST
    assert own.requirements["de-breaker"].level is Level.INFORMATIVE
    assert own.requirements["de-breaker"].verdict == plain.requirements["de-breaker"].verdict
    assert plain.score is not None
    assert own.score is not None
    assert own.score > plain.score, "a row that fails was left out"


def test_a_run_says_which_rubric_was_used_and_a_regrade_may_use_another(
    answer: Path, tmp_path: Path
) -> None:
    path = rubric(tmp_path, '[areas]\ndelivery = 1\n[rows]\nde-breaker = "SHOULD"\n')
    out = tmp_path / "out"
    done = grader("run", answer, "--rubric", path, "--out", out)
    assert done.exit_code == 0, done.output
    assert "strict.toml" in done.output
    run = decode((out / "results.json").read_bytes())
    assert run.rubric["name"] == "strict.toml"
    assert run.rubric["rows"] == {"de-breaker": "SHOULD"}
    assert run.requirements["de-breaker"].level is Level.SHOULD
    assert grader("regrade", out).exit_code == 0
    again = decode((out / "results.json").read_bytes())
    assert (again.rubric["name"], "rows" in again.rubric) == ("built-in", False)
    assert again.requirements["de-breaker"].level is Level.MUST
    assert again.candidates[0].score != run.candidates[0].score
    assert grader("regrade", out, "--rubric", path).exit_code == 0
    assert decode((out / "results.json").read_bytes()).candidates == run.candidates


def test_every_report_names_a_rubric_that_is_not_the_projects() -> None:
    own = results(reference(), rubric={**RUBRIC.as_data(), "name": "strict.toml"})
    told = "Weights and levels of strict.toml"
    assert told in " ".join(notes(own))
    assert told in render_markdown(own)
    assert b'<property name="weights" value="strict.toml"' in render_junit(own)
    assert told not in render_markdown(results(reference()))


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ('[rows]\nst-nonsense = "MUST"\n', ["rows.st-nonsense", "no such requirement"]),
        ('[rows]\nho-hung-probe = "MUST"\n', ["rows.ho-hung-probe", "choice of design"]),
        ("[rows]\nbo-first = 3\n", ["rows.bo-first", "MUST, SHOULD, INFORMATIVE"]),
        ("rows = 3\n", ["rows", "table"]),
        ("[areas]\nbackof = 3\n", ["areas.backof", "unknown"]),
        ("[areas]\nbackoff = -1\n", ["areas.backoff", "0 or more"]),
        ("[weights]\n", ["unknown key 'weights'"]),
        ("[[[", ["not TOML"]),
    ],
)
def test_a_rubric_that_makes_no_sense_is_one_line_and_nothing_is_written(
    answer: Path, tmp_path: Path, toml: str, words: list[str]
) -> None:
    path = rubric(tmp_path, toml)
    refused(grader("run", answer, "--rubric", path, "--out", tmp_path / "out"), *words)
    assert not (tmp_path / "out").exists()


def test_a_rubric_that_is_not_there_is_refused(answer: Path, tmp_path: Path) -> None:
    refused(grader("run", answer, "--rubric", tmp_path / "none.toml"), "none.toml")


def test_two_runs_with_the_same_weights_by_another_name_are_compared_as_such() -> None:
    def run(**fields: object) -> Results:
        return results(reference(), rubric={**RUBRIC.as_data(), **fields})

    assert compare(run(name="a.toml"), run(name="b.toml")).notes == ()
    assert compare(run(), run(rows={"bo-first": "SHOULD"})).notes == ("another weights",)
