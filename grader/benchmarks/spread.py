"""Gradings over several processes: one Dask worker against two, and one that hangs among many."""

import functools
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from grader import cluster, scoring
from grader.answers import assembly
from grader.benchmarks.cost import command, cost
from grader.benchmarks.many import HANGS, variant
from grader.candidate import Candidate
from grader.errors import InputError
from grader.sandbox import choose
from grader.slot import Slot

_DONE = frozenset({0})


def one_to_two(answer: str, count: int) -> float:
    """Return how many times as long one Dask worker takes for so many variants as two do.

    Raises InputError where Dask is not installed.
    """
    candidates = [
        assembly.from_markdown(variant(answer, number), id=f"answer-{number}", name="Answer")
        for number in range(count)
    ]
    one, two = (_with_workers(number, candidates) for number in (1, 2))
    return one / two


def _with_workers(number: int, candidates: Sequence[Candidate]) -> float:
    """Return the seconds that a cluster takes whose workers have graded before."""
    try:
        from distributed import LocalCluster  # noqa: PLC0415  an extra
    except ImportError as error:
        raise InputError("this needs Dask: pip install 'breaker-grader[dask]'") from error
    made: Any = LocalCluster
    with made(n_workers=number, threads_per_worker=1, dashboard_address=None) as workers:
        address = str(workers.scheduler_address).removeprefix("tcp://")
        how = Slot(tier=choose(), rubric=scoring.load())
        grade = functools.partial(cluster.graded, address, how=how)
        list(grade(candidates[: 2 * number]))
        return cost(lambda: list(grade(candidates))).wall


def hanging_among(answer: str, count: int, jobs: int) -> float:
    """Return how many times as long so many answers take where one of them hangs."""
    with tempfile.TemporaryDirectory() as where:
        paths = [Path(where, f"answer{number}.md") for number in range(count)]
        for number, path in enumerate(paths):
            path.write_text(variant(answer, number))
        without = cost(lambda: _run(paths, jobs)).wall
        paths[0].write_text(HANGS)
        return cost(lambda: _run(paths, jobs)).wall / without


def _run(paths: Sequence[Path], jobs: int) -> None:
    with tempfile.TemporaryDirectory() as out:
        start = (sys.executable, "-m", "grader", "run", *map(str, paths))
        command((*start, "--no-cache", "--jobs", str(jobs), "--out", out), _DONE)
