"""The zoo is played on every tier of the machine: nothing is won, nothing is left."""

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.audit import attacking, attacks
from grader.audit.planted import Planted
from grader.sandbox import Tier, probe

ATTACKS = attacks.load()
BOUNDARIES = [tier for tier in (Tier.BWRAP, Tier.LANDLOCK) if probe(tier) is None]
BARE = {name: attack.bare for name, attack in ATTACKS.items() if attack.bare not in {"", "skip"}}


def test_a_tier_is_there_to_be_tried() -> None:
    assert BOUNDARIES, "this machine has neither bubblewrap nor Landlock"


@pytest.mark.parametrize("tier", BOUNDARIES)
@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_held(name: str, tier: Tier) -> None:
    outcome = attacking.attacked(ATTACKS[name], tier)
    assert outcome.held, f"{ATTACKS[name].attack} {'; '.join(outcome.problems)}"


@pytest.mark.parametrize("tier", BOUNDARIES)
def test_after_all_of_them_the_next_candidate_is_judged_as_before(tier: Tier) -> None:
    changed = list(attacking.changed_next("wrong", tier))
    assert not changed, f"the twin is judged otherwise now: {changed}"


@pytest.mark.parametrize("name", BARE)
def test_an_attack_is_one_where_nothing_stops_it(name: str) -> None:
    outcome = attacking.attacked(ATTACKS[name], Tier.PROCESS)
    kinds = {problem.partition(":")[0] for problem in outcome.problems}
    assert BARE[name] in kinds, f"in a bare process it achieved {outcome.problems or 'nothing'}"


@pytest.mark.parametrize("tier", BOUNDARIES)
@pytest.mark.parametrize("name", ["spins_at_import", "fork_bomb", "ignores_signals"])
def test_of_a_run_that_is_killed_no_process_is_left(name: str, tier: Tier, tmp_path: Path) -> None:
    with Planted() as planted:
        run = subprocess.Popen(  # noqa: S603  our own command
            [
                *(sys.executable, "-m", "grader", "run", str(attacks.FOLDER / name)),
                *("--isolation", str(tier), "--out", str(tmp_path)),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        workers_came = _becomes_true(_under_attack(planted))
        run.kill()
        run.wait()
        effects = list(planted.effects(""))
    assert workers_came, "the attack never began"
    assert not effects, f"a second later there is {effects}"
    assert not list(attacking.changed_next("wrong", tier)), "the next run differs"


def _under_attack(planted: Planted) -> Callable[[], bool]:
    """Return whether the run, a template and a worker are there, and are those of the attack.

    The template by which a tier is tried starts one worker and is gone soon: here either many
    workers came, as fast as the machine is, or one stays.
    """
    looked: Counter[int] = Counter()

    def under_attack() -> bool:
        now = planted.started()
        looked.update(now)
        one_stays = sum(looked[process] > 100 for process in now) >= 2
        return len(now) >= 3 and (len(looked) > 20 or one_stays)

    return under_attack


def _becomes_true(condition: object, within: float = 30.0) -> bool:
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if condition():  # type: ignore[operator]
            return True
        time.sleep(0.005)  # a worker lives some ten milliseconds: seldom looked at, few are seen
    return False
