"""`pytest spec_tests --candidate X`, as somebody types it: what is played, told and returned."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from grader import answers, scoring
from grader.candidate import Candidate
from grader.cases import _WORST_FIRST
from grader.conversation import session
from grader.grading import grade
from grader.pytest_session import SPECIFICATION
from grader.results import decode
from grader.sandbox import choose
from grader.tests.driver_helpers import CANDIDATES, PROJECT
from grader.verdicts import Verdict

ALIKE = ("gemini_3_flash", "deepseek_v4")


def python(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603  our own command line
        [sys.executable, *map(str, arguments)],
        cwd=PROJECT,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def specification(candidate: str, *options: str | Path) -> subprocess.CompletedProcess[str]:
    chosen = ("--candidate", CANDIDATES / candidate)
    return python("-m", "pytest", SPECIFICATION, *chosen, "-p", "no:cacheprovider", *options)


def played(output: str) -> set[str]:
    """Return the scenarios that `--setup-show` says were set up."""
    names = re.findall(r"^SETUP\s+S (\w+)", output, re.MULTILINE)
    return set(names) - {"bench"}


DECLARED = re.compile(r'^@requirement\(\s*"([\w-]+)".*?^def (\w+)', re.DOTALL | re.MULTILINE)
TOLD = re.compile(r"::(\w+)\[.*\] ([A-Z]+(?: OFFERED)?) .*\[")
WORDS = {"passed": "pass", "failed": "fail"}


def rows_by_test() -> dict[str, str]:
    """Return the requirement of each test function of the specification."""
    texts = [path.read_text() for path in sorted(SPECIFICATION.glob("test_*.py"))]
    return {name: row for text in texts for row, name in DECLARED.findall(text)}


def test_the_scenarios_that_the_selected_requirements_need_are_played_and_no_others() -> None:
    selected = "test_at_most_the_configured_number_of_probes_run"
    done = specification("gemini_3_flash", "-k", selected, "--setup-show", "--tb=short")
    assert done.returncode == 1, f"a requirement was not met, and yet: {done.stdout[-500:]}"
    assert "1 failed" in done.stdout, done.stdout[-500:]
    looked_at = {"callers_in_a_row", "callers_after_a_success"}
    assert played(done.stdout) == looked_at, "these scenarios are what this one looks at"
    assert re.search(r"ho-limit fail: .*\d+ ran together", done.stdout), done.stdout[-500:]


def test_requirements_that_are_met_end_with_status_zero() -> None:
    done = specification("reference", "-k", "half_open", "-q")
    assert done.returncode == 0, done.stdout[-500:]


def test_a_selection_that_only_reads_the_answer_starts_no_sandbox(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("nothing has to be run to read an answer")

    monkeypatch.setattr(session, "launch", refuse)
    (candidate,) = answers.load(CANDIDATES / "reference")
    assert isinstance(candidate, Candidate)
    graded = grade(candidate, choose(), scoring.load(), select="de_code")
    assert {row: str(f.verdict) for row, f in graded.result.requirements.items()} == {
        "de-code": "pass"
    }


def test_x_stops_at_the_first_requirement_that_is_not_met() -> None:
    done = specification("gemini_3_flash", "-x", "-q", "--tb=no", "-k", "backoff or half_open")
    assert done.returncode == 1, done.stdout[-500:]
    assert "stopping after 1 failures" in done.stdout, done.stdout[-500:]
    assert "1 failed" in done.stdout, done.stdout[-500:]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--candidate", "no_such_folder"), "no_such_folder"),
        (("--isolation", "perfect"), "unknown isolation tier 'perfect'"),
    ],
)
def test_what_cannot_be_graded_is_wrong_usage_told_in_one_line(
    options: tuple[str, ...], message: str
) -> None:
    done = python("-m", "pytest", SPECIFICATION, *options, "-q")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR, done.stdout + done.stderr
    assert message in done.stderr, done.stderr
    assert "Traceback" not in done.stderr, done.stderr


def test_pytest_and_grader_run_give_the_same_verdicts(tmp_path: Path) -> None:
    ran = python("-m", "grader", "run", *(CANDIDATES / name for name in ALIKE), "--out", tmp_path)
    assert ran.returncode == 0, ran.stderr
    results = decode((tmp_path / "results.json").read_bytes())
    by_run = {
        candidate.id: {row: str(found.verdict) for row, found in candidate.requirements.items()}
        for candidate in results.candidates
    }
    assert by_run == {name: verdicts_of_pytest(name) for name in ALIKE}


def verdicts_of_pytest(candidate: str) -> dict[str, str]:
    """Return requirement → verdict as pytest tells them, of several cases the worst."""
    done = specification(candidate, "-v", "--tb=no", "-r", "N")
    assert done.returncode == 1, f"these answers do not meet all: {done.stdout[-500:]}"
    rows = rows_by_test()
    verdicts: dict[str, list[Verdict]] = {}
    for name, word in TOLD.findall(done.stdout):
        verdict = Verdict(WORDS.get(word.lower(), word.lower()))
        verdicts.setdefault(rows[name], []).append(verdict)
    assert set(verdicts) == set(rows.values()), "a verdict on every requirement"
    # What fails for another's sake is known, and told, when all were judged.
    caused = re.findall(
        rf"^{candidate}: because .*: ([a-z-]+(?:, [a-z-]+)*)$", done.stdout, re.MULTILINE
    )
    blocked = {row for rows in caused for row in rows.split(", ")}
    return {
        row: "blocked" if row in blocked else str(min(told, key=_WORST_FIRST.index))
        for row, told in verdicts.items()
    }
