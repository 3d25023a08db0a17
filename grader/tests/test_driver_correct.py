"""A correct breaker gets every point, on a quiet machine and a busy one, byte by byte the same."""

import contextlib
import functools
from pathlib import Path

import msgspec
import pytest

from grader import answers, scoring
from grader.candidate import Candidate
from grader.grading import Graded, grade
from grader.results import CandidateResult
from grader.sandbox import choose
from grader.tests.driver_helpers import CORRECT, busy_neighbour
from grader.verdicts import Verdict

UNUSUAL = CORRECT.parent / "unusual"
FOLDERS = sorted(path.parent for path in (*CORRECT.glob("*/*.toml"), *UNUSUAL.glob("*/*.toml")))
WITH_JITTER = ("async_config", "async_with", "backoff_registry", "decorator_only", "sync_core")
ON_A_BUSY_MACHINE = "sync_executor"
TWICE = ("sync_executor", "async_config")


def graded(folder: Path) -> Graded:
    (candidate,) = answers.load(folder)
    assert isinstance(candidate, Candidate)
    return grade(candidate, choose(), scoring.load())


def against(result: CandidateResult) -> dict[str, str]:
    return {
        row: f"{found.verdict}: {found.evidence}"
        for row, found in result.requirements.items()
        if found.verdict not in {Verdict.PASS, Verdict.NOT_OFFERED}
    }


@functools.cache
def graded_once(folder: Path) -> Graded:
    busy = busy_neighbour() if folder.name == ON_A_BUSY_MACHINE else contextlib.nullcontext()
    with busy:
        return graded(folder)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.name))
def test_a_correct_breaker_scores_ten_of_ten_with_no_row_against_it(folder: Path) -> None:
    result = graded_once(folder).result
    assert against(result) == {}, f"{folder.name} is correct, so these verdicts are not"
    assert (result.score, result.score_high, result.as_delivered) == (10.0, 10.0, 10.0)
    assert len(result.requirements) > 40, "most of the catalogue was looked at"


@pytest.mark.parametrize("name", WITH_JITTER)
def test_a_correct_breaker_scores_ten_of_ten_with_its_jitter_on(name: str) -> None:
    (candidate,) = answers.load(CORRECT / name)
    assert isinstance(candidate, Candidate)
    jittery = msgspec.structs.replace(candidate, binding={"settings": {"jitter": 0.25}})
    result = grade(jittery, choose(), scoring.load()).result
    assert against(result) == {}, f"{name} is correct, so these verdicts are not"
    assert (result.score, result.score_high) == (10.0, 10.0)
    assert result.binding["parameters"]["jitter"]


@pytest.mark.parametrize("name", TWICE)
def test_two_runs_give_the_same_bytes_apart_from_durations(name: str) -> None:
    first, second = graded_once(CORRECT / name), graded(CORRECT / name)
    encoded = [
        msgspec.json.format(msgspec.json.encode(msgspec.structs.replace(run.result, seconds=0.0)))
        for run in (first, second)
    ]
    differing = [
        f"{before.decode()} became {after.decode()}"
        for before, after in zip(*(text.splitlines() for text in encoded), strict=False)
        if before != after
    ]
    assert differing == []
    assert encoded[0] == encoded[1]
