"""Whether a breaker keeps what a failed call had in its hands."""

import contextlib
import gc
import weakref
from typing import Any

from . import surfaces
from .surfaces import Wrapped
from .upstream import error_class


class _Payload:
    """Something large that a protected call holds."""


class FailedCall:
    """One failing call of its own function, and what is left of it afterwards."""

    def __init__(self, wrapped: Wrapped, surface: dict[str, Any], failure: str) -> None:
        self._wrapped = Wrapped(wrapped.target)
        self._surface = surface
        self._failure = error_class(failure)
        self._held: weakref.ref[_Payload] | None = None

    def _fail(self) -> None:
        payload = _Payload()
        self._held = weakref.ref(payload)
        raise self._failure("a failure with a payload at hand")

    def _function(self) -> Any:
        def fetch_sync(*_: Any, **__: Any) -> None:
            self._fail()

        async def fetch(*_: Any, **__: Any) -> None:
            self._fail()

        function = fetch if self._surface["mode"] == "async" else fetch_sync
        if self._surface["style"] == "decorate":
            return self._wrapped.get(self._surface, self._surface["mode"], function)
        return function

    async def in_task(self) -> None:
        """Make the call in a task."""
        with contextlib.suppress(BaseException):  # it fails, as it should
            await surfaces.call_async(self._wrapped, self._surface, self._function(), (), {})

    def in_thread(self) -> None:
        """Make the call in a thread."""
        with contextlib.suppress(BaseException):  # it fails, as it should
            surfaces.call_sync(self._wrapped, self._surface, self._function(), (), {})

    def told(self) -> dict[str, bool]:
        """Tell whether the function ran, and whether its local variable is still alive."""
        gc.collect()
        return {"ran": self._held is not None, "alive": bool(self._held and self._held())}
