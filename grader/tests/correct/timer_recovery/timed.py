"""A circuit breaker which the event loop moves to half-open by itself.

Opening sets a timer on the running loop, so ``state`` and ``on_half_open`` tell the truth without
a call having to come by. A loop that ends takes its timers with it; the next call, in whatever
loop, then does what the timer would have done.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import time
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger(__name__)


class CircuitState(str, Enum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class CircuitOpenError(Exception):
    """Not called. ``retry_in`` is in seconds."""

    def __init__(self, state: CircuitState, retry_in: float) -> None:
        super().__init__(f"circuit is {state.value}, retry in {retry_in:.3f} s")
        self.state = state
        self.retry_in = retry_in


class AsyncCircuitBreaker:
    """``await breaker.invoke(f, ...)``. One event loop at a time."""

    def __init__(
        self,
        *,
        trip_threshold: int = 5,
        cooldown_seconds: float = 30.0,
        cooldown_multiplier: float = 2.0,
        max_cooldown_seconds: float = 7200.0,
        max_concurrent_probes: int = 1,
        close_threshold: int = 1,
        is_failure: Callable[[Exception], bool] | None = None,
        on_open: Callable[[], object] | None = None,
        on_half_open: Callable[[], object] | None = None,
        on_close: Callable[[], object] | None = None,
    ) -> None:
        for name, count in {
            "trip_threshold": trip_threshold,
            "max_concurrent_probes": max_concurrent_probes,
            "close_threshold": close_threshold,
        }.items():
            if isinstance(count, bool) or not isinstance(count, int):
                raise TypeError(f"{name} has to be an int, not {count!r}")
            if count < 1:
                raise ValueError(f"{name} has to be positive, not {count}")
        for name, number, least in (
            ("cooldown_seconds", cooldown_seconds, 0),
            ("cooldown_multiplier", cooldown_multiplier, 1),
            ("max_cooldown_seconds", max_cooldown_seconds, cooldown_seconds),
        ):
            if isinstance(number, bool) or not isinstance(number, (int, float)):
                raise TypeError(f"{name} has to be a number, not {number!r}")
            if not least <= number < 1e10:
                raise ValueError(f"{name} has to be from {least} to 1e10, not {number}")
        self._trip_threshold = trip_threshold
        self._cooldowns = (cooldown_seconds, cooldown_multiplier, max_cooldown_seconds)
        self._max_probes = max_concurrent_probes
        self._close_threshold = close_threshold
        self._is_failure = is_failure
        self._hooks = {
            CircuitState.OPEN: on_open,
            CircuitState.HALF_OPEN: on_half_open,
            CircuitState.CLOSED: on_close,
        }
        self._state = CircuitState.CLOSED
        self._session = object()  # replaced whenever the state is
        self._count = 0
        self._probes = 0
        self._cooldown = cooldown_seconds
        self._deadline = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._metrics: dict[str, Any] = {
            "total_calls": 0,
            "successful_calls": 0,
            "failed_calls": 0,
            "ignored_calls": 0,
            "rejected_calls": 0,
            "state_changes": 0,
            "times_opened": 0,
            "last_failure_time": None,
            "last_state_change_time": None,
            "max_duration": 0.0,
            "avg_duration": 0.0,
        }

    @property
    def state(self) -> CircuitState:
        return self._state

    @property
    def metrics(self) -> dict[str, Any]:
        """A copy of the counters."""
        return {"state": self._state.value, **self._metrics}

    async def invoke(self, func: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Call ``func`` and await its result, unless the circuit is against it."""
        session, start = self._start()
        try:
            result = func(*args, **kwargs)
            if inspect.isawaitable(result):
                result = await result
        except BaseException as error:
            try:
                failed = self._counts(error)
            except BaseException:  # the predicate's own fault; the slot is free all the same
                self._stop(session, "ignored_calls", start)
                raise
            self._stop(session, "failed_calls" if failed else "ignored_calls", start)
            raise
        self._stop(session, "successful_calls", start)
        return result

    def _counts(self, error: BaseException) -> bool:
        if not isinstance(error, Exception):
            return False
        return self._is_failure is None or bool(self._is_failure(error))

    def _start(self) -> tuple[object, float]:
        self._metrics["total_calls"] += 1
        now = time.monotonic()
        if self._state is CircuitState.OPEN and now >= self._deadline:
            self._half_open()
        if self._state is CircuitState.OPEN or (
            self._state is CircuitState.HALF_OPEN and self._probes >= self._max_probes
        ):
            self._metrics["rejected_calls"] += 1
            raise CircuitOpenError(self._state, max(0.0, self._deadline - now))
        self._probes += self._state is CircuitState.HALF_OPEN
        return self._session, now

    def _stop(self, session: object, outcome: str, start: float) -> None:
        now = time.monotonic()
        self._measure(outcome, now, now - start)
        if session is not self._session:
            return
        if self._state is CircuitState.HALF_OPEN:
            self._probes -= 1
        if outcome == "failed_calls":
            self._failed()
        elif outcome == "successful_calls":
            self._succeeded()

    def _measure(self, outcome: str, now: float, took: float) -> None:
        metrics = self._metrics
        metrics[outcome] += 1
        if outcome == "ignored_calls":
            return
        if outcome == "failed_calls":
            metrics["last_failure_time"] = now
        done = metrics["successful_calls"] + metrics["failed_calls"]
        metrics["avg_duration"] += (took - metrics["avg_duration"]) / done
        metrics["max_duration"] = max(metrics["max_duration"], took)

    def _failed(self) -> None:
        base, multiplier, longest = self._cooldowns
        if self._state is CircuitState.HALF_OPEN:
            self._open(min(self._cooldown * multiplier, longest))
        else:
            self._count += 1
            if self._count >= self._trip_threshold:
                self._open(base)

    def _succeeded(self) -> None:
        if self._state is CircuitState.CLOSED:
            self._count = 0
        else:
            self._count += 1
            if self._count >= self._close_threshold:
                self._change(CircuitState.CLOSED)

    def _open(self, cooldown: float) -> None:
        loop = asyncio.get_running_loop()
        self._cooldown = cooldown
        self._deadline = time.monotonic() + cooldown
        self._timer = loop.call_later(cooldown, self._half_open)
        self._metrics["times_opened"] += 1
        self._change(CircuitState.OPEN)

    def _half_open(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._change(CircuitState.HALF_OPEN)

    def _change(self, state: CircuitState) -> None:
        self._state = state
        self._session = object()
        self._count = 0
        self._probes = 0
        self._metrics["state_changes"] += 1
        self._metrics["last_state_change_time"] = time.monotonic()
        hook = self._hooks[state]
        if hook is not None:
            try:
                hook()
            except Exception:
                logger.exception("the hook for %s failed", state.value)
