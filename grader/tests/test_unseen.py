"""Answers that were written blind, with their mistakes: each fails what it has to, nothing else."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from grader import scoring
from grader.report import RunProgress
from grader.results import CandidateResult
from grader.runner import prepare, run

UNSEEN = Path(__file__).resolve().parent / "unseen"
LABELS: dict[str, dict[str, Any]] = tomllib.loads((UNSEEN / "labels.toml").read_text())


@pytest.fixture(scope="module")
def graded() -> dict[str, CandidateResult]:
    """Grade all of them."""
    answers = [UNSEEN / f"{name}.md" for name in LABELS]
    job, _ = prepare(answers, isolation="auto", rubric=scoring.load(), seed=0, jobs=2)
    with RunProgress(len(job.entries)) as progress:
        return {candidate.id: candidate for candidate in run(job, progress).candidates}


@pytest.mark.parametrize("name", LABELS)
def test_it_fails_what_it_has_to_and_nothing_else(
    name: str, graded: dict[str, CandidateResult]
) -> None:
    label, found = LABELS[name], graded[name].requirements
    for key, verdicts in (("fails", {"fail", "error"}), ("unknown", {"unknown"})):
        rows = {row: f.evidence for row, f in found.items() if f.verdict in verdicts}
        assert set(rows) == set(label.get(key, ())), f"{key}: {rows}"
    if not label["fails"]:
        assert graded[name].score_high == 10.0


def test_every_answer_has_a_label() -> None:
    assert {path.stem for path in UNSEEN.glob("*.md")} - {"README"} == set(LABELS)
