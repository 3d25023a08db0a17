"""What the sandbox's tests share: a worker that makes attempts, and a look at what is left."""

import json
import shutil
import socket
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grader
from grader.sandbox import Sandbox, Tier, launch

CHECKOUT = Path(grader.__file__).resolve().parent.parent
_STAND_IN = Path(__file__).parent / "sandbox_worker" / "boot.py"
_ANSWER_TIMEOUT = 30.0
_DEADLINE = 5.0


@dataclass(frozen=True)
class Outcome:
    """How an attempt went: what it returned or raised, and how its process ended."""

    returned: Any = None
    raised: str | None = None
    status: int = 0

    @property
    def succeeded(self) -> bool:
        return self.raised is None and self.status == 0


@dataclass
class Worker:
    """A started worker that makes one attempt per call."""

    sandbox: Sandbox
    control: socket.socket
    marker: str
    """Stands in the command line of every process of this worker, and of no other."""
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def tier(self) -> Tier:
        return self.sandbox.tier

    def ask(self, name: str, *arguments: Any) -> None:
        self.control.send(json.dumps([name, *arguments]).encode())

    def hear(self) -> dict[str, Any]:
        said = self.control.recv(1 << 20)
        assert said, "the worker is gone"
        return dict(json.loads(said))

    def attempt(self, name: str, *arguments: Any) -> Outcome:
        self.ask(name, *arguments)
        answer = self.hear()
        if "status" not in answer:
            answer |= self.hear()
        return Outcome(**answer)


@contextmanager
def started(
    tier: Tier, candidate_dir: Path, *, worker_home: Path, python: str = sys.executable
) -> Iterator[Worker]:
    """Start a worker whose files are laid out below `worker_home`; killed at the end."""
    marker = f"boot_{uuid.uuid4().hex}.py"
    worker_dir = laid_out(worker_home, marker)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.settimeout(_ANSWER_TIMEOUT)
    with (
        ours,
        launch(
            tier,
            candidate_dir=candidate_dir,
            control=theirs,
            python=python,
            worker_dir=worker_dir,
            entry=marker,
        ) as sandbox,
    ):
        worker = Worker(sandbox, ours, marker)
        ready = worker.hear()
        assert ready["home"] == ready["confinement"], "the worker confines itself with other code"
        worker.options = ready["ready"]
        yield worker


def laid_out(home: Path, entry: str) -> Path:
    """Copy the confinement modules and the stand-in to where the template looks for them."""
    worker_dir = home / "grader" / "worker"
    worker_dir.mkdir(parents=True, exist_ok=True)
    # A package of its own: without this file an installed grader would be imported instead.
    (worker_dir.parent / "__init__.py").touch()
    for name in ("__init__", "confine", "landlock", "libc", "seccomp"):
        shutil.copy(CHECKOUT / "grader" / "worker" / f"{name}.py", worker_dir)
    shutil.copy(_STAND_IN, worker_dir / entry)
    return worker_dir


@contextmanager
def open_directory() -> Iterator[Path]:
    """Make a directory that every user can read, which pytest's `tmp_path` is not."""
    with tempfile.TemporaryDirectory(prefix="sandbox-test-") as name:
        directory = Path(name)
        directory.chmod(0o755)
        yield directory


def processes(marker: str) -> list[int]:
    """Every living process whose command line holds `marker`."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if marker in (process / "cmdline").read_text(errors="replace"):
                found.append(int(process.name))
        except OSError:
            continue
    return found


def becomes_true(condition: Callable[[], bool]) -> bool:
    """Whether `condition` holds within a few seconds."""
    deadline = time.monotonic() + _DEADLINE
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True
