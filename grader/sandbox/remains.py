"""Removing what a sandbox leaves: processes that it started, files that it wrote."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path


def kill_with_descendants(pid: int, timeout: float) -> None:
    """Kill the process `pid` and all below it; it stays a zombie for its parent to reap.

    The template adopts orphans (it is a subreaper), so daemons are still found below it while
    it lives: it is stopped, emptied and killed last. Without /proc only its group is reached.
    """
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGSTOP)
    deadline = time.monotonic() + timeout
    while (alive := list(_living_descendants(pid))) and time.monotonic() < deadline:
        for descendant in alive:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(descendant, signal.SIGKILL)
        time.sleep(0.001)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _living_descendants(pid: int) -> Iterator[int]:
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in map(int, children.read_text().split()):
                yield from _living_descendants(child)
                if not _is_zombie(child):
                    yield child


def _is_zombie(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return True
    return stat.rpartition(")")[2].split()[0] in "ZX"


def remove_tree(path: Path) -> None:
    """Delete a directory that untrusted code could write to, however it left it."""
    with contextlib.suppress(RecursionError):
        shutil.rmtree(path, ignore_errors=True)
    if path.exists():
        # Directories without permissions, or nested deeper than Python can follow. Neither tool
        # follows links below the path it is given.
        for command in (["chmod", "-R", "u+rwx"], ["rm", "-rf"]):
            subprocess.run(  # noqa: S603 - fixed commands, the path is ours
                [*command, "--", str(path)],
                check=False,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
