"""One file of a candidate, read for what its usage example sends and imports."""

import ast
import re
from functools import lru_cache

from grader.answers import parsing, paths, text
from grader.answers.cutting import OPEN_FENCE
from grader.candidate import SourceFile

CLIENTS = ("httpx", "aiohttp", "requests", "urllib3", "urllib.request", "http.client")
"""Modules that send requests."""

_WORD = re.compile(r"\w+")


class Source:
    """One file of the candidate, read."""

    def __init__(self, file: SourceFile) -> None:
        self.file = file
        self.module = paths.module(file.path)
        self.tree = parsing.tree(file.text)
        nodes = parsing.nodes(file.text)
        self.clients: set[str] = set()
        self.aliases: dict[str, str] = {}
        for node in nodes:
            if isinstance(node, ast.Import | ast.ImportFrom):
                self._imported(node)
        self.uses_client = any(
            isinstance(node, ast.Name) and node.id in self.aliases for node in nodes
        )
        self.left_out = self._left_out()
        """Where the file goes on to use a client, in code that cannot be read; in words."""
        self.guarded = any(is_guard(node) for node in self.tree.body)
        self.runs = self.guarded or any(acts(node) for node in self.tree.body)
        self.keys = [path for node in nodes if (path := _key_path(node))]

    def _left_out(self) -> str:
        cut = self.file.cut
        if cut is None:
            return ""
        rest = "".join(text.lines(self.file.delivered)[cut.kept_lines :])
        if not set(_WORD.findall(rest)) & set(self.aliases):
            return ""
        why = "which breaks off" if cut.reason == OPEN_FENCE else f"which {cut.reason}"
        return f"what follows line {cut.kept_lines} of {self.file.path}, {why}"

    def _imported(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            if isinstance(node, ast.Import):
                full, bound = alias.name, alias.asname or alias.name.split(".")[0]
            else:
                full = f"{node.module or ''}.{alias.name}"
                bound = alias.asname or alias.name
            client = next((c for c in CLIENTS if full == c or full.startswith(f"{c}.")), None)
            if client is not None:
                self.clients.add(client)
                self.aliases[bound] = client


@lru_cache(maxsize=64)
def read_source(file: SourceFile) -> Source:
    """Read one file, once for all who ask."""
    return Source(file)


def is_guard(node: ast.AST) -> bool:
    """Whether a statement holds what is run as a program alone."""
    return isinstance(node, ast.If) and "__name__" in ast.unparse(node.test)


def acts(node: ast.AST) -> bool:
    """Whether a statement at the top level does something when it is imported."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Call | ast.Await)
    return isinstance(node, ast.For | ast.While | ast.With | ast.Try) and any(
        isinstance(inner, ast.Call) for inner in ast.walk(node)
    )


def _key(node: ast.AST) -> str:
    key: ast.AST | None = None
    if isinstance(node, ast.Subscript):
        key = node.slice
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        key = node.args[0] if node.func.attr == "get" and node.args else None
    known = isinstance(key, ast.Constant) and isinstance(key.value, str)
    return key.value if known and key.value.isidentifier() else ""  # type: ignore[union-attr]


def _key_path(node: ast.AST) -> tuple[str, ...]:
    """Return `("main", "temp")` for `data["main"]["temp"]`."""
    key = _key(node)
    if not key:
        return ()
    inner = node.value if isinstance(node, ast.Subscript) else node.func.value  # type: ignore[attr-defined]
    while isinstance(inner, ast.Subscript) and isinstance(inner.slice, ast.Constant):
        if isinstance(inner.slice.value, str):
            break
        inner = inner.value
    return (*_key_path(inner), key)


@lru_cache(maxsize=2048)
def names(node: ast.AST) -> frozenset[str]:
    """Return the names and attributes that are mentioned anywhere in a piece of code.

    Among them are those in annotations that are written as texts.
    """
    found: set[str] = set()
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name):
            found.add(inner.id)
        elif isinstance(inner, ast.Attribute):
            found.add(inner.attr)
        elif isinstance(inner, ast.arg):
            found.add(inner.arg)
            if isinstance(inner.annotation, ast.Constant):
                found.update(_WORD.findall(str(inner.annotation.value)))
    return frozenset(found)
