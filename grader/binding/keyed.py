"""Breakers that keep many circuits, and are told with every call which one is meant."""

import msgspec

from grader.binding import vocabulary as v
from grader.binding.shape import ClassShape, MethodShape


def one_circuit_of(kind: ClassShape) -> tuple[ClassShape, tuple[str, ...]] | None:
    """Return the class as one of its circuits shows it, and what tells which; None if it has one.

    `allow(key)`, `record_success(key)` and `state(key)` are seen as without their first parameter.
    """
    keys = {method.parameters[0].name for method in kind.methods if _asks(method)}
    if not keys:
        return None
    methods = tuple(
        msgspec.structs.replace(m, parameters=m.parameters[1:]) if _asks(m) else m
        for m in kind.methods
    )
    return msgspec.structs.replace(kind, methods=methods), tuple(sorted(keys))


def is_told_which(method: MethodShape) -> bool:
    """Whether a method takes what tells the circuit before the function: `call(key, function)`."""
    second = method.parameters[1] if len(method.parameters) > 1 else None
    return second is not None and not second.variadic and second.required and _asks(method)


def _asks(method: MethodShape) -> bool:
    first = method.parameters[0] if method.parameters else None
    return (
        first is not None
        and not method.static
        and first.kind in {"positional_only", "positional_or_keyword"}
        and v.match(first.name, v.KEYS) is not None
    )
