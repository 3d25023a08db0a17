"""A thread-safe circuit breaker, and an asynchronous face for the same one.

``CircuitBreaker`` is for threads: ``call``, ``with breaker.calling():`` and ``@breaker``.
``AsyncCircuitBreaker`` has the same three for coroutines. It adds no rules of its own: it holds a
``CircuitBreaker``, as ``.core``, which threads may use at the same time.
"""

from __future__ import annotations

import functools
import inspect
import math
import random
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, ParamSpec, TypedDict, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class CircuitBreakerError(Exception):
    """The breaker let nothing through."""

    retry_after = 0.0


class CircuitIsOpen(CircuitBreakerError):
    """Its open period has not passed; ``retry_after`` seconds are left."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"open for {retry_after:.3f} s more")
        self.retry_after = retry_after


class CircuitIsProbing(CircuitBreakerError):
    """As many probes as may be are on their way."""


class Stats(TypedDict):
    state: str
    requests: int
    success_count: int
    failure_count: int
    ignored_count: int
    calls_rejected: int
    state_transitions: dict[str, int]
    error_rate: float
    average_response_time: float
    slowest_response_time: float
    last_failure_time: float | None


class CircuitBreaker:
    """Opens after ``maximum_failures`` failures in a row.

    open_timeout      seconds it is open at first
    timeout_factor    by which that grows with each failed probe
    max_open_timeout  seconds at which it stops growing
    backoff_jitter    (low, high): each open period is multiplied by a number drawn from between
    probes            calls that may be on their way together while half-open
    recovery_successes  good probes that close it
    ignored           exception types that say nothing about the service
    """

    def __init__(
        self,
        maximum_failures: int = 5,
        open_timeout: float = 30,
        timeout_factor: float = 2,
        max_open_timeout: float = 900,
        *,
        backoff_jitter: tuple[float, float] = (1.0, 1.0),
        probes: int = 1,
        recovery_successes: int = 1,
        ignored: tuple[type[BaseException], ...] = (),
    ) -> None:
        self._maximum_failures = _whole(maximum_failures)
        self._open_timeout = _real(open_timeout, 0)
        self._timeout_factor = _real(timeout_factor, 1)
        self._max_open_timeout = _real(max_open_timeout, open_timeout)
        low, high = backoff_jitter
        self._jitter = _real(low, 0), _real(high, low)
        self._probes = _whole(probes)
        self._recovery_successes = _whole(recovery_successes)
        for kind in ignored:
            if not issubclass(kind, BaseException):
                raise TypeError(f"{kind!r} is not an exception type")
        self._ignored = ignored

        self._lock = threading.Lock()
        self._closed = True
        self._until: float | None = None  # set while open; neither closed nor open is half-open
        self._rounds = 0  # of probes that failed
        self._streak = 0  # failures while closed, good probes while half-open
        self._era = 0
        self._calls: dict[int, tuple[int, float]] = {}  # on their way: era and start
        self._probing = 0
        self._serial = 0
        self._stats: Stats = {
            "state": "closed",
            "requests": 0,
            "success_count": 0,
            "failure_count": 0,
            "ignored_count": 0,
            "calls_rejected": 0,
            "state_transitions": {},
            "error_rate": 0.0,
            "average_response_time": 0.0,
            "slowest_response_time": 0.0,
            "last_failure_time": None,
        }

    @property
    def is_closed(self) -> bool:
        return self._closed

    @property
    def is_open(self) -> bool:
        return self._until is not None

    @property
    def is_half_open(self) -> bool:
        return not (self._closed or self._until is not None)

    def get_stats(self) -> Stats:
        """A copy, with the state of now."""
        with self._lock:
            edges = dict(self._stats["state_transitions"])
            return {**self._stats, "state": self._name(), "state_transitions": edges}

    def call(self, func: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call a function that is not asynchronous."""
        if inspect.iscoroutinefunction(func):
            raise TypeError("coroutine functions need AsyncCircuitBreaker")
        with self.calling():
            result = func(*args, **kwargs)
            if inspect.iscoroutine(result):
                result.close()
                raise TypeError("coroutines need AsyncCircuitBreaker")
            return result

    @contextmanager
    def calling(self) -> Iterator[None]:
        """Protect a block; as many threads as like may be in one."""
        call = self._start()
        try:
            yield
        except BaseException as error:
            ignore = isinstance(error, self._ignored) or not isinstance(error, Exception)
            self._end(call, 0 if ignore else -1)
            raise
        self._end(call, +1)

    def __call__(self, func: Callable[P, R]) -> Callable[P, R]:
        """Decorate a function that is not asynchronous."""
        if inspect.iscoroutinefunction(func):
            raise TypeError("coroutine functions need AsyncCircuitBreaker")

        @functools.wraps(func)
        def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
            return self.call(func, *args, **kwargs)

        return wrapper

    def _start(self) -> int:
        with self._lock:
            now = time.monotonic()
            self._stats["requests"] += 1
            if self._until is not None:
                if now < self._until:
                    self._stats["calls_rejected"] += 1
                    raise CircuitIsOpen(self._until - now)
                self._turn("half_open", closed=False, until=None)
            if not self._closed:
                if self._probing >= self._probes:
                    self._stats["calls_rejected"] += 1
                    raise CircuitIsProbing("waiting for the outcome of a probe")
                self._probing += 1
            self._serial += 1
            self._calls[self._serial] = self._era, now
            return self._serial

    def _end(self, call: int, score: int) -> None:
        """``score`` is +1 for a success, -1 for a failure and 0 for neither."""
        with self._lock:
            now = time.monotonic()
            era, start = self._calls.pop(call)
            self._record(score, now, now - start)
            if era != self._era:
                return
            self._probing -= not self._closed
            if score < 0 and not self._closed:
                self._rounds += 1
                self._open(now)
            elif score < 0:
                self._streak += 1
                if self._streak >= self._maximum_failures:
                    self._open(now)
            elif score > 0 and not self._closed:
                self._streak += 1
                if self._streak >= self._recovery_successes:
                    self._rounds = 0
                    self._turn("closed", closed=True, until=None)
            elif score > 0:
                self._streak = 0

    def _record(self, score: int, now: float, took: float) -> None:
        stats = self._stats
        if score == 0:
            stats["ignored_count"] += 1
            return
        if score > 0:
            stats["success_count"] += 1
        else:
            stats["failure_count"] += 1
            stats["last_failure_time"] = now
        done = stats["success_count"] + stats["failure_count"]
        stats["error_rate"] = stats["failure_count"] / done
        stats["average_response_time"] += (took - stats["average_response_time"]) / done
        stats["slowest_response_time"] = max(stats["slowest_response_time"], took)

    def _open(self, now: float) -> None:
        period = self._period() * random.uniform(*self._jitter)
        self._turn("open", closed=False, until=now + min(period, self._max_open_timeout))

    def _period(self) -> float:
        """Compare in logarithms: they do not overflow."""
        if self._open_timeout == 0:
            return 0.0
        growth = self._rounds * math.log(self._timeout_factor)
        if growth >= math.log(self._max_open_timeout) - math.log(self._open_timeout):
            return self._max_open_timeout
        return self._open_timeout * math.exp(growth)

    def _turn(self, name: str, *, closed: bool, until: float | None) -> None:
        edge = f"{self._name()}->{name}"
        edges = self._stats["state_transitions"]
        edges[edge] = edges.get(edge, 0) + 1
        self._closed, self._until = closed, until
        self._era += 1
        self._streak = 0
        self._probing = 0

    def _name(self) -> str:
        if self._closed:
            return "closed"
        return "half_open" if self._until is None else "open"


class AsyncCircuitBreaker:
    """A ``CircuitBreaker`` for coroutines; takes the same settings."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        self.core = CircuitBreaker(*args, **settings)

    @property
    def is_closed(self) -> bool:
        return self.core.is_closed

    @property
    def is_open(self) -> bool:
        return self.core.is_open

    @property
    def is_half_open(self) -> bool:
        return self.core.is_half_open

    def get_stats(self) -> Stats:
        return self.core.get_stats()

    async def call(
        self, func: Callable[P, Awaitable[R]], /, *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Call and await."""
        with self.core.calling():
            return await func(*args, **kwargs)

    @asynccontextmanager
    async def calling(self) -> AsyncIterator[None]:
        """Protect a block."""
        with self.core.calling():
            yield

    def __call__(self, func: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
        """Decorate a coroutine function."""

        @functools.wraps(func)
        async def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
            return await self.call(func, *args, **kwargs)

        return wrapper


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{value!r} should be a whole number")
    if value < 1:
        raise ValueError(f"{value!r} should be at least 1")
    return value


def _real(value: object, least: float) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise TypeError(f"{value!r} should be a number")
    if not least <= value <= 1e12:
        raise ValueError(f"{value!r} should be between {least!r} and 1e12")
    return value
