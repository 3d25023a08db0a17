"""No verdict depends on the order in which requirements are judged, nor on a machine under load.

Five orders by default; `GRADER_ORDERS=20 python -m pytest grader/tests/test_order.py` tries
twenty. One order by hand: `pytest spec_tests --candidate DIR --shuffle 7`.
"""

import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import msgspec
import pytest

from grader import answers, scoring
from grader.candidate import Candidate
from grader.grading import Graded, grade
from grader.plugin import Shuffler
from grader.sandbox import choose
from grader.survey import pool
from grader.tests.driver_helpers import CANDIDATES, CORRECT, busy_neighbour

ORDERS = int(os.environ.get("GRADER_ORDERS", "5"))
FOLDERS = [CORRECT / "sync_executor", CORRECT / "async_with", CANDIDATES / "grok_420"]
"""Threads in a pool, tasks on a loop, and an answer that is wrong and cut off."""


def graded(folder: Path, order: int | None, at_once: int = 1) -> Graded:
    """Grade in a session of pytest in some order, or, as it is done by default, without one."""
    (candidate,) = answers.load(folder)
    assert isinstance(candidate, Candidate)
    return grade(candidate, choose(), scoring.load(), shuffle=order, at_once=at_once)


@pytest.fixture(scope="module")
def processes() -> Iterator[ProcessPoolExecutor]:
    """Grade on every core, beside another process that wants them all."""
    with busy_neighbour(), pool() as executor:
        yield executor


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.name))
def test_another_order_under_load_gives_the_same_verdicts_and_evidence(
    folder: Path, processes: ProcessPoolExecutor
) -> None:
    orders = [None, *range(ORDERS)]
    runs = [g.result for g in processes.map(graded, [folder] * len(orders), orders)]
    first = runs[0]
    for order, run in zip(orders, runs, strict=True):
        assert list(run.requirements) == list(first.requirements)
        differing = {
            row: f"{first.requirements[row]} became {found}"
            for row, found in run.requirements.items()
            if found != first.requirements[row]
        }
        assert differing == {}, f"in order {order}"
        assert run.measurements == first.measurements
        assert run.binding == first.binding
        assert run.score == first.score


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.name))
def test_several_scenarios_at_once_give_the_same_result_as_one_after_the_other(
    folder: Path, processes: ProcessPoolExecutor
) -> None:
    one, several = (processes.submit(graded, folder, None, at_once).result() for at_once in (1, 4))
    results = [msgspec.structs.replace(g.result, seconds=0.0) for g in (one, several)]
    assert msgspec.json.encode(results[0]) == msgspec.json.encode(results[1])
    assert several.histories == one.histories, "what was seen differs"


class Item:
    """A collected test, as far as its order goes."""

    def __init__(self, name: str, candidate: Candidate) -> None:
        self.name = name
        self.callspec = self
        self.params = {"bench": candidate}


def test_shuffling_keeps_candidates_together_and_loses_nothing() -> None:
    one, two = (Candidate(id=name, name=name) for name in ("one", "two"))
    items = [Item(str(n), candidate) for candidate in (one, two) for n in range(20)]
    orders = set()
    for number in range(5):
        shuffled = list(items)
        Shuffler(number).pytest_collection_modifyitems(shuffled)  # type: ignore[arg-type]
        assert [item.params["bench"].id for item in shuffled] == ["one"] * 20 + ["two"] * 20
        assert set(shuffled) == set(items)
        orders.add(tuple(item.name for item in shuffled))
    assert len(orders) == 5, "each number gives another order"
