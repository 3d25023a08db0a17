"""`grader run` against what a user would write: one new `pytest` process per candidate."""

import functools
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from grader.benchmarks.cost import Cost, command, cost
from grader.pytest_session import SPECIFICATION

_GRADED = frozenset({0})
_PASSED_OR_FAILED = frozenset({0, 1})


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """What the same candidates cost both ways, one right after the other."""

    grader: Cost
    plain: Cost


def played_rounds(candidates: Sequence[Path], rounds: int, jobs: int) -> Iterator[Round]:
    """Grade the candidates both ways, again and again; who comes first changes every time."""
    ours = functools.partial(_grade, candidates, jobs)
    theirs = functools.partial(_plainly, candidates)
    for number in range(rounds):
        if number % 2:
            plain, grader = cost(theirs), cost(ours)
        else:
            grader, plain = cost(ours), cost(theirs)
        yield Round(grader=grader, plain=plain)


def _grade(candidates: Sequence[Path], jobs: int) -> None:
    with tempfile.TemporaryDirectory() as out:
        start = (sys.executable, "-m", "grader", "run", *map(str, candidates))
        command((*start, "--no-cache", "--jobs", str(jobs), "--out", out), _GRADED)


def _plainly(candidates: Sequence[Path]) -> None:
    start = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(SPECIFICATION))
    for candidate in candidates:
        command(
            (*start, "--candidate", str(candidate), "--isolation", "process", "--at-once", "1"),
            _PASSED_OR_FAILED,
            PYTEST_DISABLE_PLUGIN_AUTOLOAD="1",
        )
