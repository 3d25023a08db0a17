"""`grader regrade` judges stored histories again, and needs no candidate for it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from grader import answers, archive, defects, scoring, specification
from grader.candidate import Candidate, Unreadable
from grader.cli import main
from grader.conversation import session
from grader.pytest_session import SPECIFICATION
from grader.report import RunProgress, write_all
from grader.results import Finding, Results, decode, encode
from grader.runner import Job, run_and_keep
from grader.sandbox import choose
from grader.tests.driver_helpers import CANDIDATES, PROJECT
from grader.tests.results_helpers import UNTESTED

REPORTS = ["histories.jsonl.gz", "junit.xml", "report.html", "results.json", "summary.md"]
DEFECT = "fixed_delay"
NOT_ONE_SCENARIO = "gpt_5_4"
MIXED = ["reference", "grok_420", NOT_ONE_SCENARIO, DEFECT, "empty"]


def of_project(name: str) -> Candidate:
    (loaded,) = answers.load(CANDIDATES / name)
    assert isinstance(loaded, Candidate)
    return loaded


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One run: good, cut off, without a breaker, wrong, and unreadable."""
    (path,) = (p for p in defects.defect_files() if p.stem == DEFECT)
    wrong = defects.build(defects.load(path), defects.reference())
    unreadable = Unreadable(id="empty", path="empty.md", problem="empty.md: empty")
    entries: tuple[Candidate | Unreadable, ...]
    entries = (*map(of_project, MIXED[:3]), wrong, unreadable)
    job = Job(entries=entries, tier=choose(), rubric=scoring.load(), jobs=2)
    with RunProgress(len(entries)) as progress:
        results, histories = run_and_keep(job, progress)
    out = tmp_path_factory.mktemp("ran")
    write_all(results, out, {archive.NAME: histories})
    return out


@pytest.fixture
def without_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make it impossible to start anything that could run a candidate."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("nothing may be run")

    monkeypatch.setattr(session, "launch", refuse)
    monkeypatch.setattr(subprocess, "Popen", refuse)
    monkeypatch.setattr(os, "fork", refuse)


def regrade(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["regrade", *map(str, arguments)])


def results_in(folder: Path) -> Results:
    return decode((folder / "results.json").read_bytes())


def findings(results: Results) -> dict[tuple[str, str], Finding]:
    return {
        (candidate.id, row): found
        for candidate in results.candidates
        for row, found in candidate.requirements.items()
    }


# --- nothing has changed ------------------------------------------------------------------


@pytest.mark.usefixtures("without_sandbox")
@pytest.mark.parametrize("named", ["results.json", ""], ids=["the file", "the folder"])
def test_every_report_is_the_same_byte_by_byte(ran: Path, tmp_path: Path, named: str) -> None:
    done = regrade(ran / named, "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert "Reference breaker" in done.stdout, "the leaderboard is printed"
    assert done.stderr == ""
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == REPORTS
    for name in REPORTS:
        assert (tmp_path / "out" / name).read_bytes() == (ran / name).read_bytes(), name


def test_the_mixed_run_is_as_mixed_as_it_should_be(ran: Path) -> None:
    results = results_in(ran)
    assert [candidate.id for candidate in results.candidates] == MIXED
    verdicts = {str(found.verdict) for found in findings(results).values()}
    assert verdicts >= {"pass", "fail", "blocked", "not offered"}


@pytest.mark.usefixtures("without_sandbox")
def test_without_out_the_reports_are_written_beside_the_histories(
    ran: Path, tmp_path: Path
) -> None:
    shutil.copytree(ran, tmp_path / "run")
    (tmp_path / "run" / "report.html").unlink()
    assert regrade(tmp_path / "run").exit_code == 0
    for name in REPORTS:
        assert (tmp_path / "run" / name).read_bytes() == (ran / name).read_bytes(), name


@pytest.mark.usefixtures("without_sandbox")
def test_other_weights_give_other_scores_and_the_same_verdicts(ran: Path, tmp_path: Path) -> None:
    rubric = tmp_path / "rubric.toml"
    rubric.write_text("[areas]\nbackoff = 1\n")
    done = regrade(ran, "--rubric", rubric, "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    before, after = results_in(ran), results_in(tmp_path / "out")
    assert findings(before) == findings(after)
    scores = {candidate.id: candidate.score for candidate in after.candidates}
    assert scores["reference"] == 10.0
    assert scores != {candidate.id: candidate.score for candidate in before.candidates}
    assert after.rubric["areas"]["backoff"] == 1


@pytest.mark.usefixtures("without_sandbox")
def test_a_row_that_is_listed_as_untested_is_shown_and_not_scored(
    ran: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (listed,) = UNTESTED.items()
    monkeypatch.setitem(specification.UNTESTED, *listed)
    assert regrade(ran, "--out", tmp_path / "out").exit_code == 0
    before, after = results_in(ran), results_in(tmp_path / "out")
    assert after.untested["as-trio"] == listed[1]
    assert after.candidates == before.candidates
    assert "as-trio" in (tmp_path / "out" / "summary.md").read_text()


# --- the specification has changed ----------------------------------------------------------


def under_changed_specification(
    ran: Path, tmp_path: Path, *changes: tuple[str, str, str]
) -> tuple[Results, str]:
    """Regrade by a copy of the specification, changed as (file, old, new) say."""
    copy = tmp_path / "spec_tests"
    shutil.copytree(SPECIFICATION, copy, ignore=shutil.ignore_patterns("__pycache__"))
    for file, old, new in changes:
        text = (copy / file).read_text()
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
        (copy / file).write_text(text.replace(old, new))
    done = subprocess.run(  # noqa: S603  our own command line
        [sys.executable, "-m", "grader", "regrade", ran, "--out", tmp_path / "out"],
        cwd=tmp_path,  # where `spec_tests` is found first
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return results_in(tmp_path / "out"), done.stderr


FLIPPED = (
    "test_delivery.py",
    "assert delivered.python_files, ",
    "assert not delivered.python_files, ",
)
RENAMED = ("scenarios/delivery.py", "    python_files: int\n", "    texts: int\n")
BUILT = ("scenarios/delivery.py", "python_files=len(", "texts=len(")
SIGNED_ROW = '''
@requirement("de-signed", MUST)
def test_it_is_signed(signed: str) -> None:
    """It is signed."""
    assert signed, "there is no signature"


@requirement("de-code"'''
SIGNED_SCENARIO = '''
@static_scenario
def signed(bench: Bench) -> str:
    """Look for a signature."""
    return bench.candidate.name


@static_scenario
def delivered('''
ADDED = ("test_delivery.py", '\n@requirement("de-code"', SIGNED_ROW)
PLAYED = ("scenarios/delivery.py", "\n@static_scenario\ndef delivered(", SIGNED_SCENARIO)


def test_a_changed_requirement_changes_its_own_row_and_no_other(ran: Path, tmp_path: Path) -> None:
    after, told = under_changed_specification(ran, tmp_path, FLIPPED)
    before = results_in(ran)
    was, became = findings(before), findings(after)
    assert was.keys() == became.keys()
    changed = {row for row, found in became.items() if found != was[row]}
    assert changed == {(name, "de-code") for name in MIXED[:4]}
    assert {str(became[row].verdict) for row in changed} == {"fail"}
    assert (after.played_by, after.specification) == (before.specification, after.specification)
    assert after.specification != before.specification
    assert before.specification in told, "the user is told which specification was played"
    stays = ("seed", "isolation", "python")
    assert all(getattr(after, field) == getattr(before, field) for field in stays)


def test_what_was_regraded_can_be_regraded_back(ran: Path, tmp_path: Path) -> None:
    under_changed_specification(ran, tmp_path, FLIPPED)
    done = regrade(tmp_path / "out", "--out", tmp_path / "back")
    assert done.exit_code == 0, done.output
    assert (tmp_path / "back" / "results.json").read_bytes() == (ran / "results.json").read_bytes()


def test_a_requirement_that_asks_for_what_was_not_played_is_unknown(
    ran: Path, tmp_path: Path
) -> None:
    after, _ = under_changed_specification(ran, tmp_path, ADDED, PLAYED)
    was, became = findings(results_in(ran)), findings(after)
    for name in MIXED[:4]:
        found = became.pop((name, "de-signed"))
        assert found.verdict == "unknown"
        assert "no scenario signed" in found.evidence
    assert became == was


def test_requirements_whose_scenario_has_another_shape_now_are_unknown(
    ran: Path, tmp_path: Path
) -> None:
    uses = ("test_delivery.py", FLIPPED[1], "assert delivered.texts, ")
    after, _ = under_changed_specification(ran, tmp_path, RENAMED, BUILT, uses)
    found = findings(after)["reference", "de-code"]
    assert found.verdict == "unknown"
    assert "`texts`" in found.evidence
    assert findings(after)["reference", "st-open-rejects"].verdict == "pass"


# --- what cannot be regraded ------------------------------------------------------------------


def without_histories(folder: Path) -> None:
    (folder / archive.NAME).unlink()


def cut_short(folder: Path) -> None:
    path = folder / archive.NAME
    path.write_bytes(path.read_bytes()[:-100])


def of_another_run(folder: Path) -> None:
    other = msgspec.structs.replace(results_in(folder), seed=1)
    (folder / "results.json").write_bytes(encode(other))


def without_results(folder: Path) -> None:
    (folder / "results.json").unlink()


def no_results(folder: Path) -> None:
    (folder / "results.json").write_text("{}")


def of_another_schema(folder: Path) -> None:
    other = msgspec.structs.replace(results_in(folder), schema=2)
    (folder / "results.json").write_bytes(encode(other))


def of_nobody(folder: Path) -> None:
    results = results_in(folder)
    nobody = tuple(c for c in results.candidates if c.problem)
    write = encode(msgspec.structs.replace(results, candidates=nobody))
    (folder / "results.json").write_bytes(write)


@pytest.mark.usefixtures("without_sandbox")
@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (without_histories, ("histories.jsonl.gz", "not found")),
        (cut_short, ("histories.jsonl.gz", "damaged")),
        (of_another_run, ("histories.jsonl.gz", "not of this run", "seed")),
        (without_results, ("results.json", "No such file")),
        (no_results, ("results.json", "not a results.json")),
        (of_another_schema, ("results.json", "schema 2")),
        (of_nobody, ("results.json", "no candidate")),
    ],
)
def test_what_cannot_be_used_is_told_in_one_line_and_nothing_is_written(
    ran: Path, tmp_path: Path, damage: Callable[[Path], None], words: tuple[str, ...]
) -> None:
    shutil.copytree(ran, tmp_path / "run")
    damage(tmp_path / "run")
    done = regrade(tmp_path / "run", "--out", tmp_path / "out")
    assert done.exit_code == 2, done.output
    (line,) = done.stderr.splitlines()
    for word in words:
        assert word in line, f"{word!r} is not in {line!r}"
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())
