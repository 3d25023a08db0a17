"""Imports the candidate, from its folder or installed; notes when a cut-off function runs."""

import ast
import builtins
import importlib.machinery
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

_MARK = "__cut_off_here__"


class Sources:
    """The candidate's files, compiled once and imported in every worker."""

    def __init__(self, folder: str, cuts: dict[str, str], *, package: str | None = None) -> None:
        self._package = package
        self.folder = Path(folder).resolve()
        self._within = f"{self.folder}/"
        self._code: dict[str, types.CodeType] = {}
        for path in sorted(self.folder.rglob("*.py")):
            relative = path.relative_to(self.folder).as_posix()
            try:
                tree = ast.parse(path.read_bytes(), filename=relative)
                if relative in cuts:
                    _mark(tree, cuts[relative].split("."))
                self._code[str(path)] = compile(tree, str(path), "exec", dont_inherit=True)
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                continue  # imported the usual way, it raises the usual error

    def install(self, on_cut: Callable[[], None]) -> None:
        """Put the folder on the import path; `on_cut` is told when a cut function runs."""
        setattr(builtins, _MARK, on_cut)
        code = self._code

        class Loader(importlib.machinery.SourceFileLoader):
            def get_code(self, fullname: str) -> types.CodeType | None:
                return code.get(self.path) or super().get_code(fullname)

        hook = importlib.machinery.FileFinder.path_hook((Loader, [".py"]))

        def only_here(path: str) -> Any:
            if not Path(path).resolve().is_relative_to(self.folder):
                raise ImportError
            return hook(path)

        sys.path_hooks.insert(0, only_here)
        sys.path.insert(0, str(self.folder))
        sys.path_importer_cache.pop(str(self.folder), None)

    def owns(self, module: str | None) -> bool:
        """Whether a module is the candidate's: from its folder, or of the package that it is."""
        if self._package is not None and module is not None:
            return f"{module}.".startswith(f"{self._package}.")
        found = sys.modules.get(module or "")
        file = getattr(found, "__file__", None)
        return isinstance(file, str) and str.startswith(file, self._within)


def _mark(tree: ast.Module, qualified_name: list[str]) -> None:
    body: list[ast.stmt] = tree.body
    node: ast.AST | None = None
    for name in qualified_name:
        found = [n for n in body if getattr(n, "name", None) == name]
        if not found:
            return
        node = found[-1]
        body = getattr(node, "body", [])
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        mark = ast.Expr(ast.Call(ast.Name(_MARK, ast.Load()), [], []))
        at = 1 if ast.get_docstring(node) is not None else 0
        node.body.insert(at, ast.fix_missing_locations(ast.copy_location(mark, node.body[0])))
