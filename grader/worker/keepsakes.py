"""What a breaker handed out, kept to be looked at again later, or spoilt."""

import contextlib
import dataclasses
import json
from collections.abc import MutableMapping
from typing import Any

from . import surfaces
from .wire import flatten

_DEEPEST = 3
_MUCH = 1_000


class Keepsakes:
    """Objects that accessors gave, by name."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[Any, Any]] = {}
        """What was kept, and the breaker that it is about."""

    async def keep(self, name: str, target: Any, path: list[str]) -> dict[str, Any]:
        """Keep what an accessor leads to; tell what it is."""
        value, called = target, False
        for part in path:
            value, called = surfaces.asked(value, part, target)
            value = await surfaces.settle(value)
        self._kept[name] = (value, target)
        return {"method": called, "json": _is_json(value), "said": flatten(value, target)}

    def look(self, name: str) -> dict[str, Any]:
        """Return what a kept object says now, flattened to scalars."""
        return flatten(*self._kept[name])

    def spoil(self, name: str) -> None:
        """Write into a kept object whatever it lets itself be told."""
        _spoil(self._kept[name][0], 0)


def _is_json(value: Any) -> bool:
    try:
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            value = dataclasses.asdict(value)
        json.dumps(value)
    except Exception:  # noqa: BLE001  whatever a candidate's object raises
        return False
    return True


def _spoil(value: Any, depth: int) -> None:
    if depth > _DEEPEST:
        return
    if isinstance(value, MutableMapping):
        for key, entry in list(value.items()):
            if _is_number(entry):
                with contextlib.suppress(Exception):
                    value[key] = entry + _MUCH
            else:
                _spoil(entry, depth + 1)
    elif isinstance(value, list):
        with contextlib.suppress(Exception):
            value.clear()
    elif type(value).__module__ != "builtins":
        _spoil_attributes(value, depth)


def _spoil_attributes(value: Any, depth: int) -> None:
    names = [*getattr(value, "__dict__", {}), *getattr(type(value), "__slots__", ())]
    for name in names:
        if name.startswith("_"):
            continue
        with contextlib.suppress(Exception):
            entry = getattr(value, name)
            if _is_number(entry):
                setattr(value, name, entry + _MUCH)
            elif isinstance(entry, (MutableMapping, list)):
                _spoil(entry, depth + 1)


def _is_number(value: object) -> bool:
    return type(value) in (int, float)
