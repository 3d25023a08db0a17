"""The breakers of one worker, by handle: how each is built, and what of it is looked at."""

from collections.abc import Callable
from typing import Any

from . import exported, surfaces
from .expressions import Builder
from .hooks import Hooked
from .listening import Listening
from .surfaces import Wrapped


class Breakers:
    """Builds breakers and finds what hangs on them."""

    def __init__(self, note: Callable[[dict[str, Any]], None], owns: Callable[..., bool]) -> None:
        self._owns = owns
        self._registered = exported.Registered()
        self._made: dict[str, Wrapped] = {}
        self.builder = Builder()
        self.listening = Listening(note, self._is_one)
        self.builder.ear = self.listening.ear

    def __getitem__(self, handle: str) -> Wrapped:
        return self._made[handle]

    def make(self, expression: Any, *, beside: bool = False) -> Any:
        """Evaluate an expression; what it gives may have to be awaited, and then be added.

        `beside`: the earlier breakers are still needed.
        """
        self.builder.hooked = Hooked()
        return self._registered.making(lambda: self.builder.build(expression), beside=beside)

    def add(self, handle: str, made: Any) -> Wrapped:
        """Know what was made by its handle."""
        wrapped = self._made[handle] = Wrapped(made)
        wrapped.hooked = self.builder.hooked.counts
        return wrapped

    def target(self, request: dict[str, Any]) -> Any:
        """Return what a request is about: a breaker, or what hangs on it (see `Accessor`)."""
        wrapped = self._made[request["breaker"]]
        path = request.get("target", "")
        if path == "~":
            return wrapped.hooked
        if path == "+":
            return wrapped.collector
        if path == "#exported":
            return exported.samples(wrapped.target, self._owns)
        if path.startswith("@"):
            return surfaces.member(wrapped.first(), path[1:])
        return surfaces.member(wrapped.target, path)

    def _is_one(self, value: Any) -> bool:
        return any(value is wrapped.target for wrapped in self._made.values())
