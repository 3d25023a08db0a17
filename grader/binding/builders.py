"""Builders: `CircuitBreaker.builder().failure_threshold(3).build()`."""

import re
from collections.abc import Iterator

import msgspec

from grader.binding import vocabulary as v
from grader.binding.construct import method_constructor
from grader.binding.kinds import kind_of, spare_kind
from grader.binding.model import Argument, Constructor
from grader.binding.shape import ClassShape, FunctionShape, MethodShape, ParameterShape, Shape
from grader.binding.targets import product

_BUILDER = re.compile(r"builder", re.IGNORECASE)
_PREFIX = re.compile(r"^(with|set|use|and|trip|open)_")

Found = tuple[Constructor, ClassShape]
"""How a breaker is come by, and its class."""


def builders(shape: Shape, unread: frozenset[str]) -> Iterator[Found]:
    """Yield the builders of breakers."""
    for member in shape:
        if not isinstance(member, ClassShape) or not _BUILDER.search(member.name):
            continue
        end = _end(member)
        made = _built(end, member, shape) if end is not None else None
        if end is None or made is None:
            continue
        begin = _begun_by(made)
        own = method_constructor(_itself(member), member.path, shape, unread)
        yield (
            Constructor(
                call=begin or member.path,
                arguments=tuple(_setters(member, end)),
                finish=end.name,
                on=own if own.arguments and not begin else None,
            ),
            made,
        )


def _end(builder: ClassShape) -> MethodShape | None:
    """Return the method that gives what was built."""
    ends = [
        (rank, m)
        for m in builder.methods
        if m.takes_nothing and (rank := v.match(m.name, v.BUILDERS)) is not None
    ]
    return min(ends, key=lambda entry: entry[0])[1] if ends else None


def _built(end: MethodShape, builder: ClassShape, shape: Shape) -> ClassShape | None:
    """Return the class of what is built: whatever it is called, if the method says which."""
    words = set(re.findall(r"\w+", end.returns))
    told = (m for m in shape if isinstance(m, ClassShape) and m.name in words and m != builder)
    return next(told, None) or product(end, shape, builder)


def _begun_by(made: ClassShape) -> str:
    """Return the method of a breaker's class that gives a builder; empty where there is none."""
    named = (m.name for m in made.methods if m.static and m.takes_nothing)
    return next((f"{made.path}.{name}" for name in named if "builder" in name.lower()), "")


def _itself(builder: ClassShape) -> FunctionShape:
    """Return what makes the builder: fields of its own are not for its users to set."""
    return FunctionShape(
        module=builder.module,
        name=builder.name,
        is_async=False,
        generator=False,
        parameters=tuple(p for p in builder.parameters if p.required or not p.name.startswith("_")),
    )


def _setters(builder: ClassShape, end: MethodShape) -> Iterator[Argument]:
    """Yield a builder's methods that set something, or may."""
    taken: set[str] = set()
    for method in builder.methods:
        parameters = [p for p in method.parameters if p.kind != "var_keyword"]
        if method.static or method == end or not parameters:
            continue
        several = len(parameters) > 1
        arguments = [
            _argument(method, p, taken, alone=not several, first=p is parameters[0])
            for p in parameters
        ]
        known = tuple(a for a in arguments if a is not None)
        unknown = [a is None or (several and a.concept is None) for a in arguments]
        if any(p.required for p, is_so in zip(parameters, unknown, strict=True) if is_so):
            continue  # what it wants is not known
        if len(parameters) == 1 and known:
            yield msgspec.structs.replace(known[0], name=method.name, positional=True)
        elif known and len(parameters) > 1:
            call = Constructor(call=method.name, arguments=known)
            yield Argument(name=method.name, nested=call, spare=not call.concepts)


def _argument(
    method: MethodShape,
    parameter: ParameterShape,
    taken: set[str],
    *,
    alone: bool,
    first: bool,
) -> Argument | None:
    names = (method.name, _PREFIX.sub("", method.name)) if alone else (parameter.name,)
    # `back_off(start)` sets what `start_back_off` or `back_off_start` would.
    together = (f"{method.name}_{parameter.name}", f"{parameter.name}_{method.name}")
    concept = _concept((*names, *together), taken)
    if concept is None and not parameter.variadic:
        concept = _concept((parameter.name,), taken)
    if concept is None and first and parameter.required and not alone:
        concept = _concept((method.name, _PREFIX.sub("", method.name)), taken)
    shown = msgspec.structs.replace(parameter, name=_with_unit(method.name, parameter.name))
    if concept is not None:
        taken.add(concept)
        return Argument(name=parameter.name, concept=concept, kind=kind_of(shown, concept))
    kind = spare_kind(shown)
    return Argument(name=parameter.name, kind=kind, spare=True) if kind else None


def _concept(names: tuple[str, ...], taken: set[str]) -> str | None:
    """Return what is set under one of these names and by no other method."""
    for name in names:
        for concept, words in v.PARAMETERS.items():
            if concept not in taken and v.match(name, words) is not None:
                return concept
    guesses = (v.resembles(name) for name in names)
    return next((guess for guess in guesses if guess is not None and guess not in taken), None)


def _with_unit(method: str, parameter: str) -> str:
    """Return whichever of the two names tells the unit."""
    return parameter if v.unit(method) == 1 and v.unit(parameter) != 1 else method
