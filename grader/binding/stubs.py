"""Methods that are declared and do nothing: what an answer leaves for its reader to write."""

import ast
from collections.abc import Iterator

from grader.answers import parsing
from grader.binding.discover import Proposal
from grader.binding.model import Surface
from grader.candidate import Candidate

_ABSTRACT = frozenset({"ABC", "Protocol"})
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def stubs_read(candidate: Candidate) -> frozenset[str]:
    """Return `Class.method` of every stub of an implementation's concrete classes."""
    return frozenset(
        f"{kind.name}.{method.name}"
        for file in candidate.files
        if file.role == "implementation"
        for kind in parsing.nodes(file.text)
        if isinstance(kind, ast.ClassDef) and not _ABSTRACT & set(_names(kind.bases))
        for method in kind.body
        if isinstance(method, _FUNCTIONS) and all(map(_does_nothing, method.body))
    )


def is_stub(proposal: Proposal, stubs: frozenset[str]) -> bool:
    """Whether every way of calling a proposed breaker is a stub."""
    kind = proposal.constructor.call.rpartition(":")[2]
    return bool(proposal.surfaces) and all(
        any(f"{kind}.{name}" in stubs for name in _methods(surface))
        for surface in proposal.surfaces
    )


def _methods(surface: Surface) -> tuple[str, ...]:
    if surface.allow or surface.name:
        return (surface.allow or surface.name,)
    return ("__aenter__", "__enter__") if surface.style == "context" else ("__call__",)


def _names(bases: list[ast.expr]) -> Iterator[str]:
    for base in bases:
        yield ast.unparse(base).partition("[")[0].rpartition(".")[2]


def _does_nothing(statement: ast.stmt) -> bool:
    """Whether it is a docstring, `...`, `pass` or `raise NotImplementedError`."""
    if isinstance(statement, ast.Raise):
        raised = statement.exc.func if isinstance(statement.exc, ast.Call) else statement.exc
        return isinstance(raised, ast.Name) and raised.id == "NotImplementedError"
    return isinstance(statement, ast.Pass) or (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    )
