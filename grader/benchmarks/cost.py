"""What it cost to do something, in seconds of the wall and of the processor."""

import contextlib
import ctypes
import os
import resource
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from grader.errors import GraderError

_SET_CHILD_SUBREAPER = 36


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds; of the processor those of all processes that have ended count too."""

    wall: float
    cpu: float
    own: float
    """What of `cpu` this process itself used."""


def cost(action: Callable[[], object]) -> Cost:
    """Do it, and return what it cost here and in the processes that it started and ended."""
    wall, cpu, own = time.monotonic(), _cpu(), time.process_time()
    action()
    return Cost(wall=time.monotonic() - wall, cpu=_cpu() - cpu, own=time.process_time() - own)


def command(arguments: Sequence[str], allowed: frozenset[int], **more: str) -> None:
    """Run a command without output; raises GraderError where its exit status is not allowed."""
    environment: Mapping[str, str] = {**os.environ, **more}
    _adopt_orphans()
    before = _children()
    ended = subprocess.run(  # noqa: S603  our own commands
        arguments, env=environment, capture_output=True, text=True, check=False
    )
    # It leaves behind the server that its processes were forked from: what that used is known once
    # it has ended.
    for orphan in _children() - before:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(orphan, 0)
    if ended.returncode not in allowed:
        last = (ended.stderr or ended.stdout).strip().splitlines()[-1:] or [""]
        raise GraderError(f"{' '.join(arguments[:4])} ended with {ended.returncode}: {last[0]}")


def _adopt_orphans() -> None:
    """Let the children of our children come to us when those end, and not to the system."""
    ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _children() -> set[int]:
    """Return the children of this process, adopted ones included."""
    tasks = Path("/proc/self/task").glob("*/children")
    return {int(child) for task in tasks for child in task.read_text().split()}


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(entry.ru_utime + entry.ru_stime for entry in used)
