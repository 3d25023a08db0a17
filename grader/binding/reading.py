"""Which parameters a source really reads: one that is only stored sets nothing."""

import ast
from collections.abc import Iterator
from typing import Self

import msgspec

from grader.answers import parsing
from grader.binding.keywords import Keywords, Mappings, keywords_read, mappings_read
from grader.binding.shape import Shape
from grader.candidate import Candidate


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What a source tells of its constructors beyond their signatures."""

    unread: frozenset[str] = frozenset()
    """Parameters that are stored and never looked at."""
    keywords: Keywords = {}
    """What is looked up in `**settings`."""
    mappings: Mappings = {}
    """What is looked up in a mapping that is given."""
    fallbacks: dict[str, dict[str, str]] = {}
    """The class that stands in for a parameter which is not given, by owner and parameter."""

    inner: frozenset[str] = frozenset()
    """Classes that other classes build for themselves."""

    @classmethod
    def of(cls, candidate: Candidate) -> Self:
        """Read a candidate's implementation."""
        return cls(
            unread=unread_parameters(candidate),
            keywords=keywords_read(candidate),
            mappings=mappings_read(candidate),
            fallbacks=fallbacks_read(candidate),
            inner=inner_classes(candidate),
        )


def inner_classes(candidate: Candidate) -> frozenset[str]:
    """Return the names of what is called in a class and is called like another class."""
    found: set[str] = set()
    for file in candidate.files:
        if file.role == "implementation":
            for kind in parsing.tree(file.text).body:
                calls = (n for n in ast.walk(kind) if isinstance(n, ast.Call))
                if isinstance(kind, ast.ClassDef):
                    found |= {n.func.id for n in calls if isinstance(n.func, ast.Name)} - {
                        kind.name
                    }
    return frozenset(found)


def fallbacks_read(candidate: Candidate) -> dict[str, dict[str, str]]:
    """Return what constructors build where nothing is given, as in `policy or Policy()`."""
    found: dict[str, dict[str, str]] = {}
    for file in candidate.files:
        if file.role != "implementation":
            continue
        for kind in (n for n in parsing.tree(file.text).body if isinstance(n, ast.ClassDef)):
            makers = (n for n in kind.body if isinstance(n, ast.FunctionDef))
            for maker in (n for n in makers if n.name == "__init__"):
                taken = {a.arg for a in (*maker.args.args, *maker.args.kwonlyargs)}
                built = {p: name for node in ast.walk(maker) for p, name in _stands_in(node, taken)}
                if built:
                    found[kind.name] = built
    return found


def _stands_in(node: ast.AST, parameters: set[str]) -> Iterator[tuple[str, str]]:
    """Yield parameter and class where an expression builds what was not given."""
    if not isinstance(node, ast.IfExp | ast.BoolOp | ast.If):
        return
    parts = list(ast.walk(node))
    built = [n.func.id for n in parts if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)]
    names = {n.id for n in parts if isinstance(n, ast.Name)} & parameters
    classes = [name for name in built if name[:1].isupper()]
    if len(names) == 1 and len(classes) == 1:
        yield names.pop(), classes[0]


def with_fallbacks(shape: Shape, fallbacks: dict[str, dict[str, str]]) -> Shape:
    """Return the shape with those classes where an annotation tells none."""
    return tuple(
        msgspec.structs.replace(
            member,
            parameters=tuple(
                msgspec.structs.replace(p, annotation=fallbacks[member.name][p.name])
                if not p.annotation and p.name in fallbacks[member.name]
                else p
                for p in member.parameters
            ),
        )
        if member.name in fallbacks
        else member
        for member in shape
    )


def unread_parameters(candidate: Candidate) -> frozenset[str]:
    """Return names of `__init__` parameters that are stored on self and never looked at again."""
    stored: dict[str, set[str]] = {}
    loaded: set[str] = set()
    used: set[str] = set()
    for file in candidate.files:
        if file.role != "implementation":
            continue
        tree = parsing.tree(file.text)
        loaded |= {
            n.attr
            for n in ast.walk(tree)
            if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Load)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.name == "__init__":
                _note_stores(node, stored, used)
    return frozenset(
        name
        for name, attributes in stored.items()
        if name not in used and not (attributes & loaded)
    )


def _note_stores(function: ast.FunctionDef, stored: dict[str, set[str]], used: set[str]) -> None:
    """Note which parameters are plainly stored, and which are used in any other way."""
    parameters = {a.arg for a in (*function.args.args, *function.args.kwonlyargs)} - {"self"}
    plain: set[ast.Name] = set()
    for node in ast.walk(function):
        for target, value in _assignments(node):
            if (
                isinstance(target, ast.Attribute)
                and isinstance(value, ast.Name)
                and value.id in parameters
            ):
                stored.setdefault(value.id, set()).add(target.attr)
                plain.add(value)
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node not in plain:
            used.add(node.id)


def _assignments(node: ast.AST) -> list[tuple[ast.expr, ast.expr | None]]:
    if isinstance(node, ast.AnnAssign):
        return [(node.target, node.value)]
    if not isinstance(node, ast.Assign):
        return []
    pairs: list[tuple[ast.expr, ast.expr | None]] = []
    for target in node.targets:
        if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
            pairs.extend(zip(target.elts, node.value.elts, strict=False))
        else:
            pairs.append((target, node.value))
    return pairs
