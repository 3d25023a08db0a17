"""Breakers from PyPI, held against what each was observed to do."""

import functools
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from grader import answers, scoring
from grader.answers import installed
from grader.bench import Bench
from grader.candidate import Candidate, Unreadable
from grader.cli import main
from grader.errors import InputError
from grader.grading import grade
from grader.history import Burst
from grader.results import CandidateResult, Finding
from grader.runner import prepare
from grader.sandbox import choose
from grader.specification import SCENARIOS
from grader.tests.driver_helpers import CANDIDATES

LIBRARIES = CANDIDATES / "libraries"
SYNC_HALF = {"purgatory": "purgatory_sync"}
"""purgatory ships two breakers: the columns on threads are about the one for plain functions."""

COLUMNS = "bo ho/a ho/t serial cnP cnC KI sS sF sH trip".split()
GROUND_TRUTH = """
pybreaker | no | n/a | 1 (0 rejected, 7 blocked) | serialised | n/a | n/a | counts | n/a | n/a | n/a | CircuitBreakerError
circuitbreaker | no | 20 | 8 | ok | closed | success | ignored | yes | yes | yes/yes | same
aiobreaker | no | 20 | 8 | ok | half-open, free | neutral | ignored | no | yes | no/yes | CircuitBreakerError
purgatory | no | 20 | 8 | ok | opened | failure | counts | no | no | yes/yes | same
interlock_cb | yes | 1 (19) | 1 (7) | ok | half-open, free | neutral | ignored | no | no | no/no | same
"""  # noqa: E501  a table is read in rows
CELLS = [
    pytest.param(library, column, said, id=f"{library}-{column}")
    for library, *cells in (
        [cell.strip() for cell in line.split("|")] for line in GROUND_TRUTH.strip().splitlines()
    )
    for column, said in zip(COLUMNS, cells, strict=True)
]
DEVIATIONS = (
    ("pybreaker", "as-awaited", "a decorated coroutine function never counts a failure"),
    ("pybreaker", "ts-listener-raises", "a raising listener leaves the state closed"),
    ("pybreaker", "ro-monotonic", "the wall clock an hour back keeps it open"),
    ("pybreaker", "th-validation", "the constructor validates nothing"),
    ("pybreaker", "ex-odd-exceptions", "an excluded class with a metaclass excludes everything"),
    ("circuitbreaker", "as-ctx", "`with` runs while open, and closes it"),
    ("circuitbreaker", "as-call-vs-ctx-equal", "the decorator rejects where `call` runs"),
    ("circuitbreaker", "th-falsy-honoured", "0 becomes the default"),
    ("circuitbreaker", "ro-bounded", "`last_failure` keeps the locals of a failed call alive"),
    ("aiobreaker", "th-falsy-honoured", "timedelta(0) becomes 60 s"),
    ("purgatory", "ro-fresh-error", "one OpenedState is raised again and again"),
    ("purgatory", "ro-monotonic", "the wall clock an hour back keeps it open"),
)


# --- what was graded ------------------------------------------------------------------------


def candidate(name: str) -> Candidate:
    (found,) = answers.load(LIBRARIES / name)
    assert isinstance(found, Candidate)
    return found


@functools.cache
def graded(name: str) -> CandidateResult:
    return grade(candidate(name), choose(), scoring.load()).result


def row(library: str, wanted: str) -> Finding:
    findings = graded(library).requirements
    assert wanted in findings, f"{wanted} is not in the specification"
    return findings[wanted]


def verdict(library: str, wanted: str) -> str:
    return str(row(library, wanted).verdict)


def evidence(library: str, wanted: str) -> str:
    return row(library, wanted).evidence.lower()


# --- the matrix -----------------------------------------------------------------------------


def burst_of_threads(library: str) -> Burst:
    """Return the burst of plain calls on threads that met a half-open breaker."""
    name = "probes_among_threads"
    graded(library)  # collects the specification, which declares its scenarios
    assert name in SCENARIOS, f"no scenario is called {name}"
    with Bench(candidate(library), choose()) as bench:
        played = bench.play(SCENARIOS[name])
    assert played.ending is None, played.ending
    found = played.value if isinstance(played.value, Burst) else _bursts(played.value)[0]
    assert isinstance(found, Burst)
    return found


def _bursts(value: Any) -> list[Burst]:
    entries = (
        list(value)
        if isinstance(value, tuple)
        else [getattr(value, field) for field in getattr(value, "__struct_fields__", ())]
    )
    nested = [b for e in entries if not isinstance(e, Burst) for b in _bursts(e)]
    return [e for e in entries if isinstance(e, Burst)] + nested


def check_burst(said: str, running: int, rejected: int, waiting: int) -> None:
    """Hold a burst against a cell: how many ran, and what became of the others."""
    callers = running + rejected + waiting
    if said in {"20", "8"}:
        assert (running, rejected) == (callers, 0), "every caller ran"
    elif "blocked" in said:
        assert (running, rejected, waiting) == (1, 0, callers - 1), "the others waited"
    else:
        assert (running, rejected) == (1, callers - 1), "the others were rejected"


def check_burst_of_tasks(library: str, said: str) -> None:
    if said == "n/a":
        assert graded(library).binding["surfaces"][0].startswith("sync")
        return
    assert verdict(library, "ho-limit") == ("fail" if said == "20" else "pass")
    assert verdict(library, "ho-atomic") == ("blocked" if said == "20" else "pass")
    burst = graded(library).measurements["half_open_burst"]
    check_burst(said, burst["running"], burst["rejected"], burst["waiting"])


def check_burst_of_threads(library: str, said: str) -> None:
    burst = burst_of_threads(library)
    check_burst(said, burst.running, burst.rejected, burst.waiting)


def check_cancelled_probe(library: str, said: str) -> None:
    expected = {"n/a": "not offered", "closed": "fail"}.get(said, "pass")
    assert verdict(library, "ho-cancel-not-close") == expected
    told = evidence(library, "ho-cancel-not-close")
    if said == "half-open, free":
        assert re.search(r"half.?open|free|admitted", told), told
    elif said == "opened":
        assert re.search(r"(?<!half.)\bopen|reject", told), told


def check_cancelled_call(library: str, said: str) -> None:
    expected = {"n/a": "not offered", "success": "fail"}.get(said, "pass")
    assert verdict(library, "ex-cancelled") == expected
    if said in {"neutral", "failure"}:
        assert said in evidence(library, "ex-cancelled")


def check_interrupt(library: str, said: str) -> None:
    told = evidence(library, "ex-baseexception-neutral")
    # What is ignored as a failure may still be taken for a success.
    assert ("counts as a failure" in told) is (said == "counts"), told


def check_stale(library: str, said: str, wanted: str) -> None:
    found = verdict(library, wanted)
    if said == "n/a":
        assert found in {"not offered", "blocked"}
    else:
        assert found == ("fail" if "yes" in said else "pass")


def check_tripping_call(library: str, said: str) -> None:
    if said == "same":
        assert verdict(library, "ex-same-object") == "pass"
        return
    assert verdict(library, "ex-same-object") == "fail"
    assert "tripping call" in evidence(library, "ex-same-object")
    assert said.lower() in evidence(library, "ex-same-object")


@pytest.mark.parametrize(("library", "column", "said"), CELLS)
def test_the_verdicts_agree_with_what_was_observed(library: str, column: str, said: str) -> None:
    on_threads = SYNC_HALF.get(library, library)
    if column == "bo":
        assert verdict(library, "bo-grows") == {"no": "fail", "yes": "pass"}[said]
    elif column == "ho/a":
        check_burst_of_tasks(library, said)
    elif column == "ho/t":
        check_burst_of_threads(on_threads, said)
    elif column == "serial":
        assert verdict(on_threads, "ts-overlap") == {"serialised": "fail", "ok": "pass"}[said]
    elif column == "cnP":
        check_cancelled_probe(library, said)
    elif column == "cnC":
        check_cancelled_call(library, said)
    elif column == "KI":
        check_interrupt(library, said)
    elif column == "trip":
        check_tripping_call(library, said)
    else:
        rows = {"sS": "ro-stale-success", "sF": "ro-stale-failure", "sH": "ho-stale"}
        check_stale(library, said, rows[column])


@pytest.mark.parametrize(
    ("library", "wanted", "what"), DEVIATIONS, ids=[f"{name}-{r}" for name, r, _ in DEVIATIONS]
)
def test_a_known_deviation_is_found(library: str, wanted: str, what: str) -> None:
    assert verdict(library, wanted) == "fail", what


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
