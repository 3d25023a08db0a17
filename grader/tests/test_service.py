"""Grading from a program: from threads and from event loops, again and again, leaving nothing."""

import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import anyio
import pytest

import grader
from grader.errors import InputError
from grader.service import Grader
from grader.tests.driver_helpers import CANDIDATES
from grader.tests.test_cli import BREAKER_LESS
from grader.verdicts import Verdict

REFERENCE = "\n".join(
    f"`{path.name}`:\n\n```python\n{path.read_text()}```\n"
    for path in sorted((CANDIDATES / "reference").glob("*.py"))
)


@pytest.fixture(scope="module")
def service() -> Iterator[Grader]:
    with Grader(cache=False) as opened:
        yield opened


def die(*_: object) -> None:
    """Be killed, as by the kernel when memory runs out."""
    os.kill(os.getpid(), signal.SIGKILL)


def children(of: int | None = None) -> set[int]:
    """Return the processes right below one, by default this one."""
    found: set[int] = set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue  # it has ended meanwhile
        if parent == (of or os.getpid()):
            found.add(int(path.parent.name))
    return found


def descendants(of: int) -> set[int]:
    """Return all the processes below one."""
    return set().union(*({child} | descendants(child) for child in children(of)))


def test_an_answer_is_graded_in_one_call() -> None:
    result = grader.grade(REFERENCE)
    failed = {row: f.evidence for row, f in result.requirements.items() if f.verdict == "fail"}
    assert failed == {}
    assert result.score == 10.0, f"the reference scores {result.score}"


def test_an_event_loop_goes_on_while_an_answer_is_graded(service: Grader) -> None:
    turns = 0

    async def main() -> None:
        nonlocal turns

        async def count() -> None:
            nonlocal turns
            while True:
                await anyio.sleep(0.01)
                turns += 1

        async with anyio.create_task_group() as group:
            group.start_soon(count)
            result = await service.grade_async(BREAKER_LESS, id="from a loop")
            group.cancel_scope.cancel()
        assert result.id == "from-a-loop"
        assert result.requirements["de-breaker"].verdict is Verdict.FAIL

    anyio.run(main)
    assert turns > 0, "the loop stood still"


@pytest.mark.parametrize("typed_in", [False, True])
def test_a_script_of_three_lines_needs_no_guard(tmp_path: Path, *, typed_in: bool) -> None:
    """Processes of `multiprocessing` would run it again, each."""
    script = (
        f"import grader\nresult = grader.grade({BREAKER_LESS!r})\nprint(result.score is None)\n"
    )
    path = tmp_path / "script.py"
    path.write_text(script)
    done = subprocess.run(  # noqa: S603  our own words
        [sys.executable, "-" if typed_in else str(path)],
        input=script if typed_in else None,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("False\n", ""), "it did not get a score, or not once"


def test_several_threads_share_one_grader(service: Grader) -> None:
    with ThreadPoolExecutor(3) as threads:
        results = list(threads.map(service.grade, [BREAKER_LESS] * 3))
    assert len({result.score for result in results}) == 1


@pytest.mark.parametrize("answer", ["", "a\0b", "\ud800"])
def test_what_is_no_text_has_no_score_and_a_reason(service: Grader, answer: str) -> None:
    result = service.grade(answer)
    assert result.score is None
    assert result.problem.startswith("the answer ")


def test_a_process_that_dies_is_replaced(service: Grader) -> None:
    service.grade(BREAKER_LESS)
    pool = service._pool
    assert pool is not None
    (process,) = pool._processes
    os.kill(process, signal.SIGKILL)
    assert service.grade(BREAKER_LESS).score is not None


def test_what_dies_every_time_has_no_score(monkeypatch: pytest.MonkeyPatch) -> None:
    with Grader(cache=False) as opened:
        monkeypatch.setattr("grader.slot.graded", die)
        result = opened.grade(BREAKER_LESS)
    assert result.score is None
    assert result.problem.startswith("not graded, a grading process died")


def test_many_gradings_leave_neither_processes_nor_descriptors_nor_threads() -> None:
    def left() -> tuple[set[int], int, int]:
        return children(), len(list(Path("/proc/self/fd").iterdir())), threading.active_count()

    with Grader(cache=False) as opened:
        opened.grade(BREAKER_LESS)
        before = left()
        for _ in range(10):
            opened.grade(BREAKER_LESS)
        assert left() == before


def test_nothing_goes_on_without_the_program_that_asked(tmp_path: Path) -> None:
    path = tmp_path / "script.py"
    path.write_text(
        "import os, signal, grader\n"
        f"grader.grade({BREAKER_LESS!r})\n"
        "print('graded', flush=True)\n"
        "signal.pause()\n"
    )
    with subprocess.Popen(  # noqa: S603  our own words
        [sys.executable, str(path)], stdout=subprocess.PIPE, text=True
    ) as asking:
        assert asking.stdout is not None
        assert asking.stdout.readline() == "graded\n"
        below = [os.pidfd_open(pid) for pid in descendants(asking.pid)]
        asking.kill()
    assert len(below) > 1, "it graded without processes"
    try:
        for process in below:
            ended, _, _ = select.select([process], [], [], 30)
            assert ended, "a process waits for a program that is gone"
    finally:
        for process in below:
            os.close(process)


def test_processes_are_renewed_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grader.service._RENEWED_AFTER", 2)
    with Grader(cache=False) as opened:
        seen = set()
        for _ in range(4):
            assert opened.grade(BREAKER_LESS).score is not None
            seen.add(opened._pool)  # itself: its id is free once it has gone
        assert len(seen) == 2, f"{len(seen)} pools for four gradings"


def test_a_rubric_that_is_none_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.toml"):
        Grader(rubric=tmp_path / "none.toml")
