"""An explanation can be checked without this package: its script fails for the stated reason."""

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from grader import answers, defects
from grader.candidate import Candidate
from grader.errors import InputError
from grader.explain import Explanation, explain, write_kit
from grader.explain.code import Imports, NoScriptError, written
from grader.explain.explanation import script_for
from grader.explain.kit import SCRIPT
from grader.explain.stories import STORIES, Measured
from grader.report.timeline_text import Story, most_telling
from grader.results import Finding
from grader.sandbox import choose
from grader.tests.driver_helpers import CANDIDATES, CORRECT, candidate_of
from grader.tests.test_cli import grader, refused
from grader.timeline import Mark, Timeline
from grader.verdicts import Known, Level, Verdict

FAILURES = {
    "open_lets_through": ("st-open-rejects", "it is open, and the function ran"),
    "trips_one_late": ("th-exact", "after 3 failures it was not open"),
    "never_closes": ("st-probe-success-closes", "after the probe succeeded it is"),
    "probe_runs_twice": ("st-exactly-once", "the function ran 2 times in one call"),
    "success_never_resets": ("th-occasional-failures", "isolated failures"),
    "fixed_delay": ("bo-grows", "it stayed open for [10.0, 10.0, 10.0] s"),
    "linear_growth": ("bo-geometric", "no constant factor"),
    "no_cap": ("bo-cap", "capped at 60.0 s"),
    "backoff_survives_recovery": ("bo-reset", "first 10.0 s, then"),
    "half_open_unlimited": ("ho-limit", "12 of 12 ran at once, limit 1"),
    "cancelled_probe_keeps_slot": ("ho-cancel", "it rejects for ever"),
    "late_success_closes": ("ro-stale-success", "a success from before the trip closed it"),
    "rejections_restart_timer": ("st-rejections-dont-extend", "made the open period longer"),
}


def ran(explanation: Explanation, candidate: Candidate, folder: Path) -> tuple[int, str]:
    """Run a script beside the files of a candidate; return its status and what it said."""
    kit = write_kit(explanation, candidate, folder)
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(  # noqa: S603  breakers of the project itself
        [sys.executable, "-W", "error", SCRIPT],
        cwd=kit,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stderr.strip()


@pytest.fixture(scope="module")
def reference() -> Candidate:
    return defects.reference()


@pytest.mark.parametrize("name", FAILURES)
def test_a_script_fails_for_the_stated_reason_and_passes_on_the_reference(
    name: str, reference: Candidate, tmp_path: Path
) -> None:
    row, reason = FAILURES[name]
    defect = defects.build(defects.load(defects.FOLDER / f"{name}.toml"), reference)
    explanation = explain(defect, row, choose())
    assert explanation.finding.verdict == Verdict.FAIL, explanation.finding
    status, said = ran(explanation, defect, tmp_path / "defect")
    assert status == 1, f"it did not fail: {said}"
    last = said.splitlines()[-1]
    assert last.startswith("AssertionError"), said
    assert reason in last, f"{reason!r} is not what it says: {last}"
    assert ran(explanation, reference, tmp_path / "reference") == (0, "")


@pytest.mark.parametrize("name", ["decorator_only", "async_with", "sync_executor", "sync_core"])
def test_a_script_uses_whatever_interface_there_is(name: str, tmp_path: Path) -> None:
    (candidate,) = answers.load(CORRECT / name)
    assert isinstance(candidate, Candidate)
    explanation = explain(candidate, "bo-reset", choose())
    assert ran(explanation, candidate, tmp_path) == (0, ""), explanation.script


def test_a_script_is_short_and_needs_nothing_of_this_package(reference: Candidate) -> None:
    for row in ("st-open-rejects", "bo-reset", "ho-limit"):
        script = explain(reference, row, choose()).script
        code = script.split('"""')[2]
        lines = [line for line in code.splitlines() if line.strip()]
        assert 10 <= len(lines) <= 30, f"{row}: {len(lines)} lines"
        assert "grader" not in code


def test_every_story_is_about_a_requirement_that_exists() -> None:
    known = {line.split("\t")[0] for line in grader("requirements").stdout.splitlines()}
    assert set(STORIES) - known == set()


# --- where there is no script -------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "row", "reason"),
    [
        ("timer_recovery", "bo-grows", "by a timer"),
        ("permit_record", "bo-grows", "a permit and a record"),
        ("async_with", "me-bounded", "not one that a short script can show"),
    ],
)
def test_where_there_is_no_script_the_reason_is_told(name: str, row: str, reason: str) -> None:
    (candidate,) = answers.load(CORRECT / name)
    assert isinstance(candidate, Candidate)
    explanation = explain(candidate, row, choose())
    assert (explanation.script, reason in explanation.no_script) == ("", True), explanation


@pytest.mark.parametrize("verdict", [Verdict.BLOCKED, Verdict.NOT_OFFERED, Verdict.UNKNOWN])
def test_nothing_that_was_not_seen_is_shown(verdict: Verdict) -> None:
    finding = Finding(verdict=verdict, level=Level.MUST, known=Known.OBSERVED)
    with pytest.raises(NoScriptError, match="no breaker was found"):
        script_for("bo-grows", "x", finding, None, None, Measured())


def test_what_has_no_breaker_has_no_script(tmp_path: Path) -> None:
    candidate = candidate_of("x = 1")
    explanation = explain(candidate, "st-open-rejects", choose())
    assert explanation.no_script == "no breaker was found that a script could use"
    with pytest.raises(InputError, match="no script"):
        write_kit(explanation, candidate, tmp_path)
    assert not list(tmp_path.iterdir()), "something was written"


def test_a_requirement_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    refused(grader("explain", tmp_path / "a.py", "bo-nonsense"), "bo-nonsense")


def test_what_is_not_asked_of_a_library_is_refused() -> None:
    refused(grader("explain", CORRECT / "async_with", "de-code"), "de-code", "library")


# --- the command --------------------------------------------------------------------------


def test_the_command_tells_the_rule_what_was_seen_and_the_script(tmp_path: Path) -> None:
    told = grader("explain", CORRECT / "async_with", "bo-grows")
    assert told.exit_code == 0, told.output
    for words in ("bo-grows", "MUST", "source: ", "makes the next open period longer", "pass"):
        assert words in told.stdout, f"{words!r} is not in {told.stdout}"
    alone = grader("explain", CORRECT / "async_with", "bo-grows", "--script").stdout
    assert alone in told.stdout
    written_to = grader("explain", CORRECT / "async_with", "bo-grows", "--into", tmp_path)
    assert (Path(written_to.stdout.strip()) / SCRIPT).read_text() == alone
    refused(grader("explain", CORRECT / "async_with", "bo-grows", "--into", tmp_path), "already")


# --- expressions --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "source"),
    [
        (
            {"$call": "m:B", "args": [1, "x"], "kwargs": {"a": [True, None]}},
            "B(1, 'x', a=[True, None])",
        ),
        ({"$call": "get", "on": {"$call": "m:R"}, "args": ["a"]}, "R().get('a')"),
        ({"$call": "builtins:dict"}, "dict()"),
        ({"$timedelta": 10.0}, "timedelta(seconds=10.0)"),
        ({"$float": "nan"}, 'float("nan")'),
        ({"$fresh": "name"}, "'name'"),
        ({"$errors": ["TimeoutError"], "$as": "type"}, "TimeoutError"),
        ({"$errors": ["A", "ValueError"], "$as": "tuple"}, "(A, ValueError,)"),
        ({"$errors": ["A"], "$as": "predicate"}, "lambda error, *more: isinstance(error, (A,))"),
        (1e9, "1e9"),
        (60.0, "60.0"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_what_builds_a_breaker_is_written_as_python(expression: object, source: str) -> None:
    assert written(expression, Imports()) == source


def test_what_only_a_worker_can_make_is_not_written() -> None:
    with pytest.raises(NoScriptError):
        written({"$listener": ["on_open"]}, Imports())


# --- in the terminal ----------------------------------------------------------------------


def told(*marks: Mark, **settings: float) -> Story:
    numbers = {"threshold": 2.0, "base": 10.0, **settings}
    story = most_telling([Timeline(settings=numbers, calls=marks, until=marks[-1].at)])
    assert story is not None
    return story


def failure(at: float) -> Mark:
    return Mark(at=at, ran=at, ended=at, how="raised", planned="ServiceFailure")


def test_calls_that_went_alike_are_one_line_and_a_surprise_says_what_was_expected() -> None:
    rejected = Mark(at=5.0, ended=5.0, how="raised")
    let_in = Mark(at=6.0, ran=6.0, ended=6.0, how="returned", planned="return")
    story = told(failure(0.0), failure(0.0), rejected, let_in)
    assert [(line.at, line.state, line.words) for line in story.lines] == [
        ("0 s", "closed", "2 × let in, failed"),
        ("5 s", "open", "rejected"),
        ("6 s", "open", "let in, returned, expected to be rejected"),
    ]
    assert [line.surprise for line in story.lines] == [False, False, True]


def test_the_breaker_that_surprises_most_is_told() -> None:
    plain = Timeline(settings={"threshold": 2.0, "base": 10.0}, calls=(failure(0.0),) * 2)
    late = Mark(at=1.0, ran=1.0, ended=1.0, how="returned", planned="return")
    odd = msgspec.structs.replace(plain, calls=(failure(0.0), failure(0.0), late))
    for order in ([plain, odd], [odd, plain]):
        story = most_telling(order)
        assert story is not None
        assert len(story.lines) == 2, f"told was {story.lines}"


def test_no_more_lines_than_fit_a_screen_are_told() -> None:
    story = told(*(failure(float(second)) for second in range(40)))
    assert len(story.lines) == 24
    assert story.hidden == 16


def test_a_failure_is_told_moment_by_moment() -> None:
    shown = grader("explain", CANDIDATES / "grok_420", "bo-first")
    assert shown.exit_code == 0, shown.output
    assert "3 × let in, failed" in shown.output
    assert "asked again" in shown.output
