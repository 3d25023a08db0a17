"""A listener that counts what it is told: for breakers that leave the counting to others."""

import enum
from collections.abc import Callable
from typing import Any


class Hooked:
    """Counts by hook, and by each choice among its arguments: `on_call.outcome.success`."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}

    def listener(self, hooks: list[str]) -> Any:
        """Return an object with these methods, each of which only counts."""
        kind = type("Listener", (), {name: self._hook(name) for name in hooks})
        return kind()

    def _hook(self, name: str) -> Callable[..., None]:
        def hook(_self: Any, *args: Any, **kwargs: Any) -> None:
            self._count(name)
            named = {**{str(n): value for n, value in enumerate(args)}, **kwargs}
            for key, value in named.items():
                if isinstance(value, enum.Enum):
                    self._count(f"{name}.{key}.{value.name.lower()}")
                elif isinstance(value, bool):
                    self._count(f"{name}.{key}.{'success' if value else 'failure'}")

        return hook

    def _count(self, name: str) -> None:
        self.counts[name] = self.counts.get(name, 0) + 1
