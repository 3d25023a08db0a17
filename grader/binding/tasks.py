"""Whether a breaker is for the tasks of one event loop alone, as its author uses it."""

import ast
from collections.abc import Iterator

from grader.answers import modules, parsing
from grader.binding.model import Binding
from grader.candidate import Candidate

_OF_THREADS = ("threading", "_thread", "concurrent", "multiprocessing")


def is_for_tasks_alone(binding: Binding, candidate: Candidate) -> bool:
    """Tell whether plain methods, which threads could call as well, are not meant for them.

    So it is where nothing in the answer knows of threads, and coroutines alone use these methods:
    what does not await in between needs no lock there.
    """
    names = {name for s in binding.surfaces for name in (s.name, s.allow) if name}
    bare = any(s.style not in {"permit", "context"} or not (s.name or s.allow)
               for s in binding.surfaces if s.mode == "sync")  # fmt: skip
    if not names or bare or modules.imported_of(_OF_THREADS, candidate):
        return False
    uses = [
        waits
        for file in candidate.files
        for called, waits in _calls(parsing.tree(file.text), waits=False)
        if called in names
    ]
    return bool(uses) and all(uses)


def _calls(node: ast.AST, *, waits: bool) -> Iterator[tuple[str, bool]]:
    """Yield the methods that are called, and whether a coroutine function does it."""
    for inner in ast.iter_child_nodes(node):
        if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute):
            yield inner.func.attr, waits
        function = isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        yield from _calls(
            inner, waits=isinstance(inner, ast.AsyncFunctionDef) if function else waits
        )
