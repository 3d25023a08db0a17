"""A circuit breaker that is a decorator and nothing else.

    @circuit_breaker(failure_threshold=3, recovery_timeout=10)
    async def fetch(url): ...

    fetch.breaker.state        # "CLOSED", "OPEN" or "HALF_OPEN"
    fetch.breaker.metrics()    # a dict
    fetch.breaker.reset()

One use of ``circuit_breaker(...)`` makes one breaker. Keep what it returns to put several
functions of one service behind the same breaker:

    billing = circuit_breaker(failure_threshold=3)

    @billing
    def charge(): ...

    @billing
    async def refund(): ...
"""

from __future__ import annotations

import functools
import inspect
import logging
import math
import random
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

__all__ = ["CircuitBreakerOpenError", "circuit_breaker"]


class CircuitBreakerOpenError(RuntimeError):
    """The decorated function was not called; ``time_until_retry`` tells for how many seconds."""

    def __init__(self, what: str, time_until_retry: float) -> None:
        super().__init__(f"{what}: circuit open, retry in {time_until_retry:.3f} s")
        self.time_until_retry = time_until_retry


class _Phase:
    """The time from one change of state to the next, and what happened in it.

    A call keeps the phase in which it was let in and reports to that one. Once the breaker has
    moved on, the old phase is nobody's any more and the report comes to nothing.
    """

    __slots__ = ("ends_at", "failures", "name", "running", "successes")

    def __init__(self, name: str, ends_at: float = math.inf) -> None:
        self.name = name
        self.ends_at = ends_at
        self.running = 0
        self.failures = 0
        self.successes = 0


class _Breaker:
    def __init__(self, settings: dict[str, Any]) -> None:
        self._s = settings
        self._lock = threading.RLock()
        self._phase = _Phase("CLOSED")
        self._backoff = settings["recovery_timeout"]
        self._counts = dict.fromkeys(
            ("calls", "successes", "failures", "ignored", "rejections", "state_transitions"), 0
        )
        self._latency = {"count": 0, "total": 0.0, "min": math.inf, "max": 0.0}
        self._changed_at: float | None = None

    @property
    def state(self) -> str:
        return self._phase.name

    def metrics(self) -> dict[str, Any]:
        """Totals so far; the dictionary is the caller's to keep."""
        with self._lock:
            done = self._counts["successes"] + self._counts["failures"]
            latency = None
            if self._latency["count"]:
                low, high = self._latency["min"], self._latency["max"]
                mean = self._latency["total"] / self._latency["count"]
                latency = {"min": low, "avg": min(max(mean, low), high), "max": high}
            return {
                **self._counts,
                "state": self._phase.name,
                "failure_rate": self._counts["failures"] / done if done else 0.0,
                "latency": latency,
                "last_state_change": self._changed_at,
            }

    def reset(self) -> None:
        """Close the circuit by hand."""
        with self._lock:
            self._backoff = self._s["recovery_timeout"]
            event = self._begin(_Phase("CLOSED"))
        self._emit(event)

    def _now(self) -> float:
        source = self._s["time_source"]
        return float(time.monotonic() if source is None else source())

    def _enter(self, what: str) -> tuple[_Phase, float]:
        event = None
        with self._lock:
            now = self._now()
            self._counts["calls"] += 1
            if self._phase.name == "OPEN" and now >= self._phase.ends_at:
                event = self._begin(_Phase("HALF_OPEN"))
            phase = self._phase
            no_room = phase.name == "HALF_OPEN" and phase.running >= self._s["half_open_max_calls"]
            if phase.name == "OPEN" or no_room:
                self._counts["rejections"] += 1
                left = phase.ends_at - now if phase.name == "OPEN" else 0.0
                raise CircuitBreakerOpenError(what, left)
            phase.running += 1
        try:
            self._emit(event)
        except BaseException as error:
            self._exit(phase, now, error)
            raise
        return phase, now

    def _exit(self, phase: _Phase, entered: float, error: BaseException | None) -> None:
        counted = isinstance(error, self._s["expected_exception"]) and not isinstance(
            error, self._s["exclude"]
        )
        event = None
        with self._lock:
            now = self._now()
            phase.running -= 1
            if error is not None and not counted:
                self._counts["ignored"] += 1
                return
            self._latency["count"] += 1
            self._latency["total"] += now - entered
            self._latency["min"] = min(self._latency["min"], now - entered)
            self._latency["max"] = max(self._latency["max"], now - entered)
            self._counts["failures" if counted else "successes"] += 1
            if phase is self._phase:
                event = self._failed(phase, now) if counted else self._succeeded(phase)
        self._emit(event)

    def _failed(self, phase: _Phase, now: float) -> tuple[str, str] | None:
        phase.failures += 1
        if phase.name == "HALF_OPEN":
            self._backoff = min(
                self._backoff * self._s["backoff_factor"], self._s["max_recovery_timeout"]
            )
        elif phase.failures < self._s["failure_threshold"]:
            return None
        spread = 1 + self._s["jitter"] * random.uniform(-1, 1)
        period = min(self._backoff * spread, self._s["max_recovery_timeout"])
        return self._begin(_Phase("OPEN", now + period))

    def _succeeded(self, phase: _Phase) -> tuple[str, str] | None:
        phase.failures = 0
        phase.successes += 1
        if phase.name == "HALF_OPEN" and phase.successes >= self._s["success_threshold"]:
            self._backoff = self._s["recovery_timeout"]
            return self._begin(_Phase("CLOSED"))
        return None

    def _begin(self, phase: _Phase) -> tuple[str, str] | None:
        old, self._phase = self._phase.name, phase
        if old == phase.name:
            return None
        self._counts["state_transitions"] += 1
        self._changed_at = self._now()
        return old, phase.name

    def _emit(self, event: tuple[str, str] | None) -> None:
        if event is not None and self._s["on_state_change"] is not None:
            try:
                self._s["on_state_change"](*event)
            except Exception:
                logging.getLogger(__name__).exception("on_state_change failed")


def circuit_breaker(
    failure_threshold: int = 5,
    recovery_timeout: float = 60.0,
    *,
    backoff_factor: float = 2.0,
    max_recovery_timeout: float = 86_400.0,
    jitter: float = 0.0,
    half_open_max_calls: int = 1,
    success_threshold: int = 1,
    expected_exception: Any = Exception,
    exclude: Any = (),
    on_state_change: Callable[[str, str], object] | None = None,
    time_source: Callable[[], float] | None = None,
) -> Callable[[F], F]:
    """Make a decorator for functions and coroutine functions.

    The call of a plain function that returns an awaitable ends when that has been awaited.

    Times are in seconds. ``jitter`` is the share by which an open period may be longer or
    shorter, drawn once per period; ``max_recovery_timeout`` holds all the same.
    """
    for name, count in (
        ("failure_threshold", failure_threshold),
        ("half_open_max_calls", half_open_max_calls),
        ("success_threshold", success_threshold),
    ):
        if isinstance(count, bool) or not isinstance(count, int):
            raise TypeError(f"{name} must be an int: {count!r}")
        if count < 1:
            raise ValueError(f"{name} must be 1 or more: {count!r}")
    for name, number, low, high in (
        ("recovery_timeout", recovery_timeout, 0.0, 1e12),
        ("backoff_factor", backoff_factor, 1.0, 1e12),
        ("max_recovery_timeout", max_recovery_timeout, recovery_timeout, 1e12),
        ("jitter", jitter, 0.0, 1.0),
    ):
        if isinstance(number, bool) or not isinstance(number, (int, float)):
            raise TypeError(f"{name} must be a number: {number!r}")
        if not low <= number <= high:
            raise ValueError(f"{name} must be between {low} and {high}: {number!r}")

    breaker = _Breaker(
        {
            "failure_threshold": failure_threshold,
            "recovery_timeout": recovery_timeout,
            "backoff_factor": backoff_factor,
            "max_recovery_timeout": max_recovery_timeout,
            "jitter": jitter,
            "half_open_max_calls": half_open_max_calls,
            "success_threshold": success_threshold,
            "expected_exception": _types(expected_exception),
            "exclude": _types(exclude),
            "on_state_change": on_state_change,
            "time_source": time_source,
        }
    )

    def decorate(func: F) -> F:
        what = getattr(func, "__qualname__", repr(func))
        wrapper: Any
        if _is_async(func):

            @functools.wraps(func)
            async def wrapper(*args: Any, **kwargs: Any) -> Any:
                phase, entered = breaker._enter(what)
                try:
                    result = await func(*args, **kwargs)
                except BaseException as error:
                    breaker._exit(phase, entered, error)
                    raise
                breaker._exit(phase, entered, None)
                return result

        else:

            @functools.wraps(func)
            def wrapper(*args: Any, **kwargs: Any) -> Any:
                phase, entered = breaker._enter(what)
                try:
                    result = func(*args, **kwargs)
                except BaseException as error:
                    breaker._exit(phase, entered, error)
                    raise
                if inspect.isawaitable(result):
                    return _finish(result, phase, entered)
                breaker._exit(phase, entered, None)
                return result

        wrapper.breaker = breaker
        return wrapper  # type: ignore[no-any-return]

    async def _finish(awaitable: Any, phase: _Phase, entered: float) -> Any:
        try:
            result = await awaitable
        except BaseException as error:
            breaker._exit(phase, entered, error)
            raise
        breaker._exit(phase, entered, None)
        return result

    return decorate


def _types(value: Any) -> tuple[type[BaseException], ...]:
    types = (value,) if isinstance(value, type) else tuple(value)
    for item in types:
        if not isinstance(item, type) or not issubclass(item, BaseException):
            raise TypeError(f"not an exception type: {item!r}")
    return types


def _is_async(func: Any) -> bool:
    while isinstance(func, functools.partial):
        func = func.func
    return inspect.iscoroutinefunction(func) or inspect.iscoroutinefunction(type(func).__call__)
