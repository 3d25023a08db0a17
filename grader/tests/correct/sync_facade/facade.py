"""A circuit breaker for programs that are synchronous but use asynchronous clients.

``breaker.run(f, ...)`` calls ``f``. If that returns an awaitable, it is run to its end in an event
loop of its own, so that the caller gets the result and the breaker the real outcome.

    breaker = SyncCircuitBreaker("search")
    breaker.run(fetch, url)              # fetch may be a function or a coroutine function

Inside a running loop there is ``await breaker.arun(f, ...)``, under the same rules.
"""

import asyncio
import inspect
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

R = TypeVar("R")


class BreakerOpenError(ConnectionError):
    """The breaker is open, or half-open and busy; nothing was called."""

    time_remaining: float

    def __init__(self, name: str, time_remaining: float) -> None:
        super().__init__(f"circuit breaker {name} is not letting calls through")
        self.time_remaining = time_remaining


@dataclass(slots=True)
class _Totals:
    attempts: int = 0
    success: int = 0
    failures: int = 0
    dropped: int = 0
    blocked_calls: int = 0
    transitions: int = 0
    busy_seconds: float = 0.0


@dataclass(slots=True)
class _Run:
    """One call from admission to its end."""

    generation: int
    start: float
    outcome: str = "dropped"


class SyncCircuitBreaker:
    """See the module. All numbers are keyword settings; times are seconds."""

    WORKING: Final = "working"
    FAILING: Final = "failing"
    RECOVERING: Final = "recovering"

    def __init__(
        self,
        name: str = "default",
        *,
        max_errors: int = 5,
        base_timeout: float = 20.0,
        timeout_multiplier: float = 2.0,
        max_timeout: float = 1200.0,
        half_open_requests: int = 1,
        success_threshold: int = 1,
        ignored_exceptions: tuple[type[Exception], ...] = (),
    ) -> None:
        _check(int, 1, max_errors=max_errors, half_open_requests=half_open_requests)
        _check(int, 1, success_threshold=success_threshold)
        _check(float, 0, base_timeout=base_timeout)
        _check(float, 1, timeout_multiplier=timeout_multiplier)
        _check(float, base_timeout, max_timeout=max_timeout)
        isinstance(ValueError(), ignored_exceptions)  # a bad one is a TypeError here already
        self.name = name
        self.max_errors = max_errors
        self.base_timeout = base_timeout
        self.timeout_multiplier = timeout_multiplier
        self.max_timeout = max_timeout
        self.half_open_requests = half_open_requests
        self.success_threshold = success_threshold
        self.ignored_exceptions = ignored_exceptions
        self._lock = threading.Lock()
        self._status = self.WORKING
        self._generation = 0
        self._errors = 0
        self._recovered = 0
        self._trials = 0
        self._timeout = base_timeout
        self._failing_since = 0.0
        self._totals = _Totals()

    def status(self) -> str:
        """``working`` (closed), ``failing`` (open) or ``recovering`` (half-open)."""
        return self._status

    def info(self) -> dict[str, Any]:
        """A dictionary of the totals and where the breaker stands."""
        with self._lock:
            totals = self._totals
            done = totals.success + totals.failures
            return {
                "name": self.name,
                "status": self._status,
                "attempts": totals.attempts,
                "success": totals.success,
                "failures": totals.failures,
                "dropped": totals.dropped,
                "blocked_calls": totals.blocked_calls,
                "transitions": totals.transitions,
                "success_rate": totals.success / done if done else 1.0,
                "avg_latency": totals.busy_seconds / done if done else None,
                "consecutive_failures": self._errors,
                "current_timeout": self._timeout,
            }

    def run(self, func: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Call ``func`` and wait for its result."""
        run = self._admit()
        try:
            result = func(*args, **kwargs)
            if inspect.isawaitable(result):
                result = _complete(result)
            run.outcome = "success"
        except Exception as error:
            run.outcome = self._judge(error)
            raise
        finally:
            self._settle(run)
        return result

    async def arun(self, func: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Call ``func`` and await its result."""
        run = self._admit()
        try:
            result = func(*args, **kwargs)
            if inspect.isawaitable(result):
                result = await result
            run.outcome = "success"
        except Exception as error:
            run.outcome = self._judge(error)
            raise
        finally:
            self._settle(run)
        return result

    def reset(self) -> None:
        """Start afresh; the totals stay."""
        with self._lock:
            self._timeout = self.base_timeout
            self._go(self.WORKING)

    def _judge(self, error: Exception) -> str:
        return "dropped" if isinstance(error, self.ignored_exceptions) else "failures"

    def _admit(self) -> _Run:
        with self._lock:
            now = time.monotonic()
            self._totals.attempts += 1
            if self._status == self.FAILING:
                remaining = self._failing_since + self._timeout - now
                if remaining > 0:
                    self._totals.blocked_calls += 1
                    raise BreakerOpenError(self.name, remaining)
                self._go(self.RECOVERING)
            if self._status == self.RECOVERING:
                if self._trials == self.half_open_requests:
                    self._totals.blocked_calls += 1
                    raise BreakerOpenError(self.name, 0.0)
                self._trials += 1
            return _Run(self._generation, now)

    def _settle(self, run: _Run) -> None:
        with self._lock:
            now = time.monotonic()
            totals = self._totals
            setattr(totals, run.outcome, getattr(totals, run.outcome) + 1)
            if run.outcome != "dropped":
                totals.busy_seconds += now - run.start
            if run.generation != self._generation:
                return
            match self._status, run.outcome:
                case self.WORKING, "success":
                    self._errors = 0
                case self.WORKING, "failures":
                    self._errors += 1
                    if self._errors == self.max_errors:
                        self._fail(now)
                case self.RECOVERING, "success":
                    self._trials -= 1
                    self._recovered += 1
                    if self._recovered == self.success_threshold:
                        self._timeout = self.base_timeout
                        self._go(self.WORKING)
                case self.RECOVERING, "failures":
                    longer = self._timeout * self.timeout_multiplier
                    self._timeout = min(longer, self.max_timeout)
                    self._fail(now)
                case self.RECOVERING, "dropped":
                    self._trials -= 1

    def _fail(self, now: float) -> None:
        self._failing_since = now
        self._go(self.FAILING)

    def _go(self, status: str) -> None:
        self._totals.transitions += status != self._status
        self._status = status
        self._generation += 1
        self._trials = self._recovered = self._errors = 0


def _complete(awaitable: Awaitable[R]) -> R:
    """Run to its end in a new event loop. Refuse where one is running already."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(_await(awaitable))
    if inspect.iscoroutine(awaitable):
        awaitable.close()
    raise TypeError("an event loop is running: await arun() instead")


async def _await(awaitable: Awaitable[R]) -> R:
    return await awaitable


def _check(kind: type, least: float, **settings: object) -> None:
    for name, value in settings.items():
        if isinstance(value, bool) or not isinstance(value, (int, kind)):
            raise TypeError(f"{name} should be of type {kind.__name__}: {value!r}")
        if not least <= value <= 1e15:  # type: ignore[operator]
            raise ValueError(f"{name} should be between {least} and 1e15: {value!r}")
