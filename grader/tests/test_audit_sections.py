"""Each section fails the audit for what it is there to notice, and for nothing else."""

import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

import grader
from grader import defects, judging
from grader.audit import explained, known
from grader.audit.decisions import judge_counting
from grader.audit.killing import Death
from grader.audit.known import Looked
from grader.audit.model import Chapter, Setting
from grader.audit.sections import (
    agreement,
    correct_breakers,
    generated_mutants,
    named_defects,
    reach,
)
from grader.audit.sections.generated_mutants import generated
from grader.played import Ending
from grader.results import CandidateResult, Finding
from grader.sandbox import Tier, choose
from grader.verdicts import Known, Level, Verdict

ROOT = Path(grader.__file__).resolve().parent.parent
SETTING = Setting(tier=Tier.PROCESS)
DEFECT = "closes_on_first_success"
OWN = "ho-success-threshold"


def found(verdict: Verdict, because: str = "") -> Finding:
    return Finding(
        verdict=verdict, level=Level.MUST, known=Known.OBSERVED, evidence="it did", because=because
    )


def looked(**rows: Finding) -> Looked:
    result = CandidateResult(
        id="x",
        name="X",
        provenance="p",
        requirements={row.replace("_", "-"): finding for row, finding in rows.items()},
    )
    return Looked(result=result, histories="")


# --- named defects ------------------------------------------------------------------------


def judged(**rows: Finding) -> Chapter:
    return named_defects.conclude(SETTING, {DEFECT: looked(**rows)})


def test_a_defect_that_dies_by_its_own_requirement_is_no_problem() -> None:
    assert defects.load(defects.FOLDER / f"{DEFECT}.toml").kills == OWN
    assert judged(ho_success_threshold=found(Verdict.FAIL)).problems == ()


def test_a_requirement_that_is_not_there_any_more_is_a_problem() -> None:
    (problem,) = judged(st_not_early=found(Verdict.PASS)).problems
    assert problem == f"{DEFECT}: {OWN} should notice it, and there is no such requirement"


@pytest.mark.parametrize("verdict", [Verdict.PASS, Verdict.UNKNOWN, Verdict.NOT_OFFERED])
def test_a_defect_that_its_requirement_does_not_notice_is_a_problem(verdict: Verdict) -> None:
    (problem,) = judged(ho_success_threshold=found(verdict)).problems
    assert problem == f"{DEFECT}: {OWN} should notice it, and says {verdict}"


def test_an_unrelated_fall_is_a_problem() -> None:
    rows = {"ho_success_threshold": found(Verdict.FAIL), "th_exact": found(Verdict.ERROR)}
    (problem,) = judged(**rows).problems
    assert problem == f"{DEFECT}: unrelated: th-exact error: it did"


def test_what_is_blocked_by_a_failed_requirement_is_no_failure_of_its_own() -> None:
    chapter = judged(ho_success_threshold=found(Verdict.FAIL), ho_limit=found(Verdict.BLOCKED, OWN))
    assert chapter.problems == ()
    assert "1 further rows were blocked" in chapter.found


def test_what_is_blocked_by_a_requirement_that_stands_is_a_problem() -> None:
    (problem,) = judged(
        ho_success_threshold=found(Verdict.FAIL),
        ho_limit=found(Verdict.BLOCKED, "st-not-early"),
        st_not_early=found(Verdict.PASS),
    ).problems
    assert "blocked by what did not fail: ho-limit blocked (st-not-early)" in problem


# --- mutants ------------------------------------------------------------------------------


def unexplained() -> str:
    entries = explained.load()
    return next(m.id for m in generated() if explained.of(m, entries) is None)


def test_a_mutant_that_is_noticed_is_no_problem() -> None:
    death = Death(row="th-exact", verdict="fail", judged=3)
    chapter = generated_mutants.conclude(SETTING, {unexplained(): death})
    assert chapter.problems == ()
    assert "of 1 others 1 noticed: 100 %" in chapter.found


def test_a_survivor_that_nothing_explains_is_a_problem() -> None:
    name = unexplained()
    chapter = generated_mutants.conclude(SETTING, {name: Death(judged=138)})
    (problem,) = chapter.problems
    assert problem.startswith(f"survived and is not explained: {name}")


def test_a_mutant_that_is_only_unknown_survives() -> None:
    death = Death(judged=138, unknown=("th-exact", "th-nan"))
    (problem,) = generated_mutants.conclude(SETTING, {unexplained(): death}).problems
    assert problem.startswith("survived, 2 rows are unknown, and is not explained")


def test_an_explained_mutant_that_is_noticed_is_a_problem() -> None:
    entries = explained.load()
    name = next(m.id for m in generated() if explained.of(m, entries) is not None)
    death = Death(row="th-exact", verdict="fail", evidence="seen", judged=1)
    chapter = generated_mutants.conclude(SETTING, {"explained-1": {name: death}})
    assert chapter.problems == (f"explained, and th-exact notices it: {name}: seen",)


def test_a_mutant_that_is_explained_as_unseen_has_to_be_unseen() -> None:
    entries = explained.load()
    unseen = [m.id for m in generated() if (e := explained.of(m, entries)) and e.kind == "unseen"]
    assert unseen, "there is one to try it with"
    death = Death(judged=138)
    (problem,) = generated_mutants.conclude(SETTING, {unseen[0]: death}).problems
    assert problem.startswith("explained as unseen, and all was seen")


# --- correct breakers ---------------------------------------------------------------------


@pytest.mark.parametrize("verdict", list(Verdict))
def test_whatever_is_held_against_a_correct_breaker_is_a_problem(verdict: Verdict) -> None:
    chapter = correct_breakers.conclude(SETTING, {"mine": looked(th_exact=found(verdict))})
    fine = verdict in {Verdict.PASS, Verdict.NOT_OFFERED}
    assert chapter.problems == (() if fine else (f"mine: th-exact {verdict}: it did",))


def test_a_deviation_that_was_observed_by_hand_is_no_false_failure() -> None:
    rows = {"ro_bounded": found(Verdict.FAIL)}
    chapter = correct_breakers.conclude(SETTING, {"interlock_cb": looked(**rows)})
    assert chapter.problems == ()
    assert any("interlock_cb: ro-bounded fail" in note for note in chapter.notes)


def test_every_correct_breaker_is_an_item() -> None:
    names = {item.name for item in correct_breakers.items(SETTING)}
    assert {"reference", "interlock_cb"} <= names
    assert len(names) >= 12 + 2


# --- reach, judging and agreement, on what was really seen --------------------------------


@pytest.fixture(scope="module")
def reference() -> Looked:
    return known.look(defects.reference(), choose())


def test_a_requirement_that_passed_over_nothing_has_not_reached(reference: Looked) -> None:
    test = next(test for test in judging.tests() if test.row.id == "th-exact")

    def nothing(trip_counts: object, overlapping_failures: object) -> None:
        for _ in ():
            assert trip_counts, overlapping_failures

    empty = msgspec.structs.replace(test, function=nothing)
    assert judge_counting(test, reference.archive(), "x")[1] > 0
    case, come_to = judge_counting(empty, reference.archive(), "x")
    assert (case.verdict, come_to) == (Verdict.PASS, 0)


def test_a_requirement_that_no_breaker_reaches_is_a_problem(reference: Looked) -> None:
    assert reach.conclude(SETTING, {"reference": reference}).problems == ()
    stored = msgspec.json.decode(reference.histories)
    ending = Ending(kind="unknown", text="it was not seen")
    stored["scenarios"]["trip_counts"] = {"ending": msgspec.to_builtins(ending)}
    blind = msgspec.structs.replace(reference, histories=msgspec.json.encode(stored).decode())
    problems = reach.conclude(SETTING, {"reference": blind}).problems
    assert "th-exact: reached with no correct breaker" in problems


def test_an_observation_that_is_contradicted_is_a_problem(reference: Looked) -> None:
    """The reference in place of a library, of which quite other things were observed."""
    chapter = agreement.conclude(SETTING, {"circuitbreaker": reference})
    told = [problem.partition(":")[0] for problem in chapter.problems]
    assert "circuitbreaker, backoff" in told
    assert "circuitbreaker, cancelled_probe" in told


# --- removing a requirement ---------------------------------------------------------------


def test_removing_the_test_of_a_requirement_makes_the_audit_fail(tmp_path: Path) -> None:
    """Three are taken out of a copy of all that there is, each with the defect that it notices."""
    for part in ("grader", "spec_tests", "candidates"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    removed = {
        "ho-success-threshold": ("test_half_open.py", "closes_on_first_success"),
        "ht-open-silent": ("test_http.py", "asks_the_health_page_while_open"),
        "de-part-config": ("test_delivery.py", "backoff_not_a_parameter"),
    }
    for row, (module, _) in removed.items():
        path = tmp_path / "spec_tests" / module
        text = path.read_text()
        assert text.count(f'@requirement("{row}",') == 1
        without = text.replace(f'@requirement("{row}",', "@not_any_more(")
        path.write_text(f"not_any_more = lambda *_, **__: lambda test: None\n{without}")
    ran = subprocess.run(  # noqa: S603  our own command
        [sys.executable, "-m", "grader", "audit", *(name for _, name in removed.values())],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1, ran.stderr
    told = " ".join(ran.stdout.split())
    for row, (_, name) in removed.items():
        assert f"{name}: {row} should notice it, and there is no such requirement" in told
