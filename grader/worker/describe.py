"""Describes the candidate's API as scalars: names, signatures, kinds. Decides nothing."""

import dataclasses
import enum
import inspect
import json
import sys
import typing
from collections.abc import Callable
from typing import Any

from .wire import scalar, text

_MOST_MEMBERS = 400
_MOST_DATA = 60
# A message holds 64 KiB; a page is this, or the one member that is larger.
_PAGE_BYTES = 48 * 1024
_MOST_METHODS = 60


def describe_modules(owns: Callable[[str | None], bool], start: int = 0) -> dict[str, Any]:
    """Describe the classes and functions that the candidate defines, in order of definition.

    A library has more of them than fit in one message: `next` is where to go on, or None.
    """
    page: list[dict[str, Any]] = []
    size = 0
    members = _members(owns)
    for member in members[start:]:
        size += len(json.dumps(member))
        if page and size > _PAGE_BYTES:
            break
        page.append(member)
    end = start + len(page)
    return {"members": page, "next": end if end < len(members) else None}


def _members(owns: Callable[[str | None], bool]) -> list[dict[str, Any]]:
    members: list[dict[str, Any]] = []
    for module_name, module in list(sys.modules.items()):
        if not owns(module_name):
            continue
        for name, value in _named_once(vars(module)):
            # A private class may be the breaker, behind a public function that hands it out.
            private = name.startswith("_") and not inspect.isclass(value)
            if private or getattr(value, "__module__", None) != module_name:
                continue
            if inspect.isclass(value):
                members.append(_class(module_name, name, value, owns))
            elif inspect.isfunction(value):
                members.append(_function(module_name, name, value))
    return members[:_MOST_MEMBERS]


def _named_once(space: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return the entries of a module without further names for what has one for users already."""
    named: dict[tuple[int, bool], tuple[str, Any]] = {}
    for name, value in list(space.items()):
        named.setdefault((id(value), name.startswith("_")), (name, value))
    return list(named.values())


def _class(
    module: str, name: str, value: type, owns: Callable[[str | None], bool]
) -> dict[str, Any]:
    own_kinds = [kind for kind in value.__mro__ if owns(kind.__module__)]
    members: dict[str, Any] = {}
    for kind in reversed(own_kinds):
        members.update(vars(kind))
    return {
        "kind": "class",
        "module": module,
        "name": name,
        "error": issubclass(value, BaseException),
        "bases": [kind.__name__ for kind in value.__mro__[1:]],
        "enum": [m.name for m in value] if issubclass(value, enum.Enum) else [],
        "dataclass": dataclasses.is_dataclass(value),
        "parameters": _keys(value) if typing.is_typeddict(value) else _parameters(value),
        "methods": [
            m for k, v in list(members.items())[:_MOST_METHODS] if (m := _method(k, v)) is not None
        ],
        "attributes": [
            k
            for k, v in members.items()
            if not k.startswith("_") and (isinstance(v, property) or not callable(v))
        ],
    }


def _keys(value: type) -> list[dict[str, Any]]:
    """Return the keys of a dictionary class as what it is built with."""
    return [
        {
            "name": name,
            "kind": "keyword_only",
            "annotation": text(getattr(kind, "__name__", None) or kind)[:80],
            "required": False,
            "default": None,
        }
        for name, kind in value.__annotations__.items()
    ]


def _function(module: str, name: str, value: Any) -> dict[str, Any]:
    return {
        "kind": "function",
        "module": module,
        "name": name,
        "returns": _returns(value),
        "async": inspect.iscoroutinefunction(value),
        "generator": inspect.isgeneratorfunction(value) or inspect.isasyncgenfunction(value),
        "parameters": _parameters(value),
    }


_WELCOME_DUNDERS = {"__call__", "__enter__", "__aenter__"}


def _method(name: str, value: Any) -> dict[str, Any] | None:
    if name.startswith("_") and name not in _WELCOME_DUNDERS:
        return None
    bound = not isinstance(value, staticmethod)
    static = isinstance(value, (staticmethod, classmethod))
    if isinstance(value, (staticmethod, classmethod)):
        value = value.__func__
    if not inspect.isfunction(value):
        return None
    inner = inspect.unwrap(value)
    generator = inspect.isgeneratorfunction(inner) or inspect.isasyncgenfunction(inner)
    parameters = _parameters(value)
    return {
        "name": name,
        "static": static,
        "returns": _returns(value),
        "async": inspect.iscoroutinefunction(value),
        # A generator function that is wrapped is a context manager made by contextlib.
        "context": generator and inner is not value,
        "async_context": inspect.isasyncgenfunction(inner) and inner is not value,
        "generator": generator and inner is value,
        "parameters": parameters[1:] if bound else parameters,
    }


def _returns(value: Any) -> str:
    annotation = getattr(value, "__annotations__", {}).get("return", "")
    return text(annotation.__name__ if isinstance(annotation, type) else annotation)[:80]


def _parameters(value: Any) -> list[dict[str, Any]]:
    try:
        signature = inspect.signature(value)
    except (ValueError, TypeError):
        return []
    return [_parameter(p) for p in signature.parameters.values()]


def _parameter(parameter: inspect.Parameter) -> dict[str, Any]:
    empty = inspect.Parameter.empty
    annotation = parameter.annotation
    shown = "" if annotation is empty else getattr(annotation, "__name__", None) or annotation
    if annotation is not empty and not isinstance(annotation, type):
        shown = annotation
    described: dict[str, Any] = {
        "name": parameter.name,
        "kind": parameter.kind.name.lower(),
        "annotation": text(shown)[:80],
        "required": parameter.default is empty,
    }
    if parameter.default is not empty:
        described["default"] = _default(parameter.default)
    return described


def _default(value: Any) -> Any:
    if isinstance(value, type):
        return {"opaque": "type"}
    if isinstance(value, (tuple, list, set, frozenset)):
        return {"opaque": type(value).__name__}
    return scalar(value)


def describe_value(value: Any, owns: Callable[[str | None], bool]) -> dict[str, Any]:
    """Describe an object: its public data, name by name, and what can be asked without more."""
    found: dict[str, Any] = {}
    asked: list[str] = []
    for name in dir(value):
        if name.startswith("__"):
            continue
        try:
            entry = getattr(value, name)
        except Exception:  # noqa: BLE001, S112  a property that raises is no data
            continue
        kind = type(entry)
        # An object of the candidate's that can be called as well is data.
        if (
            callable(entry)
            and not isinstance(entry, (type, enum.Enum))
            and not owns(kind.__module__)
        ):
            if not name.startswith("_") and len(asked) < _MOST_DATA and _takes_nothing(entry):
                asked.append(name)
            continue
        found[name] = {
            "type": kind.__name__,
            "enum": isinstance(entry, enum.Enum),
            "own": owns(kind.__module__),
            "methods": [m for m in dir(entry) if not m.startswith("_")][:40]
            if owns(kind.__module__)
            else [],
        }
        if len(found) >= _MOST_DATA:
            break
    return {"type": type(value).__name__, "data": found, "methods": asked}


def _takes_nothing(entry: Any) -> bool:
    """Whether a function or method is a plain one that can be called without an argument."""
    inner = inspect.unwrap(entry)
    if inspect.iscoroutinefunction(inner) or inspect.isgeneratorfunction(inner):
        return False
    try:
        parameters = inspect.signature(entry).parameters.values()
    except (ValueError, TypeError):
        return False
    return inspect.isroutine(entry) and all(p.default is not p.empty for p in parameters)
