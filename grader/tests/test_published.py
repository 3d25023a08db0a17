"""The ten published answers, and the re-enactments that stand for them in this repository."""

from pathlib import Path

import pytest

from grader import scoring
from grader.report import RunProgress
from grader.results import CandidateResult, Results
from grader.runner import prepare, run
from grader.verdict_text import read_verdicts, verdict_text

ROOT = Path(__file__).resolve().parents[2]
COMMITTED = ROOT / "reports" / "published-verdicts.toml"
PUBLISHED = ROOT.parent / "shared" / "multivac" / "EVAL-20260402-131157.results.json"
AGREEMENT = 0.95


def graded(*paths: Path) -> Results:
    """Grade as `grader run` does."""
    job, notes = prepare(paths, isolation="auto", rubric=scoring.load(), seed=0, jobs=2)
    assert not notes, notes
    with RunProgress(len(job.entries)) as progress:
        return run(job, progress)


@pytest.fixture(scope="module")
def ours() -> Results:
    """Grade the candidates of the project."""
    return graded(ROOT / "candidates")


@pytest.fixture(scope="module")
def published() -> Results:
    """Grade the published answers, where they are."""
    if not PUBLISHED.exists():
        pytest.skip("the published evaluation is not beside the checkout")
    return graded(PUBLISHED)


def of(results: Results, key: str) -> CandidateResult:
    """Return one candidate's result."""
    return next(candidate for candidate in results.candidates if candidate.id == key)


def test_every_published_answer_has_verdicts_that_are_committed(ours: Results) -> None:
    committed = read_verdicts(COMMITTED.read_text())
    re_enacted = {c.id for c in ours.candidates if c.provenance == "re-enactment"}
    assert len(committed) == 10
    assert set(committed) == re_enacted


def test_each_re_enactment_agrees_with_the_answer_it_stands_for(ours: Results) -> None:
    for key, verdicts in read_verdicts(COMMITTED.read_text()).items():
        again = {row: str(f.verdict) for row, f in of(ours, key).requirements.items()}
        differing = [row for row in verdicts if again.get(row) != verdicts[row]]
        agreement = 1 - len(differing) / len(verdicts)
        assert agreement >= AGREEMENT, f"{key}: {agreement:.0%}, differing in {differing}"
        assert set(again) == set(verdicts), f"{key}: not the same rows; `grader verdicts` anew"


def test_the_reference_scores_ten_and_every_re_enactment_less(ours: Results) -> None:
    scores = {candidate.id: candidate.score for candidate in ours.candidates}
    assert scores.pop("reference") == 10.0
    assert len(scores) == 10
    assert all(score is not None and score < 10.0 for score in scores.values()), scores


def test_a_second_run_writes_the_same_verdicts_and_evidence(ours: Results) -> None:
    again = graded(ROOT / "candidates" / "reference", ROOT / "candidates" / "mimo_v2_flash")
    for candidate in again.candidates:
        before = of(ours, candidate.id)
        assert candidate.requirements == before.requirements
        assert candidate.measurements == before.measurements
        assert candidate.binding == before.binding


def test_the_committed_verdicts_are_what_the_published_answers_get(published: Results) -> None:
    assert verdict_text(published) == COMMITTED.read_text(), (
        "grade the evaluation again and write `grader verdicts` to reports/published-verdicts.toml"
    )


def test_only_one_published_answer_is_complete(published: Results) -> None:
    complete = [candidate.id for candidate in published.candidates if candidate.complete]
    assert complete == ["gemini_3_flash"]
    delivered = [c.id for c in published.candidates if c.as_delivered]
    assert delivered == ["gemini_3_flash"]


@pytest.mark.parametrize(
    ("key", "periods"),
    [
        ("gemini_3_flash", [10.0, 10.0, 10.0, 10.0]),
        ("grok_420", [40.0, 60.0, 60.0]),
        ("mimo_v2_flash", [80.0, 80.0, 160.0, 320.0]),
    ],
)
def test_open_periods_are_those_that_were_measured_by_hand(
    published: Results, key: str, periods: list[float]
) -> None:
    curve = of(published, key).measurements["backoff_curve"]
    assert curve[: len(periods)] == pytest.approx(periods, rel=0.03), f"measured {curve}"


@pytest.mark.parametrize("key", ["gemini_3_flash", "grok_420", "mimo_v2_flash"])
def test_three_published_answers_let_every_probe_through(published: Results, key: str) -> None:
    burst = of(published, key).measurements["half_open_burst"]
    assert burst["running"] == burst["callers"], burst


def test_one_published_circuit_never_closes_again(published: Results) -> None:
    rows = of(published, "mimo_v2_flash").requirements
    assert rows["st-probe-success-closes"].verdict == "fail"
    assert "is open" in rows["st-probe-success-closes"].evidence


def test_one_published_breaker_serialises_its_calls_and_never_defines_its_error(
    published: Results,
) -> None:
    rows = of(published, "deepseek_v4").requirements
    assert rows["as-concurrent"].verdict == "fail"
    assert "CircuitBreakerError" in rows["de-names"].evidence
    assert "NameError" in rows["st-open-error-distinct"].evidence


@pytest.mark.parametrize(
    "key", ["claude_opus_46", "claude_sonnet_46", "minimax_m25", "gemini_31_pro", "gpt_5_4"]
)
def test_an_answer_without_a_usable_breaker_gets_next_to_nothing(
    published: Results, key: str
) -> None:
    candidate = of(published, key)
    assert candidate.requirements["de-breaker"].verdict == "fail"
    assert candidate.score is not None
    assert candidate.score < 1.0


def test_the_readme_shows_the_scores_of_a_run(ours: Results) -> None:
    ranked = sorted(ours.candidates, key=lambda c: (-(c.score or 0.0), c.name))
    rows = [f"| {c.name} ({c.provenance}) | {c.score:.2f} | {c.as_delivered:.2f} |" for c in ranked]
    readme = (ROOT / "README.md").read_text()
    absent = [row for row in rows if row not in readme]
    assert not absent, "the table of the README lacks\n" + "\n".join(rows)
