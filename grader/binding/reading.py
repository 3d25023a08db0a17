"""What a source tells beyond signatures, such as that a parameter is stored and never read."""

import ast
from typing import Self

import msgspec

from grader.answers import parsing
from grader.binding.keywords import Keywords, Mappings, keywords_read, mappings_read
from grader.binding.stand_ins import fallbacks_read, inner_classes
from grader.binding.stubs import stubs_read
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
    stubs: frozenset[str] = frozenset()
    """Methods that are declared and do nothing, with their class."""
    makers: frozenset[str] = frozenset()
    """Methods of classes, as `Class.method`, of which the class itself is called nowhere."""
    defines: bool = True
    """There is a class or a function in it: what else could be a breaker?"""

    @classmethod
    def of(cls, candidate: Candidate) -> Self:
        """Read a candidate's implementation."""
        return cls(
            unread=unread_parameters(candidate),
            keywords=keywords_read(candidate),
            mappings=mappings_read(candidate),
            fallbacks=fallbacks_read(candidate),
            inner=inner_classes(candidate),
            stubs=stubs_read(candidate),
            makers=makers_read(candidate),
            defines=candidate.package is not None
            or any(
                isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
                for file in candidate.files
                for node in parsing.nodes(file.text)
            ),
        )


def makers_read(candidate: Candidate) -> frozenset[str]:
    """Return the methods of classes that are called, where no code calls the class."""
    called = {
        ast.unparse(node.func)
        for file in candidate.files
        for node in parsing.nodes(file.text)
        if isinstance(node, ast.Call)
    }
    methods = {name for name in called if name.count(".") == 1}
    return frozenset(name for name in methods if name.partition(".")[0] not in called)


def unread_parameters(candidate: Candidate) -> frozenset[str]:
    """Return names of `__init__` parameters that are stored on self and never looked at again.

    What is named by a text may be read by it: `getattr(self, "cap")`; and where an object's
    attributes are looked through as a whole, all of them are.
    """
    stored: dict[str, set[str]] = {}
    loaded: set[str] = set()
    used: set[str] = set()
    for file in candidate.files:
        if file.role != "implementation":
            continue
        nodes = parsing.nodes(file.text)
        if any(map(_looks_through, nodes)):
            return frozenset()
        loaded |= {
            n.attr for n in nodes if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Load)
        }
        loaded |= {
            n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)
        }
        for node in nodes:
            if isinstance(node, ast.FunctionDef) and node.name == "__init__":
                _note_stores(node, stored, used)
    return frozenset(
        name
        for name, attributes in stored.items()
        if name not in used and not (attributes & loaded)
    )


_THROUGH_ALL = frozenset({"vars", "asdict", "astuple", "fields", "attrgetter", "__dict__"})


def _looks_through(node: ast.AST) -> bool:
    """Whether code looks through the attributes of an object without naming each."""
    if isinstance(node, ast.Name):
        return node.id in _THROUGH_ALL
    return isinstance(node, ast.MatchClass) or (
        isinstance(node, ast.Attribute) and node.attr in _THROUGH_ALL
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
