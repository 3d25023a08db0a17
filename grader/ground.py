"""What a grading depends on besides the candidate: our code, the interpreter, what is installed."""

import functools
import hashlib
import sys
from importlib import metadata
from pathlib import Path

import grader
from grader.pytest_session import SPECIFICATION

_GRADER = Path(grader.__file__).resolve().parent
_SHOWS_OR_PROVES = (
    "tests/",
    "report/",
    "commands/",
    "judges/",
    "benchmarks/",
    "explain/",
    *(
        "apart.py",
        "cache.py",
        "cli.py",
        "cluster.py",
        "gates.py",
        "service.py",
        "store.py",
        "stream.py",
    ),
)
"""What of the grader changes no result, whoever asks for it."""


@functools.cache
def code(*no_part: str) -> str:
    """Return a hash of the specification and the grader, without what changes no result.

    `no_part` are beginnings of further paths below `grader/` to leave out.
    """
    digest = hashlib.sha256()
    left_out = (*_SHOWS_OR_PROVES, *no_part)
    for root in (SPECIFICATION, _GRADER):
        for path in sorted(root.rglob("*")):
            name = path.relative_to(root).as_posix()
            if path.is_file() and path.suffix in {".py", ".toml"} and not name.startswith(left_out):
                digest.update(f"{name}\0".encode())
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


@functools.cache
def surroundings() -> str:
    """Return a hash of the interpreter and of all that is installed: candidates import it."""
    installed = sorted(f"{found.name} {found.version}" for found in metadata.distributions())
    return hashlib.sha256("\n".join([sys.version, *installed]).encode()).hexdigest()
