"""What a breaker keeps of its settings: plain values of its attributes, private ones too."""

import contextlib
import functools
import math
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .keyed import keeper
from .wire import number, scalar, text

_DEEPEST, _MOST_ENTRIES, _MOST_KEYS = 4, 400, 60
Owns = Callable[[str | None], bool]


def holdings(root: Any, owns: Owns) -> dict[str, Any]:
    """Return scalars by dotted path; durations in seconds, `nan` and `inf` as words.

    Looks into what the candidate's own classes made, mappings, and what functions close over.
    """
    found: dict[str, Any] = {}
    queue: list[tuple[str, Any, int]] = [("", keeper(root), 0)]
    seen: set[int] = set()
    while queue and len(found) < _MOST_ENTRIES:
        path, value, depth = queue.pop(0)
        if (plain := _plain(value)) is not None:
            found[path] = plain
        elif depth < _DEEPEST and id(value) not in seen:
            seen.add(id(value))
            entries = _entries(value, owns)
            queue += [(f"{path}.{k}" if path else k, v, depth + 1) for k, v in entries]
    return found


def _plain(value: Any) -> Any:
    if type(value) is float and not math.isfinite(value):
        return "nan" if math.isnan(value) else "inf"
    if type(value) in (int, bool, str):
        return scalar(value)
    return number(value)


def _entries(value: Any, owns: Owns) -> Iterator[tuple[str, Any]]:
    if isinstance(value, types.MethodType):
        yield "func", value.__func__
        yield "self", value.__self__
    elif isinstance(value, functools.partial):
        yield from {**value.keywords, "func": value.func}.items()
    elif isinstance(value, types.FunctionType):
        yield from _closed_over(value)
    elif isinstance(value, Mapping):
        yield from ((text(k), v) for k, v in list(value.items())[:_MOST_KEYS])
    elif owns(type(value).__module__):
        yield from _attributes(value)


def _closed_over(function: types.FunctionType) -> Iterator[tuple[str, Any]]:
    cells = function.__closure__ or ()
    for name, cell in zip(function.__code__.co_freevars, cells, strict=True):
        with contextlib.suppress(ValueError):  # not bound yet
            yield name, cell.cell_contents


def _attributes(value: Any) -> Iterator[tuple[str, Any]]:
    yield from getattr(value, "__dict__", {}).items()
    for kind in type(value).__mro__:
        for name, member in vars(kind).items():
            if isinstance(member, types.MemberDescriptorType) and hasattr(value, name):
                yield name, getattr(value, name)
    if isinstance(value, tuple):
        yield from zip(getattr(value, "_fields", ()), value, strict=False)
