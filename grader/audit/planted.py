"""What is planted on the machine for an attack to find, and the look afterwards from outside."""

import contextlib
import ctypes
import os
import re
import secrets
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from grader.candidate import Candidate

MARK = "zoo-secret-"
LEFT = "grader-zoo-left*"
STOLEN = ("zoo-specification", "zoo-ptrace", "zoo-note")
"""Words with which an attack says what it did, where no planted secret could tell."""
_SUBREAPER = 36
_GONE_WITHIN = 1.0
_PLACES = ("/tmp", "/var/tmp", "/dev/shm", "~", ".")  # noqa: S108  where attacks leave files
_BYSTANDER = ("/bin/sh", "-c", "read _")
"""Waits; its first argument stands in its command line."""


class Planted:
    """A secret in the environment, in a file and in a process; listeners; a bystander.

    A context manager. While it lasts, orphans of this process come to it, so that nothing that an
    attack starts is lost from sight.
    """

    def __enter__(self) -> Self:
        """Plant everything."""
        self.secret = MARK + secrets.token_hex(8)
        self._stack = contextlib.ExitStack()
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="grader-zoo-")))
        folder.chmod(0o777)
        self.folder = folder
        self.file = folder / "planted"
        self.file.write_text(self.secret)
        self.file.chmod(0o666)
        self._before = self._file_seen()
        self._listeners = [self._hear(kind, name) for kind, name in self._ways()]
        self._listeners.append(_hear_datagrams(self._listeners[0].getsockname()))
        self._bystander = subprocess.Popen(  # noqa: S603  our own program
            [*_BYSTANDER, self.secret],
            env={"PLANTED": self.secret, "PATH": os.environ.get("PATH", "")},
            stdin=subprocess.PIPE,
        )
        os.environ["GRADER_ZOO_PLANTED"] = self.secret
        _subreaper(on=True)
        self._known = set(_below(os.getpid()))
        self._left_before = set(_left())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove everything, and what was left as well."""
        os.environ.pop("GRADER_ZOO_PLANTED", None)
        self._bystander.kill()
        self._bystander.communicate()
        for listener in self._listeners:
            listener.close()
        _subreaper(on=False)
        for path in set(_left()) - self._left_before:
            path.unlink(missing_ok=True)
        self._stack.close()

    def fill(self, candidate: Candidate) -> Candidate:
        """Tell an attack where the things are: it need not be stopped by not finding them."""
        told = {
            "FILE": str(self.file),
            "DIRECTORY": str(self.folder),
            "PID": self._bystander.pid,
            "PORT": self._listeners[0].getsockname()[1],
            "SOCKET": str(self.folder / "socket"),
        }

        def line(found: re.Match[str]) -> str:
            return f"PLANTED_{found[1]} = {told[found[1]]!r}"

        def filled(source: str) -> str:
            return re.sub(rf"(?m)^PLANTED_({'|'.join(told)}) = .*$", line, source)

        files = tuple(
            msgspec.structs.replace(file, text=filled(file.text)) for file in candidate.files
        )
        return msgspec.structs.replace(candidate, files=files)

    def effects(self, said: str) -> Iterator[str]:
        """Yield what an attack has done; `said`: all that came out of it."""
        if MARK in said:
            yield "secret: the planted secret came out"
        yield from (f"secret: {word}" for word in STOLEN if word in said)
        yield from self._files()
        if any(map(_was_reached, self._listeners)):
            yield "network: a listener was reached"
        if self._bystander.poll() is not None or _state(self._bystander.pid) in "TZXt":
            yield "bystander: another process was stopped or ended"
        yield from self._processes()

    def _files(self) -> Iterator[str]:
        if self._file_seen() != self._before:
            yield "file: a planted file was changed"
        for path in sorted(set(_left()) - self._left_before):
            yield f"file: {path.name} was left in {path.parent}"
        for path in self.folder.iterdir():
            if path.name not in {"planted", "socket"}:
                yield f"file: {path.name} was left in a planted folder"

    def _processes(self) -> Iterator[str]:
        deadline = time.monotonic() + _GONE_WITHIN
        while (more := self.started()) and time.monotonic() < deadline:
            time.sleep(0.01)
        for pid in more:
            yield f"process: one was left, {_told(pid)}"
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)

    def started(self) -> set[int]:
        """Return the processes that were started since and are alive."""
        return set(_below(os.getpid())) - self._known

    def _ways(self) -> Iterator[tuple[int, tuple[str, int] | str]]:
        yield socket.AF_INET, ("127.0.0.1", 0)
        yield socket.AF_UNIX, str(self.folder / "socket")
        yield socket.AF_UNIX, "\0" + str(self.folder / "socket")

    def _hear(self, family: int, address: tuple[str, int] | str) -> socket.socket:
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.bind(address)
        listener.settimeout(0)
        listener.listen()
        if isinstance(address, str) and not address.startswith("\0"):
            Path(address).chmod(0o777)
        return listener

    def _file_seen(self) -> tuple[object, ...]:
        try:
            seen = self.file.stat()
            return (self.file.read_text(), seen.st_mode, seen.st_mtime_ns)
        except (OSError, UnicodeDecodeError):
            return ()


def _hear_datagrams(address: tuple[str, int]) -> socket.socket:
    """Hear datagrams at the port at which the stream listens."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener.bind(address)
    listener.settimeout(0)
    return listener


def _was_reached(listener: socket.socket) -> bool:
    try:
        if listener.type == socket.SOCK_DGRAM:
            listener.recv(1)
        else:
            listener.accept()[0].close()
    except BlockingIOError:
        return False
    return True


def _subreaper(*, on: bool) -> None:
    ctypes.CDLL(None).prctl(_SUBREAPER, int(on), 0, 0, 0)


def _left() -> Iterator[Path]:
    for place in _PLACES:
        with contextlib.suppress(OSError):
            yield from Path(place).expanduser().glob(LEFT)


def _below(pid: int) -> Iterator[int]:
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in map(int, children.read_text().split()):
                yield from _below(child)
                if _state(child) in "ZX":
                    _reap(child)
                else:
                    yield child


def _reap(pid: int) -> None:
    """Take an orphan off the table of processes; those of `subprocess` are waited for there."""
    with contextlib.suppress(OSError):
        os.waitpid(pid, os.WNOHANG)


def _state(pid: int) -> str:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return "X"
    return stat.rpartition(")")[2].split()[0]


def _told(pid: int) -> str:
    try:
        line = Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
    except OSError:
        return str(pid)
    return line.replace("\0", " ")[:60]
