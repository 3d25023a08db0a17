"""Which tier works on this machine: found out by starting something under it."""

import functools
import socket
import sys
import tempfile
from pathlib import Path
from typing import IO

from grader.errors import IsolationError
from grader.sandbox.launch import launch
from grader.sandbox.tier import Tier

__all__ = ["Tier", "choose", "probe"]

_PROBE_TIMEOUT = 20.0
_CONFINED = b"confined"
"""What `grader/worker/probe.py` says when a fully confined child has imported a module late."""

_HOW_TO_GET_BETTER = (
    "install bubblewrap 0.8 or newer and allow unprivileged user namespaces, or use a kernel with "
    "Landlock; --isolation=process runs candidates with no isolation at all"
)


@functools.cache
def probe(tier: Tier) -> str | None:
    """Why `tier` does not work here, in one line, or None where it works.

    Starts a confined Python and has it import a module after it was confined, because a
    sandbox that cannot would charge candidates with its own fault. Once per process.
    """
    if tier is not Tier.PROCESS and sys.platform != "linux":
        return f"needs Linux, this is {sys.platform}"
    ours, theirs = socket.socketpair()
    with ours, tempfile.TemporaryDirectory() as empty, tempfile.TemporaryFile() as errors:
        ours.settimeout(_PROBE_TIMEOUT)
        try:
            with launch(
                tier, candidate_dir=Path(empty), control=theirs, entry="probe.py", stderr=errors
            ):
                answer = ours.recv(4096)
        except IsolationError as error:
            return _first_line(_content(errors)) or str(error)
        except TimeoutError:
            return f"a confined Python did not answer within {_PROBE_TIMEOUT:.0f} s"
        if answer == _CONFINED:
            return None
        return _first_line(answer or _content(errors)) or "a confined Python died at its start"


def choose(requested: str = "auto") -> Tier:
    """Return the tier to run under: the one asked for, or the strongest that works.

    `auto` never falls to `process` by itself: that is the user's to accept.
    Raises IsolationError where nothing suitable works, with what to do about it.
    """
    if requested != "auto":
        if requested not in list(Tier):
            known = ", ".join(("auto", *Tier))
            raise IsolationError(f"unknown isolation tier {requested!r}: choose one of {known}")
        tier = Tier(requested)
        if (problem := probe(tier)) is not None:
            raise IsolationError(f"isolation by {tier} does not work here: {problem}")
        return tier
    problems = []
    for tier in (Tier.BWRAP, Tier.LANDLOCK):
        problem = probe(tier)
        if problem is None:
            return tier
        problems.append(f"{tier}: {problem}")
    raise IsolationError(f"no isolation works here ({'; '.join(problems)}); {_HOW_TO_GET_BETTER}")


def _content(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()


def _first_line(said: bytes) -> str:
    lines = said.decode(errors="replace").strip().splitlines()
    # A traceback says last what went wrong; anything else says it first.
    return (lines[-1] if lines and lines[0].startswith("Traceback") else "".join(lines[:1]))[:300]
