"""Breakers from PyPI, held against what each was observed to do."""

import functools
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from grader import answers, scoring
from grader.answers import installed
from grader.audit import known, truth
from grader.audit.known import Looked
from grader.audit.truth import Deviation
from grader.bench import Bench
from grader.candidate import Candidate, Unreadable
from grader.cli import main
from grader.errors import InputError
from grader.results import CandidateResult
from grader.runner import prepare
from grader.sandbox import choose
from grader.tests.driver_helpers import CANDIDATES

LIBRARIES = CANDIDATES / "libraries"
TRUTH = truth.load()


# --- what was graded ------------------------------------------------------------------------


def candidate(name: str) -> Candidate:
    (found,) = answers.load(LIBRARIES / name)
    assert isinstance(found, Candidate)
    return found


@functools.cache
def looked(name: str) -> Looked:
    return known.look(candidate(name), choose())


def graded(name: str) -> CandidateResult:
    return looked(name).result


# --- the matrix -----------------------------------------------------------------------------


class AsAsked(dict[str, Looked]):
    """Grades what is asked for."""

    def __missing__(self, name: str) -> Looked:
        return looked(name)


@pytest.mark.parametrize(
    ("library", "column"), [(library, column) for library, column, _ in TRUTH.cells()]
)
def test_the_verdicts_agree_with_what_was_observed(library: str, column: str) -> None:
    assert truth.disagreement(library, column, AsAsked()) == ""


@pytest.mark.parametrize("deviation", TRUTH.deviations, ids=lambda d: f"{d.library}-{d.row}")
def test_a_known_deviation_is_found(deviation: Deviation) -> None:
    assert truth.undetected(deviation, AsAsked()) == "", deviation.what


def test_an_observation_that_the_verdicts_contradict_is_told() -> None:
    """Whatever was observed, saying the contrary has to disagree."""
    contrary = {"backoff": "yes", "tasks": "1 (19)", "threads": "1 (7)", "overlap": "serialised"}
    contrary |= {"cancelled_probe": "opened", "cancelled_call": "neutral", "interrupt": "counts"}
    contrary |= {"late_success": "no", "late_failure": "no", "late_half_open": "no/no"}
    contrary |= {"tripping_call": "CircuitBreakerError"}
    seen = truth.Seen(looked("circuitbreaker"), looked("circuitbreaker"))
    agreeing = [column for column, said in contrary.items() if not truth.CHECKS[column](seen, said)]
    assert agreeing == []
    assert contrary.keys() == truth.CHECKS.keys()


def test_the_positive_control_fails_nothing_but_what_it_truly_does() -> None:
    """It hands the last failure out with each rejection, and so keeps that one call's frames.

    That is a choice its documentation tells, so it is waived: shown, and not scored.
    """
    result = graded("interlock_cb")
    kept = result.requirements["ro-bounded"]
    assert (kept.verdict, kept.evidence.partition(":")[0]) == (
        "fail",
        "a local variable of a protected call that failed was alive after the call",
    )
    against = {
        name: f"{found.verdict}: {found.evidence}"
        for name, found in result.requirements.items()
        if found.verdict not in {"pass", "not offered"} and name != "ro-bounded"
    }
    assert against == {}, "interlock-cb is correct, so these verdicts are not"
    assert "`last_failure`" in kept.waived
    assert (result.score, result.score_high) == (10.0, 10.0)


# --- the binding ----------------------------------------------------------------------------

BOUND: dict[str, dict[str, Any]] = {
    "pybreaker": {
        "class": "CircuitBreaker",
        "parameters": {
            "threshold": "fail_max",
            "base": "reset_timeout",
            "successes": "success_threshold",
            "ignored": "exclude",
        },
        "state": "state",
        "surfaces": {"sync call: call", "sync context: calling()", "sync decorate: the object"},
    },
    "circuitbreaker": {
        "class": "CircuitBreaker",
        "parameters": {
            "threshold": "failure_threshold",
            "base": "recovery_timeout",
            "counted": "expected_exception",
        },
        "state": "state",
        "surfaces": {"async decorate: the object", "async call: call_async", "sync call: call"},
    },
    "aiobreaker": {
        "class": "CircuitBreaker",
        "parameters": {"threshold": "fail_max", "base": "timeout_duration", "ignored": "exclude"},
        "state": "state",
        "surfaces": {"async call: call_async", "async decorate: the object", "sync call: call"},
    },
    "purgatory": {
        "class": "AsyncCircuitBreakerFactory.get_breaker",
        "parameters": {"threshold": "threshold", "base": "ttl", "ignored": "exclude"},
        "state": "context.state",
        "surfaces": {"async context: the object"},
    },
    "purgatory_sync": {
        "class": "SyncCircuitBreakerFactory.get_breaker",
        "parameters": {"threshold": "threshold", "base": "ttl", "ignored": "exclude"},
        "state": "context.state",
        "surfaces": {"sync context: the object"},
    },
    "interlock_cb": {
        "class": "CircuitBreaker",
        "parameters": {
            "rate": "config.failure_rate_threshold",
            "minimum_calls": "config.minimum_number_of_calls",
            "window_size": "config.window_size",
            "base": "config.wait_duration_in_open",
            "multiplier": "config.wait_duration_backoff_multiplier",
            "cap": "config.wait_duration_in_open_max",
            "limit": "config.max_concurrent_probes",
            "permitted": "config.permitted_calls_in_half_open",
            "call_timeout": "config.slow_call_duration_threshold",
        },
        "state": "state",
        "surfaces": {
            "async call: call_async",
            "sync call: call",
            "async decorate: the object",
            "sync decorate: the object",
            "async context: the object",
            "sync context: the object",
        },
    },
}


@pytest.mark.parametrize("name", BOUND)
def test_a_library_is_bound_without_a_hand_written_line(name: str) -> None:
    expected, found = BOUND[name], graded(name).binding
    assert candidate(name).binding == {}
    assert found["sure"] is True
    assert (found["class"], found["state"]) == (expected["class"], expected["state"])
    told = {concept: n for concept, n in found["parameters"].items() if concept != "listener"}
    assert told == expected["parameters"]
    surfaces = " ".join(found["surfaces"])
    assert all(surface in surfaces for surface in expected["surfaces"]), surfaces


# --- as candidates --------------------------------------------------------------------------


def package(folder: Path, text: str) -> Path:
    folder.mkdir()
    (folder / "candidate.toml").write_text(text)
    return folder


def test_no_source_of_a_library_is_copied() -> None:
    for name in BOUND:
        assert candidate(name).files == ()
        assert graded(name).sources == ()
        assert [path.name for path in (LIBRARIES / name).iterdir()] == ["candidate.toml"]


def test_a_run_of_everything_leaves_the_libraries_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CANDIDATES.parent)
    job, _ = prepare([], isolation="auto", rubric=scoring.load(), seed=0, jobs=1)
    assert {entry.id for entry in job.entries}.isdisjoint(BOUND)


@pytest.mark.parametrize(
    ("requirement", "said"),
    [
        ("no-such-breaker==1.0", "no-such-breaker==1.0 is not installed"),
        ("pybreaker==0.1", r"pybreaker==0\.1 is asked for, 1\.4\.1 is installed"),
    ],
)
def test_an_absent_library_is_one_line_with_what_to_install(
    requirement: str, said: str, tmp_path: Path
) -> None:
    toml = f'package = "pybreaker"\nkind = "library"\nrequires = ["{requirement}"]\n'
    (tmp_path / "batch").mkdir()
    one = package(tmp_path / "batch" / "one", toml)
    with pytest.raises(InputError, match=said) as caught:
        answers.load(one)
    assert f"pip install '{requirement}'" in str(caught.value)
    assert "\n" not in str(caught.value)
    ran = CliRunner().invoke(main, ["run", str(one), "--out", str(tmp_path / "out")])
    assert ran.exit_code == InputError.exit_status
    other = 'package = "circuitbreaker"\nrequires = ["circuitbreaker==2.1.3"]\n'
    package(tmp_path / "batch" / "two", other)
    entries = answers.load(tmp_path / "batch")
    assert [type(entry) for entry in entries] == [Unreadable, Candidate]


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ('package = "a"\n', "requires has to pin the package 'a'"),
        ('package = "a"\nrequires = ["a>=1"]\n', "requires has to pin"),
        ('package = "a-b"\nrequires = ["a==1"]\n', "is no module name"),
        ('package = "a"\nrequires = ["a==1"]\nfiles = ["b.py"]\n', "sources beside its package"),
        ('package = "a"\nrequires = ["a==1"]\nmain = "b"\n', "'b' is no module of the package"),
    ],
)
def test_a_package_has_to_be_told_exactly(toml: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=said):
        answers.load(package(tmp_path / "one", toml))


def test_a_library_is_written_out_and_read_back(tmp_path: Path) -> None:
    found = candidate("purgatory_sync")
    (again,) = answers.load(answers.save(found, tmp_path))
    assert again == found


def test_what_is_pinned_is_read_exactly() -> None:
    assert installed.pinned("interlock-cb==2.8.2") == ("interlock-cb", "2.8.2")
    assert installed.pinned("interlock-cb>=2") is None
    assert installed.problem("interlock-cb") == "'interlock-cb' pins no version"


def test_a_package_is_graded_without_what_its_manifest_leaves_out() -> None:
    """Whether an optional package happens to be installed must not change its verdicts."""
    (library,) = answers.load(CANDIDATES / "libraries" / "pybreaker")
    assert isinstance(library, Candidate)
    assert library.without == ("tornado",)
    with Bench(library, choose()) as bench:
        assert bench.binding.surface(mode="sync", style="call") is not None
        assert "call_async" not in {surface.name for surface in bench.binding.surfaces}
