"""A circuit breaker that opens on the failure rate of the latest calls."""

from __future__ import annotations

import asyncio
import functools
import inspect
import math
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import Any, ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class BreakerState(IntEnum):
    CLOSED = 0
    OPEN = 1
    HALF_OPEN = 2


class CircuitBreakerException(Exception):
    """What this module raises."""


class CallNotPermitted(CircuitBreakerException):
    """The breaker refused the call."""

    def __init__(self, message: str, *, remaining: float) -> None:
        super().__init__(message)
        self.remaining = remaining


class Clock(Protocol):
    """What the ``time`` module offers."""

    def monotonic(self) -> float: ...


class BreakerMetrics:
    """Counts what happens. ``snapshot()`` gives a dictionary of plain values."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._edges: Counter[str] = Counter()
        self._slowest = 0.0
        self._mean = 0.0
        self.state = BreakerState.CLOSED

    def called(self) -> None:
        self._counts["calls"] += 1

    def ended(self, how: str, seconds: float) -> None:
        self._counts[how] += 1
        if how != "ignored":
            self._slowest = max(self._slowest, seconds)
            timed = self._counts["successes"] + self._counts["failures"]
            self._mean += (seconds - self._mean) / timed

    def refused(self) -> None:
        self._counts["not_permitted"] += 1

    def moved(self, source: BreakerState, target: BreakerState) -> None:
        self._edges[f"{source.name}->{target.name}"] += 1
        self.state = target

    def snapshot(self) -> dict[str, Any]:
        """The counts so far, and 0 for what has not happened."""
        calls, good, bad = (self._counts[key] for key in ("calls", "successes", "failures"))
        return {
            "state": self.state.name,
            "calls": calls,
            "successes": good,
            "failures": bad,
            "ignored": self._counts["ignored"],
            "not_permitted": self._counts["not_permitted"],
            "failure_rate": bad / (good + bad) if good + bad else 0.0,
            "transitions": dict(self._edges),
            "total_state_changes": self._edges.total(),
            "mean_duration": self._mean,
            "max_duration": self._slowest,
        }


class RateCircuitBreaker:
    """Protects ``await breaker.execute(f, ...)`` and coroutine functions decorated with it.

    It opens when, of the last ``window_size`` calls, at least ``minimum_calls`` have ended and the
    share of failures has reached ``failure_rate_threshold``. After ``wait_duration_in_open``
    seconds it permits ``permitted_calls_in_half_open`` calls: if all of them go well it closes;
    with the first that fails it opens again, ``wait_duration_backoff_multiplier`` times as long,
    at most ``wait_duration_in_open_max`` seconds.

    A call that ends in a cancellation, or in one of ``ignore_exceptions``, returns its permit.
    """

    def __init__(
        self,
        name: str = "rate-breaker",
        *,
        failure_rate_threshold: float = 0.5,
        minimum_calls: int = 5,
        window_size: int = 20,
        wait_duration_in_open: float = 30.0,
        wait_duration_backoff_multiplier: float = 2.0,
        wait_duration_in_open_max: float = 600.0,
        permitted_calls_in_half_open: int = 2,
        record_exceptions: tuple[type[BaseException], ...] = (Exception,),
        ignore_exceptions: tuple[type[BaseException], ...] = (),
        clock: Clock = time,
    ) -> None:
        _integer(minimum_calls=minimum_calls, window_size=window_size)
        _integer(permitted_calls_in_half_open=permitted_calls_in_half_open)
        if window_size < minimum_calls:
            raise ValueError("window_size must hold minimum_calls")
        _real("failure_rate_threshold", failure_rate_threshold, 1e-9, 1.0)
        _real("wait_duration_in_open", wait_duration_in_open, 1e-3)
        _real("wait_duration_backoff_multiplier", wait_duration_backoff_multiplier, 1.0)
        _real("wait_duration_in_open_max", wait_duration_in_open_max, wait_duration_in_open)
        for kind in (*record_exceptions, *ignore_exceptions):
            if not issubclass(kind, BaseException):
                raise TypeError(f"{kind!r} is not an exception type")

        self.name = name
        self.metrics = BreakerMetrics()
        self._rate = failure_rate_threshold
        self._minimum = minimum_calls
        self._window: deque[bool] = deque(maxlen=window_size)
        self._wait = wait_duration_in_open
        self._multiplier = wait_duration_backoff_multiplier
        self._wait_max = wait_duration_in_open_max
        self._permitted = permitted_calls_in_half_open
        self._record = record_exceptions
        self._ignore = ignore_exceptions
        self._clock = clock
        self._round = 0  # a new one with every change of state
        self._permits = 0
        self._passed = 0
        self._reopened = 0
        self._opened_at = -math.inf

    @property
    def state(self) -> BreakerState:
        return self.metrics.state

    async def execute(
        self, func: Callable[P, Awaitable[R]], /, *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Await ``func(*args, **kwargs)``, or raise CallNotPermitted."""
        with self._passage():
            return await func(*args, **kwargs)

    def __call__(self, func: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
        """Decorate a coroutine function, or a callable that returns awaitables."""
        if inspect.isfunction(func) and not inspect.iscoroutinefunction(func):
            raise TypeError(f"{func.__qualname__} is not a coroutine function")

        @functools.wraps(func)
        async def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            return await self.execute(func, *args, **kwargs)

        return guarded

    @contextmanager
    def _passage(self) -> Iterator[None]:
        self.metrics.called()
        start = self._clock.monotonic()
        turn = self._permit(start)
        outcome = "successes"
        try:
            yield
        except asyncio.CancelledError:
            outcome = "ignored"
            raise
        except BaseException as error:
            counts = isinstance(error, self._record) and not isinstance(error, self._ignore)
            outcome = "failures" if counts else "ignored"
            raise
        finally:
            now = self._clock.monotonic()
            self.metrics.ended(outcome, now - start)
            if turn == self._round:
                self._judge(outcome, now)

    def _permit(self, now: float) -> int:
        if self.state is BreakerState.OPEN:
            remaining = self._opened_at + self._open_period() - now
            if remaining > 0:
                self.metrics.refused()
                message = f"{self.name} is open for {remaining:.3f} s more"
                raise CallNotPermitted(message, remaining=remaining)
            self._move(BreakerState.HALF_OPEN)
            self._permits = self._permitted
        if self.state is BreakerState.HALF_OPEN:
            if self._permits == 0:
                self.metrics.refused()
                raise CallNotPermitted(f"{self.name} waits for its trial calls", remaining=0.0)
            self._permits -= 1
        return self._round

    def _judge(self, outcome: str, now: float) -> None:
        half_open = self.state is BreakerState.HALF_OPEN
        if outcome == "ignored":
            self._permits += half_open
        elif half_open and outcome == "failures":
            self._reopened += 1
            self._open(now)
        elif half_open:
            self._passed += 1
            if self._passed == self._permitted:
                self._reopened = 0
                self._move(BreakerState.CLOSED)
        else:
            self._window.append(outcome == "failures")
            seen = len(self._window)
            if seen >= self._minimum and sum(self._window) >= self._rate * seen:
                self._open(now)

    def _open(self, now: float) -> None:
        self._opened_at = now
        self._move(BreakerState.OPEN)

    def _open_period(self) -> float:
        try:
            grown = self._wait * float(self._multiplier) ** self._reopened
        except OverflowError:
            return self._wait_max
        return min(grown, self._wait_max)

    def _move(self, target: BreakerState) -> None:
        self.metrics.moved(self.state, target)
        self._round += 1
        self._passed = 0
        self._window.clear()


def _integer(**settings: object) -> None:
    for name, value in settings.items():
        if not isinstance(value, int) or isinstance(value, bool):
            raise TypeError(f"{name} must be an integer, is {value!r}")
        if value < 1:
            raise ValueError(f"{name} must be at least 1, is {value}")


def _real(name: str, value: object, low: float, high: float = 1e12) -> None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise TypeError(f"{name} must be a number, is {value!r}")
    if not low <= value <= high:
        raise ValueError(f"{name} must be in [{low}, {high}], is {value!r}")
