"""A circuit breaker in which each state is an object that knows its own rules."""

from __future__ import annotations

import functools
import inspect
import threading
import time
from typing import TYPE_CHECKING, Any

from .config import BreakerPolicy
from .errors import BreakerError, CircuitOpenError
from .metrics import Meter
from .states import Closed, Open, Outcome, State

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["BreakerError", "BreakerPolicy", "CircuitBreaker", "CircuitOpenError"]


class CircuitBreaker:
    """The context of the states. ``call`` is for coroutines, ``call_sync`` for functions."""

    def __init__(self, policy: BreakerPolicy | None = None, *, name: str = "circuit") -> None:
        self.name = name
        self.policy = policy or BreakerPolicy()
        self._meter = Meter()
        self._mutex = threading.Lock()
        self._state: State = Closed(self.policy)

    @property
    def current_state(self) -> str:
        """``closed``, ``open`` or ``half_open``."""
        return self._state.name

    async def call(self, func: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Call ``func`` and await what it returns."""
        state, start = self._enter()
        try:
            result = func(*args, **kwargs)
            if inspect.isawaitable(result):
                result = await result
        except BaseException as error:
            self._leave(state, start, error)
            raise
        self._leave(state, start, None)
        return result

    def call_sync(self, func: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Call ``func``, which must not be asynchronous."""
        state, start = self._enter()
        try:
            result = func(*args, **kwargs)
            if inspect.iscoroutine(result):
                result.close()
                raise TypeError(f"{func!r} returned a coroutine: await call() instead")
        except BaseException as error:
            self._leave(state, start, error)
            raise
        self._leave(state, start, None)
        return result

    def protect(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Decorate a function or a coroutine function."""
        if inspect.iscoroutinefunction(func):

            @functools.wraps(func)
            async def protected(*args: Any, **kwargs: Any) -> Any:
                return await self.call(func, *args, **kwargs)

        else:

            @functools.wraps(func)
            def protected(*args: Any, **kwargs: Any) -> Any:
                return self.call_sync(func, *args, **kwargs)

        return protected

    def get_metrics(self) -> dict[str, Any]:
        """Totals so far, in a dictionary of its own."""
        with self._mutex:
            return {"state": self._state.name, **self._meter.to_dict()}

    def reset(self) -> None:
        """Back to the beginning, but for the totals."""
        with self._mutex:
            self._become(Closed(self.policy), time.monotonic())

    def trip(self) -> None:
        """Open the circuit."""
        with self._mutex:
            now = time.monotonic()
            self._become(Open(self.policy, now, self._state.round), now)

    def _enter(self) -> tuple[State, float]:
        with self._mutex:
            now = time.monotonic()
            self._meter.calls += 1
            self._become(self._state.at(now), now)
            wait = self._state.admit(now)
            if wait is not None:
                self._meter.rejections += 1
                raise CircuitOpenError(self.name, self._state.name, wait)
            return self._state, now

    def _leave(self, state: State, start: float, error: BaseException | None) -> None:
        outcome = self._outcome(error)
        with self._mutex:
            now = time.monotonic()
            self._meter.ended(outcome, now, now - start)
            following = state.settle(outcome, now)
            if state is self._state:
                self._become(following, now)

    def _outcome(self, error: BaseException | None) -> Outcome:
        if error is None:
            return Outcome.SUCCESS
        if isinstance(error, self.policy.failures) and not isinstance(error, self.policy.ignored):
            return Outcome.FAILURE
        return Outcome.NEUTRAL

    def _become(self, state: State, now: float) -> None:
        if state.name != self._state.name:
            self._meter.changed(now, opened=isinstance(state, Open))
        self._state = state
