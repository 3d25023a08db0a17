"""What of a usage example can be run here, where not every package is installed."""

from msgspec.structs import replace

from grader import answers
from grader.bench import Bench
from grader.binding.example_source import read_source
from grader.candidate import Candidate, SourceFile

_PARTS_OF_PYTHON = frozenset({"http", "urllib"})
_AT_THE_FIRST_REQUEST = frozenset({"httpcore", "h11", "anyio._backends._asyncio"})
"""What httpx imports no sooner."""


def present(bench: Bench) -> tuple[Candidate, tuple[str, ...]]:
    """Import what the example needs, once for all workers.

    Return the candidate without those example files that need a package which is not here, where
    another one sends requests; and the packages that are lacking all the same.
    """
    candidate = bench.candidate
    wanted = answers.imports(candidate, "example")
    own = answers.imports(candidate)
    clients = {client for file in candidate.files for client in read_source(file).clients}
    modules = {*wanted.required, *wanted.optional, *clients}
    missing = frozenset(bench.preload(modules)) - _PARTS_OF_PYTHON
    if "httpx" in modules - missing:
        bench.preload(_AT_THE_FIRST_REQUEST)
    lacking = {file.path: _needs(candidate, file) & missing for file in _examples(candidate)}
    if any(read_source(f).clients and not lacking[f.path] for f in _examples(candidate)):
        candidate = replace(
            candidate, files=tuple(f for f in candidate.files if not lacking.get(f.path))
        )
    absent = own.required & frozenset(bench.absent)
    for file in _examples(candidate):
        absent |= lacking[file.path]
    if clients and clients <= missing:
        absent |= clients
    return candidate, tuple(sorted(absent))


def _examples(candidate: Candidate) -> list[SourceFile]:
    return [file for file in candidate.files if file.role == "example"]


def _needs(candidate: Candidate, file: SourceFile) -> frozenset[str]:
    """Return the packages that a file does not get by without."""
    found = answers.imports(candidate, path=file.path)
    return found.required | (found.optional - found.fallible)
