"""Where the grader fails at a candidate, that one is graded as far as it goes, and says so."""

from collections.abc import Callable
from typing import Any

import pytest

from grader import scoring, slot
from grader.candidate import Candidate
from grader.errors import GraderError, SpecificationFailedError
from grader.grading import Graded
from grader.judging import tests as all_tests
from grader.sandbox import choose
from grader.slot import Slot, without_score
from grader.tests.driver_helpers import candidate_of
from grader.verdicts import Verdict

FAILED = SpecificationFailedError("the specification failed: test_it: KeyError('plain')")


def how() -> Slot:
    return Slot(tier=choose("process"), rubric=scoring.load())


def graded_by(
    monkeypatch: pytest.MonkeyPatch, grade: Callable[[str, str], str]
) -> tuple[Graded, list[tuple[str, str]]]:
    """Grade a candidate with another way of grading; return what came of it, and what was asked."""
    asked: list[tuple[str, str]] = []

    def stand_in(candidate: Candidate, *_: Any, strict: bool = True, **__: Any) -> Graded:
        manner = "strictly" if strict else "leniently"
        asked.append((candidate.id, manner))
        return Graded(result=without_score(candidate, grade(candidate.id, manner)), requirements={})

    monkeypatch.setattr(slot, "grade", stand_in)
    return slot.graded(candidate_of("x = 1", name="given"), how()), asked


def test_what_the_specification_fails_at_is_left_out_if_the_reference_is_graded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def grade(name: str, manner: str) -> str:
        if (name, manner) == ("given", "strictly"):
            raise FAILED
        return "graded"

    graded, asked = graded_by(monkeypatch, grade)
    assert graded.result.problem == "graded"
    assert asked == [("given", "strictly"), ("reference", "strictly"), ("given", "leniently")]


def test_a_specification_that_fails_for_the_reference_grades_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def grade(_name: str, manner: str) -> str:
        raise FAILED if manner == "strictly" else AssertionError("nothing is graded leniently")

    graded, _ = graded_by(monkeypatch, grade)
    assert graded.result.score is None
    assert "the specification fails for the reference as well" in graded.result.problem


def test_another_failure_of_the_grader_is_tried_again_and_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def grade(name: str, _manner: str) -> str:
        if name == "given":
            raise GraderError("no sandbox")
        return "graded"

    graded, asked = graded_by(monkeypatch, grade)
    assert (
        graded.result.problem
        == "not graded, the grader failed, though not for the reference: no sandbox"
    )
    assert [name for name, _ in asked].count("given") == 3


def test_a_test_that_fails_itself_is_no_verdict_and_leniently_unknown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    test = all_tests()[0]

    def stumble(*_: Any) -> dict[str, Any]:
        raise KeyError("plain")

    monkeypatch.setattr(type(test), "_values", stumble)
    player: Any = type("Nobody", (), {"played": {}, "calls_are_cut_off": False})()
    with pytest.raises(SpecificationFailedError, match=r"KeyError\('plain'\)"):
        test.judge(player, "given")
    case = test.judge(player, "given", strict=False)
    assert case.verdict is Verdict.UNKNOWN
    assert case.evidence == "the grader failed at this: KeyError('plain')"
