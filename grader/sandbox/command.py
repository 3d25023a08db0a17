"""The command line that starts a worker, and the options it is handed, tier by tier."""

import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from grader.errors import IsolationError
from grader.sandbox.interpreter import (
    HIDDEN,
    SYSTEM_DIRECTORIES,
    SYSTEM_FILES,
    SYSTEM_LINKS,
    Interpreter,
    hidden_below,
    interpreter,
)
from grader.sandbox.tier import Tier

NOBODY = 65534
SCRATCH_BYTES = 16 << 20
MOST_TASKS = 512
"""Processes and threads of one sandbox; 4 GiB of address space end threads at about as many."""

_INSIDE_WORKER = Path("/grader/worker")
_INSIDE_CANDIDATE = Path("/candidate")
_INSIDE_SCRATCH = Path("/scratch")


@dataclass(frozen=True)
class Place:
    """What a worker is started on."""

    python: str
    candidate_dir: Path
    worker_dir: Path
    entry: str
    control: int
    """The descriptor of the control socket."""
    code: int | None = None
    """That of a file with the worker's compiled modules; None where it compiles them itself."""
    scratch: Path | None = None
    """A fresh directory of the host; None where the sandbox brings its own (bwrap)."""

    @property
    def descriptors(self) -> tuple[int, ...]:
        """All that the worker inherits."""
        return (self.control,) if self.code is None else (self.control, self.code)


@dataclass(frozen=True)
class Command:
    """A worker that is ready to be started."""

    arguments: tuple[str, ...]
    environment: dict[str, str]
    candidate_dir: Path
    """As the worker sees it."""


def bwrap_command(place: Place, info: int) -> Command:
    """Start in namespaces of its own, as PID 1; bubblewrap tells on `info` who that is outside."""
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        raise IsolationError("bwrap is not installed")
    environment = _environment(_INSIDE_SCRATCH)
    options: dict[str, object] = {
        "tier": Tier.BWRAP,
        "candidate_dir": str(_INSIDE_CANDIDATE),
        "scratch": str(_INSIDE_SCRATCH),
        "readable": [],
        "listable": [],
        "nproc": MOST_TASKS,
        "code": place.code,
    }
    python = interpreter(place.python)
    arguments = (
        *(bwrap, "--unshare-all", "--unshare-user", "--uid", str(NOBODY), "--gid", str(NOBODY)),
        *("--cap-drop", "ALL", "--disable-userns", "--hostname", "sandbox"),
        *("--as-pid-1", "--die-with-parent", "--new-session", "--info-fd", str(info)),
        *("--clearenv", *_each("--setenv", environment)),
        *_root(python),
        *("--ro-bind", str(place.worker_dir), str(_INSIDE_WORKER)),
        *("--ro-bind", str(place.candidate_dir), str(_INSIDE_CANDIDATE)),
        *("--size", str(SCRATCH_BYTES), "--tmpfs", str(_INSIDE_SCRATCH)),
        *("--remount-ro", "/tmp", "--remount-ro", "/dev", "--remount-ro", "/"),  # noqa: S108
        *("--chdir", str(_INSIDE_SCRATCH), "--"),
        *_python_command(place, _INSIDE_WORKER, options),
    )
    return Command(arguments, environment, _INSIDE_CANDIDATE)


def plain_command(tier: Tier, place: Place, *, nproc: int | None) -> Command:
    """Start as an ordinary process; what confines it, it does to itself (`grader.worker`)."""
    scratch = place.scratch
    if scratch is None:
        raise ValueError("a worker outside bwrap needs a scratch directory")
    python = interpreter(place.python)
    readable, listable = _rules(python, place.worker_dir) if tier is Tier.LANDLOCK else ([], [])
    options: dict[str, object] = {
        "tier": tier,
        "candidate_dir": str(place.candidate_dir),
        "scratch": str(scratch),
        "readable": readable,
        "listable": listable,
        "nproc": nproc,
        "code": place.code,
        "parent": os.getpid(),
    }
    arguments = tuple(_python_command(place, place.worker_dir, options))
    return Command(arguments, _environment(scratch), place.candidate_dir)


def needed_paths(place: Place) -> Iterator[Path]:
    """Everything that a worker outside bwrap must be able to read, whoever it runs as."""
    python = interpreter(place.python)
    yield from (python.binary, *python.directories, *python.files, place.worker_dir)
    yield from (place.candidate_dir, *place.candidate_dir.rglob("*"))


def _python_command(place: Place, worker_dir: Path, options: Mapping[str, object]) -> Iterable[str]:
    # Not -I: it would ignore PYTHONHASHSEED as well. In a cleared environment these say the same.
    python = interpreter(place.python).executable
    entry = worker_dir / place.entry
    return (str(python), "-s", "-P", "-B", str(entry), str(place.control), json.dumps(options))


def _environment(scratch: Path) -> dict[str, str]:
    """Return all that a worker is told about the machine: nothing, and one time zone for all."""
    return {
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "PYTHONSAFEPATH": "1",
    }


def _root(python: Interpreter) -> Iterator[str]:
    """Lay out the file system of the sandbox, read-only, starting from nothing."""
    # /tmp comes first: the interpreter or the candidate may lie below it.
    yield from ("--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp")  # noqa: S108
    directories = tuple(dict.fromkeys((*SYSTEM_DIRECTORIES, *SYSTEM_LINKS, *python.directories)))
    for path in directories:
        yield from _show(path)
    for file in (*SYSTEM_FILES, *python.files, python.binary):
        yield from ("--ro-bind-try", str(file), str(file))
    if python.executable != python.binary:
        # A link, as outside: libraries that are found relative to the program must stay so.
        yield from ("--symlink", str(python.binary), str(python.executable))
    for directory in directories:
        for package in () if directory.is_symlink() else hidden_below(directory):
            yield from ("--tmpfs", str(package), "--remount-ro", str(package))


def _show(path: Path) -> Iterator[str]:
    if path.is_symlink():
        yield from ("--symlink", str(path.readlink()), str(path))
    elif path.is_dir():
        yield from ("--ro-bind", str(path), str(path))


def _rules(python: Interpreter, worker_dir: Path) -> tuple[list[str], list[str]]:
    """List what Landlock lets the worker read, and where it may only list names.

    A rule covers all that lies below it and nothing can be taken out again, so a directory
    that holds the grader's own packages is opened entry by entry. Imports list directories.
    """
    readable = [*SYSTEM_FILES, *python.files, python.binary, worker_dir]
    listable: list[Path] = []
    directories = (*SYSTEM_DIRECTORIES, *SYSTEM_LINKS, *python.directories)
    # Rules hold for directories, not for names: links add nothing to what they lead to.
    for directory in dict.fromkeys(path.resolve() for path in directories):
        for path, whole in _around(directory):
            (readable if whole else listable).append(path)
    present = [str(path) for path in dict.fromkeys(readable) if path.exists()]
    return present, [str(path) for path in listable]


def _around(directory: Path) -> Iterator[tuple[Path, bool]]:
    """`(path, True)` for what is free of hidden packages, `(path, False)` for the way to them."""
    real = directory.resolve()
    if real in HIDDEN:
        return
    if not any(package.is_relative_to(real) for package in HIDDEN):
        yield directory, True
    elif directory == real:
        yield directory, False
        for entry in directory.iterdir():
            yield from _around(entry)


def _each(option: str, pairs: Mapping[str, str]) -> Iterator[str]:
    for name, value in pairs.items():
        yield from (option, name, value)
