"""Several answers of one model are samples: a mean with an interval, and when there is none."""

import json
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from grader import answers
from grader.candidate import Candidate
from grader.report.html import render_html
from grader.report.markdown import render_markdown
from grader.report.models import models_section
from grader.results import CandidateResult, Results, decode
from grader.samples import ENOUGH, FEWEST, interval, models
from grader.tests.results_helpers import HOSTILE, results
from grader.tests.test_cli import BREAKER_LESS, grader

scores = st.lists(st.floats(0, 10), min_size=FEWEST, max_size=40)


def sample(number: int, score: float | None, model: str = "Model M") -> CandidateResult:
    return CandidateResult(
        id=f"m-{number}",
        name=f"M {number}",
        provenance="answer",
        model=model,
        score=score,
        score_high=score,
        as_delivered=None if score is None else 0.0,
    )


def run(*given: CandidateResult) -> Results:
    return results(*given, models=models(given))


SIX = tuple(sample(number, score) for number, score in enumerate((6.0, 7.0, 8.0, 6.5, 7.5, 7.0)))


def test_the_interval_is_that_of_students_t() -> None:
    # By hand: mean 7, deviation sqrt(2.5 / 5) = 0.7071, error 0.2887, t(5) = 2.5706.
    found = models(SIX)["Model M"]
    assert (found.mean, found.low, found.high) == (7.0, 6.26, 7.74)
    assert "rare failure" in found.note


@given(scores)
def test_an_interval_holds_the_mean_and_stays_on_the_scale(points: list[float]) -> None:
    found = interval(points)
    if found.low is None or found.high is None:
        assert "alike" in found.note
        return
    mean = sum(points) / len(points)
    assert 0 <= found.low <= mean + 0.01
    assert mean - 0.01 <= found.high <= 10


@pytest.mark.parametrize("count", range(FEWEST))
def test_too_few_samples_have_no_interval_and_say_so(count: int) -> None:
    found = interval([float(n) for n in range(count)])
    assert (found.low, found.high) == (None, None)
    assert f"{count} of at least {FEWEST}" in found.note


def test_samples_that_score_alike_have_no_interval() -> None:
    assert interval([5.0] * 8).note == "all samples score alike, which gives no interval"


def test_enough_samples_come_without_a_warning() -> None:
    assert interval([float(n % 7) for n in range(ENOUGH)]).note == ""


def _held(count: int) -> float:
    """Return how often the interval holds the mean, where two answers of five are cut off."""
    draw = np.random.default_rng(0)
    whole = draw.random((2_000, count)) < 0.6
    points = np.where(whole, draw.normal(7.0, 0.8, whole.shape).clip(0, 10), 0.1)
    error = points.std(axis=1, ddof=1) / count**0.5
    margin = stats.t.ppf(0.975, count - 1) * error
    off = np.abs(points.mean(axis=1) - (0.6 * 7.0 + 0.4 * 0.1))
    return float(np.mean((off <= margin)[error > 0]))


def test_with_fewer_samples_the_interval_would_promise_too_much() -> None:
    assert _held(3) < 0.80
    assert _held(FEWEST) > 0.88
    assert _held(ENOUGH) > 0.93


def test_without_scipy_there_is_a_mean_and_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy", None)
    found = models(SIX)["Model M"]
    assert (found.mean, found.low) == (7.0, None)
    assert "breaker-grader[judges]" in found.note


def test_what_was_not_graded_is_counted_and_not_averaged() -> None:
    found = models((*SIX, sample(9, None)))["Model M"]
    assert (found.mean, len(found.samples), found.not_graded) == (7.0, 6, ("m-9",))
    (row,) = models_section(run(*SIX, sample(9, None))).tables[0].rows  # type: ignore[union-attr]
    assert "1 not graded, and not in the mean" in row[-1]


def test_models_stand_best_first_and_candidates_without_one_stand_apart() -> None:
    found = models((sample(1, 3.0, "Low"), sample(2, 9.0, "High"), sample(3, 5.0, "")))
    assert list(found) == ["High", "Low"]


def test_every_report_shows_the_models_once_there_are_several_answers() -> None:
    several, single = run(*SIX), run(sample(1, 7.0))
    assert "| Model M | 6 | 7.00 | 6.26 to 7.74 |" in render_markdown(several)
    assert "Models, by the mean" in render_html(several)
    assert "Models, by the mean" not in render_markdown(single) + render_html(single)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_models_name_is_never_markup(text: str) -> None:
    several = run(*(msgspec.structs.replace(one, model=text) for one in SIX))
    assert "<script>alert" not in render_html(several)
    assert "<script>" not in render_markdown(several)


# --- where a model comes from ---------------------------------------------------------------


def test_a_folder_names_its_model(tmp_path: Path) -> None:
    (tmp_path / "candidate.toml").write_text('id = "one"\nmodel = "Model M"\n')
    (tmp_path / "answer.md").write_text(BREAKER_LESS)
    (found,) = answers.load(tmp_path)
    assert isinstance(found, Candidate)
    assert found.model == "Model M"
    (again,) = answers.load(answers.save(found, tmp_path / "saved"))
    assert again == found


def test_a_run_over_several_answers_of_a_model_writes_its_mean(tmp_path: Path) -> None:
    entry = {"model_key": "m", "model_name": "Model M", "response": BREAKER_LESS}
    source = tmp_path / "answers.json"
    source.write_text(json.dumps({"responses": [entry, entry, entry | {"response": ""}]}))
    done = grader("run", source, "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert "Models, by the mean of their answers" in done.output
    found = decode((tmp_path / "out" / "results.json").read_bytes())
    model = found.models["Model M"]
    assert (model.samples, model.not_graded) == (("m", "m-2"), ("m-3",))
    assert model.mean == found.candidates[0].score
    assert grader("regrade", tmp_path / "out").exit_code == 0
    assert decode((tmp_path / "out" / "results.json").read_bytes()).models == found.models
