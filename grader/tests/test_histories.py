"""Random histories: no correct breaker goes wrong in them, and what goes wrong comes shortest."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from grader import answers, defects
from grader.bench import Bench
from grader.candidate import Candidate
from grader.conversation.failures import Recorded, Unknown
from grader.played import Played
from grader.sandbox import choose
from grader.specification import SCENARIOS, Scenario
from grader.tests.driver_helpers import CANDIDATES, PROJECT
from grader.tests.test_model import TERMS, TRIP, story
from spec_tests.model import Moment, Step
from spec_tests.scenarios.histories import FAIL, START, Histories, Play, simplifications
from spec_tests.test_histories import (
    FLOORS,
    reach,
)
from spec_tests.test_histories import (
    test_no_history_leads_outside_of_what_is_allowed as judge_histories,
)

UNUSUAL = sorted(path.parent for path in (Path(__file__).parent / "unusual").glob("*/*.toml"))
SEEDS = (0, 3)


def played(candidate: Candidate, seed: int = 0) -> Played:
    with Bench(candidate, choose(), seed=seed) as bench:
        return bench.play(SCENARIOS["random_histories"])


def a_candidate(folder: Path) -> Candidate:
    (loaded,) = answers.load(folder)
    assert isinstance(loaded, Candidate)
    return loaded


# --- correct breakers ---------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("folder", UNUSUAL, ids=lambda folder: str(folder.name))
def test_a_correct_breaker_of_unusual_design_is_in_no_history_wrong(
    folder: Path, seed: int
) -> None:
    seen = played(a_candidate(folder), seed)
    assert seen.ending is None, f"{folder.name} could not be played: {seen.ending}"
    with pytest.raises(Recorded, match="rejected a probe"):
        judge_histories(seen.value)


def test_a_low_cap_that_is_refused_is_not_insisted_on() -> None:
    (folder,) = (path for path in UNUSUAL if path.name == "room_to_grow")
    assert {terms.cap for terms in played(a_candidate(folder)).value.terms} == {None}


def test_what_a_static_scenario_is_refused_is_no_error_of_the_grader() -> None:
    def refused(bench: Bench) -> int:
        with bench.lab() as lab:
            lab.breaker(cap=11.0)  # raises: it insists on a hundred seconds
        return 0

    (room,) = (a_candidate(path) for path in UNUSUAL if path.name == "room_to_grow")
    scenario = Scenario(name="refused", play=refused, static=True, result=int)
    with Bench(room, choose()) as bench:
        ending = bench.play(scenario).ending
    assert ending is not None
    assert ending.kind == "unknown"
    assert ending.text.startswith("the constructor refused what this needs: ")


# --- what goes wrong ----------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_what_goes_wrong_comes_as_the_shortest_history(seed: int) -> None:
    path = defects.FOLDER / "cancelled_before_the_trip_ends_it.toml"
    candidate = defects.build(defects.load(path), defects.reference())
    seen = played(candidate, seed).value
    assert seen.again
    *before, last = [moment.step.do for moment in seen.shortest.moments]
    # A call from before the trip, the trip, and that call given up; when it began does not matter.
    assert sorted(before) == ["cancel", "fail", "fail", "fail", "start"], before
    assert before[-1] == "cancel"
    assert last in {"succeed", "fail"}, "a call that should have been rejected"


def test_a_history_is_simplified_by_leaving_out_merging_and_waiting_less() -> None:
    wait = Step("wait", periods=2.5)
    found = list(simplifications([START, wait, Step("end badly", which=1)]))
    assert found == [
        (wait, Step("end badly", which=1)),
        (START, Step("end badly", which=1)),
        (START, wait),
        (wait, FAIL),
        (START, Step("wait", periods=1.2), Step("end badly", which=1)),
        (START, wait, Step("end badly")),
    ]


# --- verdicts -----------------------------------------------------------------------------

BUSY = story(f"start ran; {TRIP}wait 12; start ran half_open; succeed rejected; end well")
WRONG, RIGHT = story("succeed rejected"), story("succeed ran")


def histories(*plays: tuple[Moment, ...], **fields: object) -> Histories:
    made = tuple(Play(kind=0, moments=moments, recovered=True, last="") for moments in plays)
    shortest = fields.pop("shortest", None)
    if isinstance(shortest, tuple):
        shortest = Play(kind=0, moments=shortest, recovered=True, last="")
    return Histories(terms=(TERMS,), plays=made, shortest=shortest, **fields)  # type: ignore[arg-type]


def test_enough_of_everything_is_a_pass_that_tells_how_much() -> None:
    with pytest.raises(Recorded, match="of 15 histories 15 were certainly open"):
        judge_histories(histories(*[BUSY] * 15))


def test_a_history_that_is_wrong_in_two_workers_fails_in_words() -> None:
    with pytest.raises(AssertionError, match=r"^succeed: rejected; allowed: while it is closed"):
        judge_histories(histories(*[BUSY] * 15, WRONG, shortest=WRONG, again=True))


def test_a_history_that_is_wrong_in_one_worker_alone_is_unknown() -> None:
    with pytest.raises(Unknown, match="went wrong once, and not again: succeed: rejected"):
        judge_histories(histories(*[BUSY] * 15, WRONG, shortest=WRONG, again=False))


def test_a_wrong_history_that_was_right_when_shrunk_is_no_pass() -> None:
    with pytest.raises(Unknown, match="went wrong, but not when tried again: succeed: rejected"):
        judge_histories(histories(*[BUSY] * 15, WRONG, shortest=RIGHT, again=False))


def test_histories_that_ended_early_by_a_stricter_model_are_no_pass() -> None:
    with pytest.raises(Unknown, match="ended early"):
        judge_histories(histories(*[BUSY] * 15, shortest=RIGHT, again=True))


@pytest.mark.parametrize("name", FLOORS)
def test_what_was_hardly_reached_is_unknown(name: str) -> None:
    least = FLOORS[name]
    stories = {
        "open": RIGHT,
        "half_open": story(TRIP.removesuffix("; ")),
        "rejected probe": story(f"start ran; {TRIP}wait 12; start ran half_open; end well"),
        "late result": story(f"{TRIP}wait 12; start ran half_open; succeed rejected"),
    }
    seen = histories(*[BUSY] * (least - 1), *[stories[name]] * 20)
    assert reach(seen)[name] == least - 1
    with pytest.raises(Unknown, match=f"not exercised, of {19 + least} histories:.*{name}"):
        judge_histories(seen)


# --- chance -------------------------------------------------------------------------------

PLAYS = """
import importlib, sys
import msgspec
for name in sys.argv[1:]:
    importlib.import_module(name)
import spec_tests.scenarios
from grader import defects
from grader.bench import Bench
from grader.sandbox import choose
from grader.specification import SCENARIOS
with Bench(defects.reference(), choose(), seed=4) as bench:
    value = bench.play(SCENARIOS["random_histories"]).value
sys.stdout.buffer.write(msgspec.json.encode(value))
"""


def histories_of_reference(*imported: str, **environment: str) -> bytes:
    told = subprocess.run(  # noqa: S603  our own text, above
        [sys.executable, "-c", PLAYS, *imported],
        env={**os.environ, "PYTHONPATH": str(PROJECT), **environment},
        check=True,
        stdout=subprocess.PIPE,
        timeout=60,
    )
    return told.stdout


def test_the_same_seed_gives_the_same_histories_whatever_is_imported() -> None:
    plain = histories_of_reference()
    other = histories_of_reference(
        "decimal", "http.client", "spec_tests.test_http", CI="1", PYTHONHASHSEED="77"
    )
    assert plain == other
    assert plain.count(b'"moments"') > 40


def test_another_seed_gives_other_histories() -> None:
    reference = a_candidate(CANDIDATES / "reference")
    assert played(reference, 1).value.plays != played(reference, 2).value.plays
