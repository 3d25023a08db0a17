"""A Dask cluster grades as this machine does, and loses nothing with a worker."""

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self

import pytest
from distributed import Client, LocalCluster

from grader import cache, cluster, scoring, slot
from grader.answers import assembly
from grader.candidate import Candidate
from grader.cluster import SCHEME
from grader.errors import GraderError, InputError
from grader.grading import Graded
from grader.sandbox import choose
from grader.tests.test_cache import contents
from grader.tests.test_cli import BREAKER_LESS, grader, refused


def candidates(count: int) -> list[Candidate]:
    return [
        assembly.from_markdown(BREAKER_LESS.replace("now", f"now{n}"), id=f"c{n}", name=f"c{n}")
        for n in range(count)
    ]


def answers_in(folder: Path, count: int) -> list[str]:
    paths = [folder / f"answer{number}.md" for number in range(count)]
    for number, path in enumerate(paths):
        path.write_text(BREAKER_LESS.replace("now", f"now{number}"))
    return [str(path) for path in paths]


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


class Cluster:
    """A scheduler and workers, started with Dask's own commands; a context manager."""

    def __init__(self, workers: int = 1) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        where = ("--host", "127.0.0.1", "--port", str(self.port))
        self.scheduler = self._start("scheduler", *where)
        self.workers = [self._worker() for _ in range(workers)]
        try:
            self._wait_for(workers)
        except BaseException:
            self.__exit__()
            raise

    def _wait_for(self, workers: int) -> None:
        where = f"127.0.0.1:{self.port}"
        # Half of Dask has no types.
        with Client(where, timeout=60, set_as_default=False) as client:  # type: ignore[no-untyped-call]
            client.wait_for_workers(workers, timeout=60)

    def _worker(self) -> subprocess.Popen[bytes]:
        # Without a nanny, which would start another one: the process is the worker itself.
        return self._start("worker", f"127.0.0.1:{self.port}", "--nthreads", "1", "--no-nanny")

    def _start(self, what: str, *options: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "dask", what, *options, "--no-dashboard"]
        return subprocess.Popen(  # noqa: S603  our own command
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def lose_a_worker(self) -> None:
        """Kill one in the middle of what it does; another one comes for it."""
        lost = self.workers.pop(0)
        lost.kill()
        lost.wait()
        self.workers.append(self._worker())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()


class Relay:
    """Stands between a client and a port, and can cut every connection; a context manager."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = self._door.getsockname()[1]
        self._open: list[socket.socket] = []
        self._lock = threading.Lock()
        self._letting_in = threading.Thread(target=self._let_in)
        self._letting_in.start()

    def _let_in(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                here, _ = self._door.accept()
                there = socket.create_connection(("127.0.0.1", self._to))
                with self._lock:
                    self._open += [here, there]
                for one, other in ((here, there), (there, here)):
                    threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    @staticmethod
    def _carry(one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := one.recv(1 << 16):
                other.sendall(data)
        for end in (one, other):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def cut(self) -> None:
        """End every connection that there is; new ones are let in."""
        with self._lock:
            ended, self._open = self._open, []
        for end in ended:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._door.shutdown(socket.SHUT_RDWR)
        self._letting_in.join()
        self._door.close()
        self.cut()


def test_a_scheduler_that_goes_away_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def all_of_them() -> None:
        with Cluster() as made:
            for _ in cluster.graded(f"127.0.0.1:{made.port}", candidates(4), how()):
                monkeypatch.setattr(cluster, "_PATIENCE", 1)
                made.scheduler.kill()

    with pytest.raises(GraderError, match="the same command goes on") as told:
        all_of_them()
    assert "\n" not in str(told.value)


def test_a_lost_connection_is_made_anew(tmp_path: Path) -> None:
    # By a process of its own: what Dask leaves open of a lost connection goes with it.
    command = [sys.executable, "-m", "grader", "run", *answers_in(tmp_path, 6), "--no-cache"]
    with Cluster() as made, Relay(made.port) as relay:
        command += ["--out", str(tmp_path / "out"), "--engine", f"{SCHEME}127.0.0.1:{relay.port}"]
        blows: list[Callable[[subprocess.Popen[str]], None]] = [lambda _: relay.cut()] * 2
        status = _run(command, dict(os.environ), blows, random.Random(0))
    assert not blows, f"the run was over before the connection was cut {len(blows)} times more"
    assert status == 0, "the run did not go on by itself"
    graded = json.loads((tmp_path / "out" / "results.json").read_text())["candidates"]
    assert [row["problem"] for row in graded] == [""] * 6


@pytest.mark.parametrize("seed", range(3))
def test_whatever_is_lost_at_random_moments_the_results_are_those_of_a_quiet_run(
    tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    inputs = answers_in(tmp_path, 9)
    start = [sys.executable, "-m", "grader", "run", *inputs, "--out"]
    place = {**os.environ, cache.PLACE: str(tmp_path / "kept")}
    with Cluster(workers=2) as made, Relay(made.port) as relay:
        blows: list[Callable[[subprocess.Popen[str]], None]] = [
            lambda run: run.send_signal(signal.SIGKILL),
            lambda _: made.lose_a_worker(),
            lambda _: relay.cut(),
        ]
        chance.shuffle(blows)
        command = [*start, str(tmp_path / "out"), "--engine", f"{SCHEME}127.0.0.1:{relay.port}"]
        tries = [_run(command, place, blows, chance) for _ in range(2)]  # one of them is killed
    assert not blows, f"the run was over before {len(blows)} of 3 things were lost"
    assert tries[-1] == 0, f"the runs ended with {tries}"
    quiet = [*start, str(tmp_path / "quiet")]
    elsewhere = {**place, cache.PLACE: str(tmp_path / "new")}
    subprocess.run(quiet, env=elsewhere, check=True, capture_output=True)  # noqa: S603  our own command
    assert contents(tmp_path / "out") == contents(tmp_path / "quiet")


def _run(
    command: list[str],
    place: dict[str, str],
    blows: list[Callable[[subprocess.Popen[str]], None]],
    chance: random.Random,
) -> int:
    """Run a command, and strike blows at it after lines of what it tells; return its status."""
    with subprocess.Popen(  # noqa: S603  our own command
        command, env=place, stderr=subprocess.PIPE, text=True
    ) as run:
        assert run.stderr is not None
        wait = chance.randint(1, 2)
        for _ in run.stderr:
            wait -= 1
            if wait == 0 and blows:
                blows.pop()(run)
                wait = chance.randint(1, 2)
    return run.returncode


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
