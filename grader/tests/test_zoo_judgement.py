"""Attacks are held against their honest twins, by a pure judgement."""

import msgspec
import pytest

from grader.audit.attacks import FOLDER, TWINS, Achieved, Attack, Row, judge, load
from grader.verdicts import Known, Verdict

ATTACK = Attack(name="it", attack="Does it.", aims_at="verdicts", twin="wrong", expect="no better")
FAILS = Row(verdict=Verdict.FAIL, known=Known.OBSERVED)
HONEST = {"one": FAILS, "two": Row(verdict=Verdict.FAIL, known=Known.ATTESTED)}


def achieved(**rows: Row) -> Achieved:
    return Achieved(rows={**HONEST, **rows})


def test_what_changes_nothing_is_held() -> None:
    outcome = judge(ATTACK, "bwrap", achieved(), HONEST)
    assert outcome.held, f"it was not held: {outcome.problems}"


@pytest.mark.parametrize("verdict", [Verdict.PASS, Verdict.NOT_OFFERED])
def test_an_observed_row_that_is_better_than_the_twins_is_won(verdict: Verdict) -> None:
    better = Row(verdict=verdict, known=Known.OBSERVED)
    outcome = judge(ATTACK, "bwrap", achieved(one=better), HONEST)
    assert outcome.problems == ("won one, which the grader observes",)


def test_a_row_that_the_twin_does_not_have_is_won() -> None:
    passed = Row(verdict=Verdict.PASS, known=Known.OBSERVED)
    outcome = judge(ATTACK, "bwrap", achieved(three=passed), HONEST)
    assert outcome.problems == ("won three, which the grader observes",)


def test_an_attested_row_is_forged_and_has_to_be_listed() -> None:
    forged = achieved(two=Row(verdict=Verdict.PASS, known=Known.ATTESTED))
    unlisted = judge(ATTACK, "bwrap", forged, HONEST)
    assert unlisted.forged == ("two",)
    assert unlisted.problems == ("forged two, which is not listed",)
    listed = judge(msgspec.structs.replace(ATTACK, gains=("two",)), "bwrap", forged, HONEST)
    assert listed.held, f"a listed row is no problem: {listed.problems}"
    assert listed.forged == ("two",), "it is told all the same"


def test_an_effect_on_the_machine_is_a_problem() -> None:
    left = Achieved(rows=HONEST, effects=("process: one was left",))
    assert judge(ATTACK, "bwrap", left, HONEST).problems == ("process: one was left",)


def test_what_should_die_has_to_die_of_that() -> None:
    hostile = msgspec.structs.replace(ATTACK, expect="error", dies="hang")
    died = Row(verdict=Verdict.ERROR, known=Known.OBSERVED, died_of="crash")
    outcome = judge(hostile, "bwrap", achieved(one=died), HONEST)
    assert outcome.problems == ("should die of hang, and is told to die of crash",)


@pytest.mark.parametrize(
    ("verdict", "held"), [(Verdict.FAIL, True), (Verdict.ERROR, True), (Verdict.PASS, False)]
)
def test_what_should_be_stopped_may_not_import(verdict: Verdict, *, held: bool) -> None:
    hostile = msgspec.structs.replace(ATTACK, expect="stopped")
    twin = {"de-imports": Row(verdict=Verdict.PASS, known=Known.ATTESTED)}
    seen = Achieved(rows={"de-imports": Row(verdict=verdict, known=Known.ATTESTED)})
    assert judge(hostile, "bwrap", seen, twin).held is held


def test_what_should_be_refused_may_not_be_read() -> None:
    hostile = msgspec.structs.replace(ATTACK, expect="unreadable")
    assert not judge(hostile, "bwrap", achieved(), HONEST).held
    assert judge(hostile, "bwrap", Achieved(refused="no TOML"), {}).held


def test_there_are_sixty_attacks_and_each_has_its_sentence() -> None:
    attacks = load()
    assert len(attacks) >= 60
    told = [attack.attack for attack in attacks.values()]
    assert all(sentence.endswith(".") for sentence in told)
    assert len(set(told)) == len(told), "two attacks are told in the same words"


def test_an_attack_has_its_twins_breaker_to_the_letter() -> None:
    for name, attack in load().items():
        breaker = FOLDER / name / "breaker.py"
        if breaker.exists():
            twin = TWINS / attack.twin / "breaker.py" if attack.twin else TWINS / "wrong/breaker.py"
            assert breaker.read_text() == twin.read_text(), name
