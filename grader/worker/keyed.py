"""One circuit of an object that keeps many: `breaker.allow("x")` becomes `breaker.allow()`."""

import functools
import inspect
from typing import Any

_KEY = "graded"


class Keyed:
    """Gives every method that asks which circuit is meant the same answer."""

    def __init__(self, target: Any, names: frozenset[str]) -> None:
        self._target = target
        self._names = names

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._target, name)
        return functools.partial(value, _KEY) if self._asks(value) else value

    def __dir__(self) -> list[str]:
        return dir(self._target)

    def _asks(self, value: Any) -> bool:
        if not inspect.ismethod(value):
            return False
        first = next(iter(inspect.signature(value).parameters), None)
        return first in self._names


def keeper(value: Any) -> Any:
    """Return the object that keeps many circuits, in place of one of them; else the value."""
    return value._target if isinstance(value, Keyed) else value  # noqa: SLF001  a public name would hide its own
