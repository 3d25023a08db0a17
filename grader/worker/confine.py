"""What a worker does to itself before it lets a candidate run.

The template confines itself once, forks, and each child gives up the rest. Only the standard
library and ctypes are used: this runs in the sandbox. Anything that fails here is an OSError and
the grader's fault; serving a candidate without it is not an option.
"""

import contextlib
import os
import resource
import shutil
import signal
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from . import landlock, libc, seccomp

_LINUX = sys.platform == "linux"


class Limits(NamedTuple):
    """What one child may use; more ends it, or fails with an OSError or a MemoryError."""

    cpu_seconds: int = 10
    memory: int = 4 << 30
    """Bytes of address space. Threads reserve much: below 2 GiB they fail to start."""
    file_size: int = 16 << 20
    open_files: int = 64


DEFAULT_LIMITS = Limits()

_template = 0
"""The process that confined itself as the template; children die with it."""


def confine_template(options: Mapping[str, Any]) -> None:
    """Confine the process that forks the children; the first thing it does.

    It dies with the grader, cannot be read or traced by others of its user, and has no
    capabilities. SIGINT is ignored: bwrap's PID 1 is immune to what it has no handler for.
    """
    global _template  # noqa: PLW0603 - a child cannot ask: getppid() forgets a parent that died
    _template = os.getpid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if not _LINUX:
        return
    libc.drop_capabilities()
    libc.prctl("no new privileges", libc.PR_SET_NO_NEW_PRIVS, 1)
    # Orphans stay below us, where the grader finds them.
    libc.prctl("child subreaper", libc.PR_SET_CHILD_SUBREAPER, 1)
    # When memory runs out this goes first, not the grader. (Before /proc/self becomes root's.)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
    libc.prctl("dumpable", libc.PR_SET_DUMPABLE, 0)
    if os.getpid() != 1:
        _die_with(options["parent"])


def confine_child(
    options: Mapping[str, Any], *, keep: set[int], limits: Limits = DEFAULT_LIMITS
) -> None:
    """Confine a freshly forked child, for good, before it sees the candidate.

    Descriptors outside `keep` are closed whoever owns them (detach sockets that you hold, or
    they close somebody else's later), and those of stdio lead nowhere. The working directory,
    HOME and the temporary directory are a new one of this child's own.
    Call it while there is one thread.
    """
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    _silence(keep)
    scratch = _own_scratch(options)
    _limit(limits, options["nproc"])
    if not _LINUX:
        return
    libc.prctl("dumpable", libc.PR_SET_DUMPABLE, 0)
    _die_with(_template)
    if options["tier"] == "process":
        return
    if options["tier"] == "landlock":
        landlock.restrict(
            # Its own threads are read there. Held open: a directory of /proc that is dropped
            # from the kernel's cache comes back as another one, which no rule names.
            readable=[*options["readable"], options["candidate_dir"], _hold_own_proc()],
            listable=options["listable"],
            writable=[*([scratch] if scratch else []), "/dev/null", "/dev/urandom"],
        )
    seccomp.install(full=options["tier"] == "landlock")


def discard_scratch(options: Mapping[str, Any], pid: int) -> None:
    """Delete what the ended child `pid` wrote, so that the next one does not find it."""
    if not options["scratch"]:
        return
    with contextlib.suppress(RecursionError):  # nested on purpose; the sandbox goes at the end
        shutil.rmtree(Path(options["scratch"], str(pid)), ignore_errors=True)


def _die_with(parent: int) -> None:
    """Be killed when `parent` ends, even by SIGKILL; it may have ended already."""
    libc.prctl("parent death signal", libc.PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _silence(keep: set[int]) -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        if standard not in keep:
            os.dup2(nowhere, standard)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    kept = sorted(keep | {0, 1, 2})
    for low, high in zip(kept, [*kept[1:], max(most, kept[-1] + 1)], strict=True):
        os.closerange(low + 1, high)


def _own_scratch(options: Mapping[str, Any]) -> str | None:
    if not options["scratch"]:
        return None
    own = Path(options["scratch"], str(os.getpid()))
    own.mkdir(mode=0o700)
    os.chdir(own)
    os.environ["HOME"] = os.environ["TMPDIR"] = tempfile.tempdir = str(own)
    return str(own)


def _limit(limits: Limits, most_tasks: int | None) -> None:
    for which, most in (
        (resource.RLIMIT_AS, limits.memory),
        (resource.RLIMIT_FSIZE, limits.file_size),
        (resource.RLIMIT_NOFILE, limits.open_files),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(which, (most, most))
    # The soft limit says what it was (SIGXCPU); the hard one is for those that catch it.
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_seconds, limits.cpu_seconds + 1))
    if most_tasks is not None:
        resource.setrlimit(resource.RLIMIT_NPROC, (most_tasks, most_tasks))


def _hold_own_proc() -> str:
    own = f"/proc/{os.getpid()}"
    os.open(own, os.O_PATH | os.O_CLOEXEC)
    return own
