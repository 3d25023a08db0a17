"""Methods that follow their class in a block of their own.

They may stand as far left as functions, as far right as in the class, or below its name again.
"""

import ast
import textwrap
from collections.abc import Iterator, Sequence

import msgspec

from grader.answers import cutting, parsing, version_words
from grader.answers.blocks import Part
from grader.answers.joining import ended
from grader.answers.text import lines

_Function = ast.FunctionDef | ast.AsyncFunctionDef


def with_methods(parts: Sequence[Part], part: Part) -> list[Part] | None:
    """Return the *parts* with the methods in *part* at the end of the class they belong to.

    That is the one that shares most of the attributes they use, of that name where the class
    statement is repeated above them. None where *part* is something else, or no class has any; or
    where the class has such a method already, which may be shown in part, unless the words before
    it say that it is a better one.
    """
    found = _methods(part)
    if found is None:
        return None
    place, host = _host(parts, found)
    words = version_words.words(part.block)
    if host is None or version_words.is_other(words):
        return None
    replacing = version_words.is_replacing(words) and not found.of
    if not replacing and found.names & _known(host):
        return None
    changed = list(parts)
    changed[place] = _into(parts[place], host, found.text)
    return changed


def is_excerpt(parts: Sequence[Part], part: Part) -> bool:
    """Tell whether *part* shows methods, inside of their class, that this has already."""
    found = _methods(part) if part.indented else None
    _, host = _host(parts, found) if found is not None else (0, None)
    return found is not None and host is not None and bool(found.names & _known(host))


class _Found(msgspec.Struct, frozen=True):
    """Methods that stand without their class, or below its name alone."""

    of: str
    """The class whose statement stands above them; empty for none."""
    text: str
    """As far left as functions."""
    names: frozenset[str]
    used: frozenset[str]
    """Attributes of `self`."""


def _methods(part: Part) -> _Found | None:
    """Return the methods, where a block has nothing else."""
    if part.indented:
        text = textwrap.dedent(part.text)
    elif part.broken:
        return None
    else:
        text = part.kept
    tree = parsing.tree(text) if cutting.cut(text).cut is None else ast.Module([], [])
    of, functions = "", tree.body
    if len(tree.body) == 1 and isinstance(tree.body[0], ast.ClassDef):
        of, functions = tree.body[0].name, tree.body[0].body
        text = _body(text, tree.body[0])
    added = [node for node in functions if isinstance(node, _Function)]
    known = {node.name for node in added}
    if not added or len(added) < len(functions) or not all(map(_is_method, added)):
        return None
    used = {name for method in added for name in _attributes(method)}
    return _Found(of, text, frozenset(known), frozenset(used))


def _body(text: str, found: ast.ClassDef) -> str:
    first = found.body[0]
    starts = [node.lineno for node in (first, *getattr(first, "decorator_list", ()))]
    return textwrap.dedent("".join(lines(text)[min(starts) - 1 : found.end_lineno]))


def _is_method(function: _Function) -> bool:
    """Whether it takes the object, or its class, or says that it takes neither."""
    arguments = [*function.args.posonlyargs, *function.args.args]
    static = any(ast.unparse(d) == "staticmethod" for d in function.decorator_list)
    return static or [arg.arg for arg in arguments[:1]] in (["self"], ["cls"])


def _host(parts: Sequence[Part], found: _Found) -> tuple[int, ast.ClassDef | None]:
    """Return the class that methods belong to, and in which of the parts it is."""
    hosts = [
        (len(found.used & set(_attributes(node))), -at, node)
        for at, host in enumerate(parts)
        if not host.broken
        for node in parsing.tree(host.kept).body
        if isinstance(node, ast.ClassDef) and found.of in ("", node.name)
    ]
    shared, place, host = max(hosts, key=lambda one: one[:2], default=(0, 0, None))
    return -place, host if shared else None


def _known(host: ast.ClassDef) -> set[str]:
    return {node.name for node in host.body if isinstance(node, _Function)}


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
