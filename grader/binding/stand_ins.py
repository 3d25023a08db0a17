"""Which classes others of a candidate build: for themselves, or where nothing is given."""

import ast
import re
from collections.abc import Iterator

import msgspec

from grader.answers import parsing
from grader.binding.shape import Shape
from grader.candidate import Candidate


def inner_classes(candidate: Candidate) -> frozenset[str]:
    """Return the names of all that is called in a class and may be another one, which it builds."""
    found: set[str] = set()
    for kind in _classes(candidate):
        calls = (node for node in ast.walk(kind) if isinstance(node, ast.Call))
        found |= {c.func.id for c in calls if isinstance(c.func, ast.Name)} - {kind.name}
    return frozenset(found)


def _classes(candidate: Candidate) -> Iterator[ast.ClassDef]:
    for file in candidate.files:
        if file.role == "implementation":
            yield from (n for n in parsing.tree(file.text).body if isinstance(n, ast.ClassDef))


def fallbacks_read(candidate: Candidate) -> dict[str, dict[str, str]]:
    """Return what constructors build where nothing is given, as in `policy or Policy()`."""
    found: dict[str, dict[str, str]] = {}
    for kind in _classes(candidate):
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
    raised = {n.exc.func for n in parts if isinstance(n, ast.Raise) and isinstance(n.exc, ast.Call)}
    errors = {func.id for func in raised if isinstance(func, ast.Name)}
    classes = [name for name in built if name[:1].isupper() and name not in errors]
    if len(names) == 1 and len(classes) == 1:
        yield names.pop(), classes[0]


_WORDS = re.compile(r"\w+")
_SEVERAL, _TIMES = {"Iterable", "Sequence", "Iterator"}, {"float", "int", "timedelta"}


def _tells_no_class(annotation: str) -> bool:
    """Whether it is none, or just says that times come one after the other, whatever gives them."""
    words = set(_WORDS.findall(annotation))
    return not words or bool(words & _SEVERAL and words & _TIMES)


def with_fallbacks(shape: Shape, fallbacks: dict[str, dict[str, str]]) -> Shape:
    """Return the shape with those classes where an annotation tells none of the candidate's."""
    return tuple(
        msgspec.structs.replace(
            member,
            parameters=tuple(
                msgspec.structs.replace(p, annotation=fallbacks[member.name][p.name])
                if _tells_no_class(p.annotation) and p.name in fallbacks[member.name]
                else p
                for p in member.parameters
            ),
        )
        if member.name in fallbacks
        else member
        for member in shape
    )
