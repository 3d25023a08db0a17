"""Correct breakers that were written blind: none may fail a row."""

from pathlib import Path

import pytest

from grader import scoring
from grader.report import RunProgress
from grader.results import CandidateResult
from grader.runner import prepare, run

HELD_BACK = Path(__file__).resolve().parent / "held_back"
NOT_SEEN: dict[str, set[str]] = {}
"""Rows that cannot be judged, by breaker."""


@pytest.fixture(scope="module")
def graded() -> dict[str, CandidateResult]:
    """Grade all of them."""
    job, _ = prepare([HELD_BACK], isolation="auto", rubric=scoring.load(), seed=0, jobs=2)
    with RunProgress(len(job.entries)) as progress:
        return {candidate.id: candidate for candidate in run(job, progress).candidates}


@pytest.mark.parametrize("name", sorted(p.parent.name for p in HELD_BACK.glob("*/candidate.toml")))
def test_a_correct_breaker_fails_nothing(name: str, graded: dict[str, CandidateResult]) -> None:
    candidate = graded[name]
    against = {
        row: f"{found.verdict}: {found.evidence}"
        for row, found in candidate.requirements.items()
        if found.verdict not in {"pass", "not offered"} and row not in NOT_SEEN.get(name, set())
    }
    assert against == {}
    assert candidate.score_high == 10.0
    for row in NOT_SEEN.get(name, set()):
        assert candidate.requirements[row].verdict == "unknown", "it is seen now: take it off"
