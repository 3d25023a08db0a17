"""Gradings are kept by content: the same one is read, anything else is computed."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from grader import answers, cache, ground, scoring, slot
from grader.answers import assembly
from grader.cache import Cache
from grader.candidate import Candidate
from grader.errors import GraderError
from grader.grading import Graded
from grader.results import CandidateResult
from grader.sandbox import Tier, choose
from grader.tests.driver_helpers import CANDIDATES
from grader.tests.test_cli import BREAKER_LESS, grader
from grader.verdicts import Level, Verdict


def candidate(text: str = BREAKER_LESS, name: str = "one") -> Candidate:
    return assembly.from_markdown(text, id=name, name=name.title())


def graded(of: Candidate, **fields: object) -> Graded:
    result = CandidateResult(id=of.id, name=of.name, provenance="answer", **fields)  # type: ignore[arg-type]
    histories = json.dumps({"id": of.id, "scenarios": {}}, separators=(",", ":"))
    return Graded(result=result, requirements={}, histories=histories)


def opened(tier: Tier = Tier.BWRAP, seed: int = 0) -> Cache:
    return Cache(tier, scoring.load(), seed)


# --- what is the same, and what is not ----------------------------------------------------


def test_the_same_content_is_known_under_any_name() -> None:
    one, other = candidate(name="one"), candidate(name="other")
    with opened() as kept:
        kept.put(one, graded(one, score=3.5))
        known = kept.get(other)
    assert known is not None, "only the name differs"
    assert (known.result.score, known.result.id, known.result.name) == (3.5, "other", "Other")
    assert json.loads(known.histories)["id"] == "other"


def test_another_content_or_seed_or_tier_is_not_known() -> None:
    one = candidate()
    with opened() as kept:
        kept.put(one, graded(one, score=3.5))
        assert kept.get(candidate(BREAKER_LESS + "More words.\n```python\nx = 1\n```\n")) is None
    for other in (opened(seed=1), opened(Tier.LANDLOCK)):
        with other as kept:
            assert kept.get(one) is None


def test_another_specification_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    one = candidate()
    with opened() as kept:
        kept.put(one, graded(one, score=3.5))
    monkeypatch.setattr(ground, "code", lambda *_: "another specification")
    with opened() as kept:
        assert kept.get(one) is None


def test_what_the_infrastructure_failed_at_is_tried_again() -> None:
    one = candidate()
    with opened() as kept:
        kept.put(one, graded(one, problem="not graded, the infrastructure failed"))
        assert kept.get(one) is None


def test_an_installed_package_is_not_kept_for_its_files_are_elsewhere() -> None:
    package = msgspec.structs.replace(candidate(), package="pybreaker")
    with opened() as kept:
        kept.put(package, graded(package, score=3.5))
        assert kept.get(package) is None


def test_what_no_encoder_takes_is_kept_all_the_same() -> None:
    one = candidate()
    strange = graded(one, score=0.0, problem="")
    result = msgspec.structs.replace(strange.result, measurements={"said": "\ud800", "high": 1e999})
    with opened() as kept:
        kept.put(one, msgspec.structs.replace(strange, result=result))
        known = kept.get(one)
    assert known is not None
    assert known.result.measurements == {"said": "\ud800", "high": float("inf")}


def test_what_cannot_be_kept_any_more_is_not_lost() -> None:
    one = candidate()
    with opened() as kept:
        kept.path.unlink()
        kept.put(one, graded(one, score=3.5))
    with opened() as kept:
        assert kept.get(one) is None


# --- whole runs ---------------------------------------------------------------------------


def contents(out: Path) -> dict[str, bytes]:
    """Return the files of a run, without durations."""
    results = json.loads((out / "results.json").read_bytes())
    results.pop("seconds")
    for one in results["candidates"]:
        one.pop("seconds")
    return {
        "results": json.dumps(results).encode(),
        "histories": (out / "histories.jsonl.gz").read_bytes(),
    }


def test_a_second_run_computes_nothing_and_finds_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = tmp_path / "answer.md"
    answer.write_text(BREAKER_LESS)
    assert grader("run", answer, "--out", tmp_path / "first").exit_code == 0

    def never(*_: object, **__: object) -> None:
        raise GraderError("it was graded again")

    monkeypatch.setattr("grader.slot.grade", never)
    again = grader("run", answer, "--out", tmp_path / "second")
    assert again.exit_code == 0, again.output
    assert contents(tmp_path / "second") == contents(tmp_path / "first")
    without = grader("run", answer, "--no-cache", "--out", tmp_path / "third")
    assert without.exit_code == 3, "it read what it was told not to"


def test_where_nothing_can_be_kept_it_says_so_and_grades(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(cache.PLACE, str(tmp_path / "file" / "below"))
    answer = tmp_path / "answer.md"
    answer.write_text(BREAKER_LESS)
    result = grader("run", answer, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert "gradings cannot be kept there" in result.stderr


def test_the_command_tells_how_much_is_kept_and_forgets_it(tmp_path: Path) -> None:
    answer = tmp_path / "answer.md"
    answer.write_text(BREAKER_LESS)
    grader("run", answer, "--out", tmp_path / "out")
    assert ": 1 gradings, " in grader("cache").output
    assert ": 0 gradings, " in grader("cache", "--clear").output


@pytest.mark.parametrize("after", [0, 1, 3])
def test_a_run_that_is_killed_goes_on_and_ends_as_a_quiet_one(tmp_path: Path, after: int) -> None:
    inputs = []
    for number in range(4):
        path = tmp_path / f"answer{number}.md"
        path.write_text(BREAKER_LESS.replace("now", f"now{number}"))
        inputs.append(str(path))
    command = [sys.executable, "-m", "grader", "run", *inputs, "--jobs", "2", "--out"]
    place = {**os.environ, cache.PLACE: str(tmp_path / "kept")}
    told: list[str] = []
    with subprocess.Popen(  # noqa: S603  our own command
        [*command, str(tmp_path / "out")], env=place, stderr=subprocess.PIPE, text=True
    ) as killed:
        assert killed.stderr is not None
        while len(told) < after:
            told.append(killed.stderr.readline())
        killed.send_signal(signal.SIGKILL)
    elsewhere = {**place, cache.PLACE: str(tmp_path / "new")}
    for out, where in (("out", place), ("quiet", elsewhere)):
        subprocess.run(  # noqa: S603  our own command
            [*command, str(tmp_path / out)], env=where, check=True, capture_output=True
        )
    assert contents(tmp_path / "out") == contents(tmp_path / "quiet")


# --- infrastructure -----------------------------------------------------------------------


def failing(times: int, *, reference_too: bool) -> object:
    """Return a stand-in for grading that fails so many times."""
    left = [times]

    def grade(of: Candidate, *_: object, **__: object) -> Graded:
        is_reference = of.id == "reference"
        if left[0] > 0 and (reference_too or not is_reference):
            left[0] -= not is_reference
            raise GraderError("no room is left")
        return graded(of, score=7.0)

    return grade


def test_what_fails_once_is_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grader.slot.grade", failing(2, reference_too=True))
    found = slot.graded(candidate(), slot.Slot(tier=choose(), rubric=scoring.load()))
    assert (found.result.score, found.result.problem) == (7.0, "")


@pytest.mark.parametrize(
    ("reference_too", "says"),
    [
        (True, "not graded, the infrastructure failed, for the reference as well: no room is left"),
        (False, "not graded, the grader failed, though not for the reference: no room is left"),
    ],
)
def test_whose_failure_it_is_tells_the_reference(
    monkeypatch: pytest.MonkeyPatch, says: str, *, reference_too: bool
) -> None:
    monkeypatch.setattr("grader.slot.grade", failing(9, reference_too=reference_too))
    found = slot.graded(candidate(), slot.Slot(tier=choose(), rubric=scoring.load()))
    assert (found.result.score, found.result.problem) == (None, says)


def test_the_control_plays_the_reference() -> None:
    (reference,) = answers.load(CANDIDATES / "reference")
    assert isinstance(reference, Candidate)
    control = slot.control(slot.Slot(tier=choose(), rubric=scoring.load()))
    verdicts = {row: found.verdict for row, found in control.result.requirements.items()}
    assert verdicts == {"st-open-rejects": Verdict.PASS, "st-recovers-by-itself": Verdict.PASS}
    assert {found.level for found in control.result.requirements.values()} == {Level.MUST}
