"""Start one worker under a tier, and end it with everything it started."""

import contextlib
import dataclasses
import functools
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import grader
from grader.errors import IsolationError
from grader.sandbox import bytecode
from grader.sandbox.command import (
    MOST_TASKS,
    NOBODY,
    Command,
    Place,
    bwrap_command,
    needed_paths,
    plain_command,
)
from grader.sandbox.remains import kill_with_descendants, remove_tree
from grader.sandbox.tier import Tier

WORKER_DIR = Path(grader.__file__).resolve().parent / "worker"

_END_TIMEOUT = 5.0
"""Seconds within which a killed sandbox has to be gone."""


class Sandbox:
    """A running worker template; a context manager that leaves nothing of it behind."""

    def __init__(
        self,
        tier: Tier,
        process: subprocess.Popen[bytes],
        candidate_dir: Path,
        *,
        first: int | None = None,
        scratch: Path | None = None,
    ) -> None:
        self.tier = tier
        self.candidate_dir = candidate_dir
        """Where the candidate's files are, as the worker sees it."""
        self._process = process
        self._first = first
        """A pidfd of PID 1 of the sandbox, where it has a PID namespace of its own."""
        self._scratch = scratch
        self._lock = threading.Lock()
        self._ended = False

    def alive(self) -> bool:
        """Whether the template still runs; children that it forked say nothing here."""
        return not self._ended and self._process.poll() is None

    def kill(self) -> None:
        """End everything that runs in here and wait until it is gone; as often as you like."""
        with self._lock:
            if self._ended:
                return
            self._ended = True
            if self._first is not None:
                # The kernel ends a PID namespace with its first process, and reports that
                # process dead only when all others are.
                with contextlib.suppress(ProcessLookupError):
                    signal.pidfd_send_signal(self._first, signal.SIGKILL)
                os.close(self._first)
            else:
                kill_with_descendants(self._process.pid, _END_TIMEOUT)
            try:
                self._process.wait(_END_TIMEOUT)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(_END_TIMEOUT)
            if self._scratch is not None:
                remove_tree(self._scratch)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()


def launch(  # noqa: PLR0913 - one argument per thing that differs between callers
    tier: Tier,
    *,
    candidate_dir: Path,
    control: socket.socket,
    python: str = sys.executable,
    worker_dir: Path = WORKER_DIR,
    entry: str = "boot.py",
    stderr: IO[bytes] | None = None,
) -> Sandbox:
    """Start `worker_dir/entry` with a control descriptor and its options as arguments.

    `control` is the worker's end and is taken over: it is closed here, so that the other end
    sees the end of file when the worker dies. Returns as soon as the worker was started; that
    it came up is for its first message to say. May be called from any thread.

    Raises IsolationError where the tier cannot even be started.
    """
    with control, bytecode.handed_over(worker_dir.resolve(strict=True)) as code:
        place = Place(
            python=python,
            candidate_dir=candidate_dir.resolve(strict=True),
            worker_dir=worker_dir.resolve(strict=True),
            entry=entry,
            control=control.fileno(),
            code=code.fileno() if python == sys.executable else None,
        )
        if tier is Tier.BWRAP:
            return _launch_bwrap(place, stderr)
        return _launch_plain(tier, place, stderr)


def _launch_bwrap(place: Place, stderr: IO[bytes] | None) -> Sandbox:
    reader, writer = os.pipe()
    with os.fdopen(reader) as told:
        with os.fdopen(writer) as info:
            command = bwrap_command(place, info.fileno())
            process = _spawn(command, (*place.descriptors, info.fileno()), stderr)
        answer = told.read()
    try:
        first = os.pidfd_open(json.loads(answer)["child-pid"])
    except (ValueError, LookupError, OSError):
        process.kill()
        process.wait()
        raise IsolationError("bwrap could not set up its namespaces") from None
    return Sandbox(Tier.BWRAP, process, command.candidate_dir, first=first)


def _launch_plain(tier: Tier, place: Place, stderr: IO[bytes] | None) -> Sandbox:
    scratch = Path(tempfile.mkdtemp(prefix="grader-scratch-")).resolve()
    try:
        place = dataclasses.replace(place, scratch=scratch)
        uid = _identity(place)
        if uid is not None:
            os.chown(scratch, uid, uid)
        command = plain_command(tier, place, nproc=_task_limit(tier, uid))
        process = _spawn(command, place.descriptors, stderr, cwd=scratch, uid=uid)
    except BaseException:
        remove_tree(scratch)
        raise
    return Sandbox(tier, process, command.candidate_dir, scratch=scratch)


@functools.cache
def _spawner() -> ThreadPoolExecutor:
    """One thread that outlives all sandboxes.

    What must die with the grader (PR_SET_PDEATHSIG, `--die-with-parent`) dies when the *thread*
    that started it ends, so a short-lived thread may not.
    """
    return ThreadPoolExecutor(1, thread_name_prefix="sandbox-spawner")


# A fork has the pool but not its thread, and would wait for it for ever.
os.register_at_fork(after_in_child=_spawner.cache_clear)


def _spawn(
    command: Command,
    inherited: tuple[int, ...],
    stderr: IO[bytes] | None,
    *,
    cwd: Path | None = None,
    uid: int | None = None,
) -> subprocess.Popen[bytes]:
    errors: IO[bytes] | int | None = stderr
    if stderr is None:
        errors = None if os.environ.get("GRADER_DEBUG") else subprocess.DEVNULL

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603 - built in `command`, from our own paths
            command.arguments,
            env=command.environment,
            cwd=cwd,
            pass_fds=inherited,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            # Ctrl-C in the terminal is for the grader, which then ends its sandboxes in order.
            start_new_session=True,
            user=uid,
            group=uid,
            extra_groups=None if uid is None else [],
        )

    try:
        return _spawner().submit(start).result()
    except OSError as error:
        raise IsolationError(f"{command.arguments[0]} cannot be started: {error}") from None


def _identity(place: Place) -> int | None:
    """Find the user that a worker outside bwrap is started as; None to stay who we are.

    Root becomes nobody where nobody can read all that the worker needs. Where it cannot (an
    interpreter below a 0700 home: a late import would fail and be charged to the candidate)
    the worker stays root without any capability, behind the same rules and filter.
    """
    if sys.platform != "linux" or os.geteuid() != 0:
        return None
    needed = [*needed_paths(place), *([place.scratch.parent] if place.scratch else [])]
    return NOBODY if all(map(_open_to_all, needed)) else None


def _open_to_all(path: Path) -> bool:
    readable, searchable = 0o004, 0o001
    own = path.stat().st_mode
    wanted = readable | searchable if path.is_dir() else readable
    return own & wanted == wanted and all(
        parent.stat().st_mode & searchable for parent in path.resolve().parents
    )


def _task_limit(tier: Tier, uid: int | None) -> int | None:
    """RLIMIT_NPROC where it is of use; it counts all tasks of a user, and never binds root.

    Under Landlock the filter refuses processes and the memory limit bounds threads, so that the
    user's other programs need not be counted.
    """
    owner = os.getuid() if uid is None else uid
    if tier is not Tier.PROCESS or owner == 0 or not Path("/proc/self/task").is_dir():
        return None
    return MOST_TASKS + sum(_tasks(process, owner) for process in Path("/proc").glob("[0-9]*"))


def _tasks(process: Path, owner: int) -> int:
    try:
        return len(list((process / "task").iterdir())) if process.stat().st_uid == owner else 0
    except OSError:  # ended meanwhile
        return 0
