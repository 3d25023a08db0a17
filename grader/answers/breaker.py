"""Finding, without running anything, which names are the circuit breaker."""

import ast
from collections.abc import Iterator, Sequence

from grader.answers import parsing, paths
from grader.candidate import SourceFile

_BESIDE = (
    *("error", "exception", "open", "state", "states", "status", "config", "configuration"),
    *("metrics", "metric", "stats", "statistics", "snapshot", "registry", "manager", "factory"),
    *("listener", "event", "storage", "middleware", "settings", "options", "policy", "params"),
    *("protocol", "interface", "collector", "record", "result", "client", "monitor", "test"),
)
"""Endings of the types that stand beside a breaker and are none."""

_SCORES = {
    "circuitbreaker": 100,
    "asynccircuitbreaker": 95,
    "synccircuitbreaker": 90,
    "breaker": 70,
    "circuit": 65,
}
_FACTORIES = {"circuit_breaker", "circuit", "breaker", "with_circuit_breaker"}
_CALLS = {
    *("call", "call_async", "async_call", "acall", "execute", "execute_async", "aexecute", "run"),
    *("invoke", "protect", "guard", "__call__", "__aenter__", "__enter__", "decorate", "wrap"),
    *("allow_request", "can_execute", "acquire", "record_failure", "record_success"),
}
_ABSTRACT = {"Protocol", "ABC"}
_REEXPORT = 1


def is_breaker(name: str) -> bool:
    """Tell whether a class of this *name* is a breaker, not an error or type beside one."""
    return _score(name) > 0


def is_guard(name: str) -> bool:
    """Tell whether a function or an object of this *name* puts others behind a breaker."""
    return any(word in name.lower() for word in ("breaker", "circuit", "protect"))


def _score(name: str) -> int:
    flat = name.replace("_", "").lower()
    if flat.endswith(_BESIDE) or not ("breaker" in flat or "circuit" in flat):
        return 0
    return _SCORES.get(flat, 80 if flat.endswith("circuitbreaker") else 50)


def definitions(tree: ast.AST) -> Iterator[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield what a module defines at its top level, also below `if`, `try` and `with`."""
    waiting = [tree]
    while waiting:
        node = waiting.pop(0)
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                yield child
            elif isinstance(child, ast.stmt | ast.ExceptHandler):
                waiting.append(child)


def breaker_classes(tree: ast.AST) -> set[str]:
    """Return the names of the breaker classes that a module defines at its top level."""
    return {
        found.name
        for found in definitions(tree)
        if isinstance(found, ast.ClassDef) and _class_score(found) > 0
    }


def main_module(files: Sequence[SourceFile]) -> str | None:
    """Return the dotted name of the module that defines the breaker.

    The best-named class wins, among equals one that has a method to call through,
    then the first in order. A factory function counts less than a class, a name
    that is only imported least. Without any, it is the first implementation file;
    None where there is no file.
    """
    implementation = [file for file in files if file.role == "implementation"]
    if not implementation:
        return None
    best = max(implementation, key=_module_score)
    return paths.module(best.path)


def has_call(methods: set[str]) -> bool:
    """Tell whether there is one to call through among the names of a class's *methods*."""
    return bool(methods & _CALLS)


def _module_score(file: SourceFile) -> int:
    tree = parsing.tree(file.text)
    scores = [0]
    for found in definitions(tree):
        if isinstance(found, ast.ClassDef):
            scores.append(_class_score(found))
        elif found.name in _FACTORIES:
            scores.append(30)
    for node in tree.body:
        if isinstance(node, ast.ImportFrom):
            names = [alias.asname or alias.name for alias in node.names]
            scores.extend(_REEXPORT for name in names if is_breaker(name))
    return max(scores)


def _class_score(found: ast.ClassDef) -> int:
    score = _score(found.name)
    bases = {base.split("[")[0].split(".")[-1] for base in map(ast.unparse, found.bases)}
    if not score or any(base.endswith(("Error", "Exception", "Enum")) for base in bases):
        return 0
    methods = {node.name for node in definitions(found)}
    score += 15 if has_call(methods) else 0
    return max(1, score - (40 if bases & _ABSTRACT else 0))
