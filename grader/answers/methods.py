"""Methods that follow their class in a block of their own, written as far left as functions."""

import ast
import textwrap
from collections.abc import Iterator, Sequence

import msgspec

from grader.answers import parsing, version_words
from grader.answers.blocks import Part
from grader.answers.joining import ended
from grader.answers.text import lines

_Function = ast.FunctionDef | ast.AsyncFunctionDef


def with_methods(parts: Sequence[Part], part: Part) -> list[Part] | None:
    """Return the *parts* with the methods in *part* at the end of the class they belong to.

    That is the one that shares most of the attributes they use. None where *part* is something
    else, or no class has any; or where the class has such a method already, which may be shown
    in part, unless the words before it say that it is a better one.
    """
    added = [] if part.broken else _loose(parsing.tree(part.kept))
    if not added:
        return None
    used = {name for method in added for name in _attributes(method)}
    hosts = [
        (len(used & set(_attributes(found))), -at, found)
        for at, host in enumerate(parts)
        if not host.broken
        for found in parsing.tree(host.kept).body
        if isinstance(found, ast.ClassDef)
    ]
    shared, place, host = max(hosts, key=lambda one: one[:2], default=(0, 0, None))
    if host is None or not shared:
        return None
    known = {node.name for node in host.body if isinstance(node, _Function)}
    words = version_words.words(part.block)
    fresh = not known & part.defines or version_words.is_replacing(words)
    if not fresh or version_words.is_other(words):
        return None
    changed = list(parts)
    changed[-place] = _into(parts[-place], host, part.text)
    return changed


def _loose(tree: ast.Module) -> list[_Function]:
    """Return the functions of a text that has nothing but methods; else none."""
    found = [node for node in tree.body if isinstance(node, _Function)]
    of_self = all([arg.arg for arg in node.args.args[:1]] == ["self"] for node in found)
    return found if of_self and len(found) == len(tree.body) else []


def _attributes(tree: ast.AST) -> Iterator[str]:
    """Yield the attributes of `self` that are used, and the methods that are defined."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.value.id == "self":
                yield node.attr
        elif isinstance(node, _Function) and isinstance(tree, ast.ClassDef):
            yield node.name


def _into(part: Part, host: ast.ClassDef, methods: str) -> Part:
    whole = lines(part.text)
    end = host.end_lineno or len(whole)
    indent = " " * host.body[0].col_offset
    added = textwrap.indent(ended(methods), indent)
    text = "".join([*map(ended, whole[:end]), "\n", added, *whole[end:]])
    return msgspec.structs.replace(part, text=text, kept=text)
