"""Tests that are called as plain functions say what a session of pytest says."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from grader import answers, defects, scoring
from grader.archive import Archive, Histories
from grader.candidate import Candidate
from grader.cases import Verdicts
from grader.defects import CANDIDATES
from grader.grading import grade
from grader.judging import judge_all
from grader.plugin import Given
from grader.pytest_session import run_specification
from grader.sandbox import choose


def defect() -> Candidate:
    return defects.build(defects.load(defects.FOLDER / "cannot_be_built.toml"), defects.reference())


def loaded(path: Path) -> Candidate:
    (candidate,) = answers.load(path)
    assert isinstance(candidate, Candidate)
    return candidate


CASES: dict[str, Callable[[], Candidate]] = {
    "right": lambda: loaded(CANDIDATES / "reference"),
    "nothing can be judged": defect,
    "cut off": lambda: loaded(CANDIDATES / "grok_420"),
    "a library, which ships no example": lambda: loaded(CANDIDATES / "libraries" / "aiobreaker"),
}


def told(verdicts: Verdicts, candidate: Candidate) -> dict[str, object]:
    """Return everything that a grading takes from what was judged."""
    findings = verdicts.findings(candidate.id)
    return {
        "findings": list(findings.items()),
        "requirements": list(verdicts.rows.items()),
        "scenarios": list(verdicts.scenarios.items()),
        "cases": sorted(verdicts.cases, key=lambda case: case.place),
    }


@pytest.mark.parametrize("kind", CASES)
def test_both_ways_of_judging_say_the_same_of_the_same_histories(kind: str) -> None:
    candidate = CASES[kind]()
    seen = msgspec.json.decode(grade(candidate, choose(), scoring.load()).histories, type=Histories)
    session = run_specification(Given((candidate,), lambda _: Archive(seen)))
    called = judge_all(candidate, Archive(seen))
    for part, by_pytest in told(session, candidate).items():
        assert told(called, candidate)[part] == by_pytest, part
