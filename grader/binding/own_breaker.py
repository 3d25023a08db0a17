"""Finds the breaker that an example makes for what it shows, with the settings of its author."""

import ast
from collections.abc import Iterable, Iterator
from typing import Any

from grader.binding.example_names import is_program
from grader.binding.example_source import Source, is_guard, names
from grader.binding.extracts import Locals

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def own_breaker(sources: Iterable[Source], breaker: str) -> dict[str, Any] | None:
    """Return the expression of the first breaker that the examples make; None for none.

    `breaker` is the class, or what else makes one. A function that returns one makes one too.
    """
    for source in sources:
        makers = {breaker, *_makers(source.tree, breaker)}
        if (name := _made(Locals(_imported(source.tree)), makers)) is not None:
            return {"$own": name, "module": source.module, "source": ""}
        for body in _programs(source.tree):
            local = Locals(body)
            if (name := _made(local, makers)) is not None:
                return {
                    "$own": name,
                    "module": source.module,
                    "source": "\n".join(local.making({name})),
                }
    return None


def _imported(tree: ast.Module) -> ast.Module:
    """Return what of a module is run when it is imported."""
    return ast.Module([node for node in tree.body if not is_guard(node)], type_ignores=[])


def _makers(tree: ast.Module, breaker: str) -> Iterator[str]:
    """Yield the functions that return a breaker that they make."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and any(
            isinstance(inner, ast.Return) and _calls(inner.value, {breaker})
            for inner in ast.walk(node)
        ):
            yield node.name


def _made(local: Locals, makers: set[str]) -> str | None:
    """Return the name of the first value that one of the makers makes, if any."""
    return next(
        (name for name, node in local.made.items() if _calls(getattr(node, "value", None), makers)),
        None,
    )


def _calls(node: ast.AST | None, makers: set[str]) -> bool:
    """Whether it is a call of a maker itself, or of a method of it: `Breaker.with_defaults()`."""
    return isinstance(node, ast.Call) and bool(names(node.func) & makers)


def _programs(tree: ast.Module) -> Iterator[ast.AST]:
    functions = [node for node in tree.body if isinstance(node, _FUNCTIONS)]
    yield from (function for function in functions if is_program(function))
    yield from (node for node in tree.body if is_guard(node))
