"""A Dask cluster grades as this machine does, and loses nothing with a worker."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from distributed import LocalCluster

from grader import cluster, scoring, slot
from grader.answers import assembly
from grader.candidate import Candidate
from grader.cluster import SCHEME
from grader.errors import GraderError, InputError
from grader.grading import Graded
from grader.sandbox import choose
from grader.tests.test_cli import BREAKER_LESS, grader, refused


def candidates(count: int) -> list[Candidate]:
    return [
        assembly.from_markdown(BREAKER_LESS.replace("now", f"now{n}"), id=f"c{n}", name=f"c{n}")
        for n in range(count)
    ]


def how() -> slot.Slot:
    return slot.Slot(tier=choose(), rubric=scoring.load())


def cluster_of(*, workers: int, threads: int) -> LocalCluster:
    return LocalCluster(  # type: ignore[no-untyped-call]
        n_workers=workers, threads_per_worker=threads, processes=True, dashboard_address=None
    )


@pytest.fixture
def local() -> Iterator[LocalCluster]:
    with cluster_of(workers=2, threads=1) as made:
        yield made


def address(made: LocalCluster) -> str:
    return str(made.scheduler_address).removeprefix("tcp://")


def scores(made: LocalCluster, given: list[Candidate]) -> dict[str, float | None]:
    return {c.id: g.result.score for c, g in cluster.graded(address(made), given, how())}


def test_the_results_are_those_of_this_machine_also_where_a_worker_is_killed(
    local: LocalCluster,
) -> None:
    given = candidates(6)
    here = {c.id: slot.graded(c, how()).result.score for c in given}
    found: dict[str, float | None] = {}
    for candidate, graded in cluster.graded(address(local), given, how()):
        if not found:
            os.kill(next(iter(local.workers.values())).pid, signal.SIGKILL)
        found[candidate.id] = graded.result.score
    assert found == here


def test_who_else_asks_the_scheduler_for_the_same_id_gets_an_answer_of_its_own(
    local: LocalCluster,
) -> None:
    (one,) = candidates(1)
    other = assembly.from_markdown("No code.", id=one.id, name=one.name)
    asked = cluster.graded(address(local), [one], how())
    asking = cluster.graded(address(local), [other], how())
    with ThreadPoolExecutor(2) as threads:
        found: list[list[tuple[Candidate, Graded]]] = list(threads.map(list, (asked, asking)))
    verdicts = [graded.result.requirements["de-code"].verdict for ((_, graded),) in found]
    assert verdicts == ["pass", "fail"], "one was given what the other asked for"


def test_a_worker_with_another_version_grades_nothing(
    local: LocalCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grader.cluster.ground.code", lambda *_: "another version")
    ((_, graded),) = cluster.graded(address(local), candidates(1), how())
    assert graded.result.score is None
    assert "another version" in graded.result.problem


@contextlib.contextmanager
def as_users_start_it() -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Start a scheduler and a worker with Dask's own commands; give its address, and itself."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    dask = [sys.executable, "-m", "dask"]
    scheduler = [*dask, "scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard"]
    worker = [*dask, "worker", f"127.0.0.1:{port}", "--nthreads", "1", "--no-dashboard"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with (
        subprocess.Popen(scheduler, **quiet) as first,  # type: ignore[call-overload]  # noqa: S603
        subprocess.Popen(worker, **quiet) as second,  # type: ignore[call-overload]  # noqa: S603
    ):
        try:
            yield f"127.0.0.1:{port}", first
        finally:
            for process in (first, second):
                process.terminate()


def test_a_scheduler_that_goes_away_is_told_in_one_line() -> None:
    def all_of_them() -> None:
        with as_users_start_it() as (where, scheduler):
            for _ in cluster.graded(where, candidates(4), how()):
                scheduler.kill()

    with pytest.raises(GraderError, match="the same command goes on") as told:
        all_of_them()
    assert "\n" not in str(told.value)


def test_workers_of_several_threads_are_refused() -> None:
    with (
        cluster_of(workers=1, threads=2) as made,
        pytest.raises(InputError, match="--nthreads 1"),
    ):
        scores(made, candidates(1))


def test_what_is_no_engine_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_PATIENCE", 1)
    for engine, says in (("spark://here", "an engine is"), (f"{SCHEME}127.0.0.1:1", "no Dask")):
        refused(grader("run", "candidates/gpt_5_4", "--engine", engine, "--out", tmp_path), says)
