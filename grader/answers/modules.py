"""The third-party modules a candidate imports."""

import ast
import enum
import sys
from collections.abc import Iterable, Iterator
from functools import lru_cache

import msgspec

from grader.answers import parsing
from grader.candidate import Candidate

HTTP_CLIENTS = frozenset({"httpx", "aiohttp", "requests", "urllib3"})
"""Modules that an example of wrapping an HTTP client imports."""


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """One name that an import statement mentions."""

    module: str
    """As written; empty for `from . import x`."""
    name: str = ""
    """What is taken from the module; empty for `import module`."""
    level: int = 0
    """Leading dots of a relative import."""

    @property
    def top(self) -> str:
        """The top-level module, empty for a relative import."""
        return "" if self.level else self.module.split(".")[0]

    def targets(self, path: str) -> Iterator[str]:
        """Yield the dotted modules that this may mean in the file at *path*."""
        above = path.split("/")[: -self.level] if self.level else []
        base = ".".join([*above, *filter(None, [self.module])])
        yield base
        yield f"{base}.{self.name}" if base else self.name


class Imports(msgspec.Struct, frozen=True, kw_only=True):
    """Top-level names of modules that belong neither to Python nor to the candidate."""

    required: frozenset[str]
    """Imported whenever the implementation is: without one of them it does not load."""
    optional: frozenset[str]
    """Imported inside a `try` or a function: code may get by without."""
    fallible: frozenset[str] = frozenset()
    """Those of them that are imported inside a `try` alone: code is prepared to get by without."""


def imports(candidate: Candidate, role: str = "implementation", path: str = "") -> Imports:
    """Return what the files of a *role* import, or the one at a *path* alone.

    `if TYPE_CHECKING:` does not count.
    """
    own = {file.path.split("/")[0].removesuffix(".py") for file in candidate.files}
    found: dict[_Needed, set[str]] = {needed: set() for needed in _Needed}
    for file in candidate.files:
        if file.path == path if path else file.role == role:
            for module, needed in _imported_by(file.text):
                found[needed].add(module)
    known = own | sys.stdlib_module_names
    required = found[_Needed.ALWAYS] - known
    optional = (found[_Needed.AT_CALLS] | found[_Needed.IF_THERE]) - known - required
    return Imports(
        required=frozenset(required),
        optional=frozenset(optional),
        fallible=frozenset(optional - found[_Needed.AT_CALLS]),
    )


def required(tree: ast.Module) -> set[str]:
    """Return the top-level modules outside the standard library that *tree* loads with."""
    return {top for top, guarded in _reached(tree) if not guarded} - sys.stdlib_module_names


def imported(nodes: Iterable[ast.AST]) -> Iterator[Imported]:
    """Yield what the import statements among *nodes* import, in order."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (Imported(module=alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield Imported(module=node.module or "", name=alias.name, level=node.level)


def imported_of(wanted: Iterable[str], candidate: Candidate) -> tuple[str, ...]:
    """Return those of some modules that any file of a candidate imports, however it writes that."""
    named = {
        f"{name}."
        for file in candidate.files
        for found in imported(parsing.nodes(file.text))
        for name in (found.module, f"{found.module}.{found.name}")
    }
    return tuple(m for m in wanted if any(name.startswith(f"{m}.") for name in named))


def imports_client(found: Iterable[Imported]) -> bool:
    """Tell whether an HTTP client is among what is imported."""
    return any(one.top in HTTP_CLIENTS for one in found)


class _Needed(enum.IntEnum):
    """When an import has to succeed."""

    ALWAYS = 0
    AT_CALLS = 1
    IF_THERE = 2


@lru_cache(maxsize=64)
def _imported_by(text: str) -> tuple[tuple[str, _Needed], ...]:
    return tuple(_reached(parsing.tree(text)))


def _reached(tree: ast.Module) -> Iterator[tuple[str, _Needed]]:
    """Yield each imported module with when it is needed."""
    waiting: list[tuple[ast.AST, _Needed]] = [(tree, _Needed.ALWAYS)]
    while waiting:
        node, needed = waiting.pop()
        for one in imported([node]):
            if one.top:
                yield one.top, needed
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting.extend((child, needed) for child in node.orelse)
            continue
        if isinstance(node, ast.Try | ast.TryStar):
            needed = _Needed.IF_THERE
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            needed = max(needed, _Needed.AT_CALLS)
        waiting.extend((child, needed) for child in ast.iter_child_nodes(node))
