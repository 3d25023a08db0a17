"""Situations about importing: what it sets in motion, what it changes, what it warns of."""

import ast
from collections.abc import Iterable

import msgspec

from grader.answers import parsing
from grader.bench import Bench
from grader.candidate import Candidate
from grader.conversation.failures import Blocked
from grader.conversation.messages import Reply
from grader.driver.lab import Lab
from grader.specification import scenario, static_scenario
from spec_tests.scenarios.stories import close


class Watched(msgspec.Struct, frozen=True, kw_only=True):
    """What the candidate's own code did while it was watched."""

    error: str
    """What importing raised; empty where it did not."""
    started: tuple[str, ...]
    """Requests, servers, loops, threads, processes, files: what was set in motion."""
    changed: tuple[str, ...]
    """What of the process was changed, such as the root logger."""
    warnings: tuple[str, ...]
    deprecated: tuple[str, ...] = ()
    """What the text uses that newer Pythons warn of."""


def _watched(reply: Reply, error: str = "", deprecated: tuple[str, ...] = ()) -> Watched:
    told = reply.value if isinstance(reply.value, dict) else {}
    found = {
        name: tuple(str(entry) for entry in told.get(name, ()))
        for name in ("started", "changed", "warnings")
    }
    return Watched(error=error, deprecated=deprecated, **found)


@static_scenario
def watched_import(bench: Bench) -> Watched:
    """Import the implementation, and watch."""
    if not bench.modules:
        raise Blocked("de-code", "there is no Python code")
    error = ""
    with bench.worker() as worker:
        worker.request("watch", on=True)
        for module in bench.modules:
            reply = worker.request("load", modules=[module])
            if reply.error is not None and not error:
                error = f"importing {module} raised {reply.error}"
        return _watched(worker.request("watch", on=False), error, deprecated(bench.candidate))


_LONG = 1_000.0
"""Seconds; every first open period is over by then."""


@scenario
def watched_life(lab: Lab) -> Watched:
    """Trip, reject, probe and recover, and watch."""
    lab.request("watch", on=True)
    breaker = lab.breaker()
    breaker.trip()
    breaker.succeed()
    breaker.wait(_LONG)
    close(breaker)
    if lab.binding.metrics is not None:
        breaker.metrics()
    return _watched(lab.request("watch", on=False))


# --- what newer Pythons warn of -----------------------------------------------------------

_NAIVE = {"utcnow", "utcfromtimestamp"}


def deprecated(candidate: Candidate) -> tuple[str, ...]:
    """Return what the implementation uses that is deprecated, by the place where it stands."""
    found = []
    for file in candidate.files:
        if file.role != "implementation":
            continue
        found += [f"{file.path}:{one.line} {one.message}" for one in parsing.warned(file.text)]
        nodes = parsing.nodes(file.text)
        classes = _names_of_datetime(nodes)
        found += [
            f"{file.path}:{node.lineno} {ast.unparse(node)}"
            for node in nodes
            if isinstance(node, ast.Attribute)
            and node.attr in _NAIVE
            and ast.unparse(node.value) in classes
        ]
    return tuple(found)


def _names_of_datetime(nodes: Iterable[ast.AST]) -> set[str]:
    """Return the names that stand for the class `datetime`."""
    names = set()
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module == "datetime":
            names |= {a.asname or a.name for a in node.names if a.name == "datetime"}
        elif isinstance(node, ast.Import):
            modules = {a.asname or a.name for a in node.names if a.name == "datetime"}
            names |= {f"{name}.datetime" for name in modules}
    return names
