"""Ways of making a call that only signatures tell, where names say nothing."""

import re
from collections.abc import Iterator

from grader.binding import vocabulary as v
from grader.binding.keyed import asks
from grader.binding.listening import listens
from grader.binding.model import Surface
from grader.binding.shape import ClassShape, FunctionShape, MethodShape, ParameterShape, Shape
from grader.binding.targets import is_set_up

_PLAIN = frozenset(
    "str int float bool bytes dict list tuple set mapping sequence iterable exception baseexception"
    " request response url path".split()
)
# What a function that takes nothing is called besides `FUNCTIONS`.
_THUNKS = frozenset({"thunk", "work", "job", "task", "load", "block", "supplier", "body", "what"})
_MOST = 3
"""So many classes are worth a trial."""
_LEAST_NUMBERS = 2


def unlisted_classes(shape: Shape, inner: frozenset[str]) -> list[ClassShape]:
    """Return the classes that something can be called through, whatever they are called.

    Those that others of the candidate build, `inner`, or derive from come late, and last those
    whose names say that they are something beside a breaker.
    """
    inner |= {base for m in shape if isinstance(m, ClassShape) for base in m.bases}
    found = [
        member
        for member in shape
        if isinstance(member, ClassShape)
        and not (member.error or member.enum or member.dataclass or member.name.startswith("_"))
        and any(s.style == "call" and not s.closed for s in surfaces_by_signature(member, shape))
    ]
    found.sort(key=lambda kind: (v.says_other_role(kind.name), kind.name in inner))
    return found[:_MOST]


def set_up_classes(shape: Shape) -> list[ClassShape]:
    """Return the public classes that take settings, those of names of other roles last."""
    found = [
        member
        for member in shape
        if isinstance(member, ClassShape)
        and not (member.error or member.enum or member.name.startswith("_"))
        and is_set_up(member, shape, _LEAST_NUMBERS)
    ]
    return sorted(found, key=lambda kind: v.says_other_role(kind.name))


def surfaces_by_signature(kind: ClassShape, shape: Shape) -> Iterator[Surface]:
    """Yield what a class may be called through: by whatever takes a function and its arguments."""
    public = [m for m in kind.methods if not (m.static or m.generator or asks(m))]
    yield from _calls(public)
    yield from sorted(_beside(kind, shape), key=lambda surface: surface.mode != "async")
    yield from _contexts(public, shape)
    for method in public:
        if _decorates(method):
            name = "" if method.name == "__call__" else method.name
            for mode in ("async", "sync"):
                yield Surface(style="decorate", mode=mode, name=name)


def _calls(methods: list[MethodShape]) -> Iterator[Surface]:
    """Yield the methods that take a function with its arguments, then those that take it alone."""
    handing_on = [m for m in methods if _hands_on(m)]
    alone = [m for m in methods if _is_handed_one(m) and m.name != "__call__"]
    alone = [m for m in alone if not listens(m.name)]
    for found in (handing_on, alone):
        for method in sorted(found, key=lambda m: not m.is_async):
            for mode in ("async",) if method.is_async else ("async", "sync"):
                yield Surface(style="call", mode=mode, name=method.name, closed=found is alone)


def _contexts(methods: list[MethodShape], shape: Shape) -> Iterator[Surface]:
    """Yield the methods that say they give a context manager."""
    for method in methods:
        if method.name.startswith("__") or not method.takes_nothing:
            continue
        plain, awaited = _enters(method, shape)
        if awaited:
            yield Surface(style="context", mode="async", name=method.name, parentheses=True)
        if plain:
            yield Surface(style="context", mode="sync", name=method.name, parentheses=True)
            yield Surface(
                style="context", mode="async", name=method.name, parentheses=True, plain=True
            )


def _beside(kind: ClassShape, shape: Shape) -> Iterator[Surface]:
    """Yield the functions that take one of a class, a function and what that takes."""
    for member in shape:
        if not isinstance(member, FunctionShape) or member.generator or not member.parameters:
            continue
        first, *rest = member.parameters
        words = set(re.findall(r"\w+", first.annotation))
        if kind.name not in words and v.normal(first.name) != kind.name.lower():
            continue
        method = MethodShape(
            name=member.path,
            is_async=member.is_async,
            context=False,
            async_context=False,
            generator=False,
            parameters=tuple(rest),
        )
        if rest and _hands_on(method):
            for mode in ("async",) if member.is_async else ("async", "sync"):
                yield Surface(style="call", mode=mode, name=member.path)


def _hands_on(method: MethodShape) -> bool:
    """Whether a method takes a function and, in any number, what that takes."""
    if method.context or method.async_context or not (method.takes_function and _rest(method)):
        return False
    first, *others = (p for p in method.parameters if not p.variadic)
    return _may_be_function(first) and not any(p.required for p in others)


def _rest(method: MethodShape) -> bool:
    first = method.parameters[0]
    keywords = any(p.kind == "var_keyword" for p in method.parameters)
    return not first.variadic and first.required and method.passes_arguments and keywords


def _decorates(method: MethodShape) -> bool:
    """Whether a method takes a function alone."""
    return not method.is_async and _is_handed_one(method) and not listens(method.name)


def _is_handed_one(method: MethodShape) -> bool:
    """Whether a method takes a function and nothing for it."""
    if method.context or method.async_context or len(method.parameters) != 1:
        return False
    (only,) = method.parameters
    told = v.normal(only.name) in v.FUNCTIONS | _THUNKS or "callable" in only.annotation.lower()
    given = method.takes_function and only.required and not only.variadic
    return given and told and _may_be_function(only)


def _may_be_function(parameter: ParameterShape) -> bool:
    words = set(re.findall(r"\w+", parameter.annotation.lower()))
    return "callable" in words or not words & _PLAIN


def _enters(method: MethodShape, shape: Shape) -> tuple[bool, bool]:
    """Return whether what a method gives is a context manager, and an asynchronous one."""
    words = set(re.findall(r"\w+", method.returns))
    given = {
        m.name
        for member in shape
        if isinstance(member, ClassShape) and member.name in words
        for m in member.methods
    }
    return (method.context or "__enter__" in given), (method.async_context or "__aenter__" in given)
