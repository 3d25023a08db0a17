"""Breakers that keep many circuits, and are told with every call which one is meant."""

import msgspec

from grader.binding import vocabulary as v
from grader.binding.shape import ClassShape, MethodShape


def one_circuit_of(kind: ClassShape) -> tuple[ClassShape, tuple[str, ...]] | None:
    """Return the class as one of its circuits shows it, and what tells which; None if it has one.

    `allow(key)`, `record_success(key)` and `state(key)` are seen as without their first parameter.
    """
    keys = {method.parameters[0].name for method in kind.methods if asks(method)}
    if not keys:
        return None
    methods = tuple(
        msgspec.structs.replace(m, parameters=m.parameters[1:]) if asks(m) else m
        for m in kind.methods
    )
    return msgspec.structs.replace(kind, methods=methods), tuple(sorted(keys))


def asks(method: MethodShape) -> bool:
    """Whether the first thing that a method takes tells which circuit is meant."""
    first = method.parameters[0] if method.parameters else None
    return (
        first is not None
        and not method.static
        and first.kind in {"positional_only", "positional_or_keyword"}
        and v.match(first.name, v.KEYS) is not None
    )
