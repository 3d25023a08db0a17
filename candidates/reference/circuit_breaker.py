"""A circuit breaker for synchronous and asynchronous calls.

CLOSED lets every call through. ``failure_threshold`` failures in a row open the circuit: calls
are rejected for a while without being made. When the open period has passed the next call finds
the circuit HALF_OPEN and goes through as a probe. ``success_threshold`` good probes close it; one
bad probe opens it again, for longer: ``recovery_timeout``, then times ``backoff_multiplier`` per
failed round, up to ``max_recovery_timeout``. Closing starts over from ``recovery_timeout``.

Three rules keep the state honest when calls overlap:

* A lock guards the state and is held for a few assignments, never while a protected call or a
  listener runs. It belongs to no event loop: threads and tasks may share one breaker.
* A permit carries the generation in which it was given and every change of state begins a new
  generation. Whatever a call from an older one returns, late, no longer moves the circuit.
* A probe gives its slot back however it ends, be it cancelled or interrupted.
"""

from __future__ import annotations

import functools
import inspect
import logging
import random
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple, ParamSpec, TypeAlias, TypeVar, cast

__all__ = [
    "CircuitBreaker",
    "CircuitBreakerConfig",
    "CircuitBreakerMetrics",
    "CircuitOpenError",
    "CircuitState",
]

P = ParamSpec("P")
T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])

logger = logging.getLogger(__name__)


class CircuitState(StrEnum):
    """Where a breaker stands."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


ExceptionTypes: TypeAlias = type[BaseException] | tuple[type[BaseException], ...]
StateListener: TypeAlias = Callable[[str, CircuitState, CircuitState], object]
Transition: TypeAlias = tuple[CircuitState, CircuitState]


class CircuitOpenError(Exception):
    """The call was not made: the circuit is open, or half open with every probe slot taken.

    ``retry_after`` is the number of seconds until the breaker lets a probe through. It is 0.0
    when the circuit is half open: another probe may go as soon as a running one has ended.
    """

    def __init__(self, breaker_name: str, state: CircuitState, retry_after: float) -> None:
        super().__init__(breaker_name, state, retry_after)
        self.breaker_name = breaker_name
        self.state = state
        self.retry_after = retry_after

    def __str__(self) -> str:
        return f"circuit {self.breaker_name!r} is {self.state}, retry in {self.retry_after:.3f} s"


def _require_number(
    name: str,
    value: Any,
    kind: type[int | float],
    minimum: float,
    maximum: float = sys.float_info.max,
) -> None:
    if isinstance(value, bool) or not isinstance(value, int | kind):
        raise TypeError(f"{name} must be of type {kind.__name__}, got {value!r}")
    if not minimum <= value <= maximum:  # no NaN is, and no infinity
        raise ValueError(f"{name} must be from {minimum} to {maximum:g}, got {value}")


def _require_exceptions(name: str, value: object) -> None:
    for item in value if isinstance(value, tuple) else (value,):
        if not (isinstance(item, type) and issubclass(item, BaseException)):
            raise TypeError(f"{name} must be an exception type or a tuple of them, got {value!r}")


@dataclass(frozen=True, kw_only=True, slots=True)
class CircuitBreakerConfig:
    """The settings of a breaker. Times are in seconds.

    An exception is a failure if it is one of ``include_exceptions`` and none of
    ``exclude_exceptions``. Any other is neither a success nor a failure: with the default that
    goes for cancellations, KeyboardInterrupt and SystemExit.

    ``jitter`` is the share of an open period that chance may take off it: 0 takes nothing, 0.5
    up to half of it, 1 up to all of it. It is drawn once per period.

    Raises TypeError or ValueError for a setting that no breaker could honour.
    """

    failure_threshold: int = 5
    recovery_timeout: float = 30.0
    backoff_multiplier: float = 2.0
    max_recovery_timeout: float = 300.0
    jitter: float = 0.0
    half_open_max_calls: int = 1
    success_threshold: int = 1
    include_exceptions: ExceptionTypes = (Exception,)
    exclude_exceptions: ExceptionTypes = ()

    def __post_init__(self) -> None:
        _require_number("failure_threshold", self.failure_threshold, int, 1)
        _require_number("recovery_timeout", self.recovery_timeout, float, 0)
        _require_number("backoff_multiplier", self.backoff_multiplier, float, 1)
        _require_number(
            "max_recovery_timeout", self.max_recovery_timeout, float, self.recovery_timeout
        )
        _require_number("jitter", self.jitter, float, 0, 1)
        _require_number("half_open_max_calls", self.half_open_max_calls, int, 1)
        _require_number("success_threshold", self.success_threshold, int, 1)
        _require_exceptions("include_exceptions", self.include_exceptions)
        _require_exceptions("exclude_exceptions", self.exclude_exceptions)

    def is_failure(self, error: BaseException | None) -> bool:
        """Tell whether a call that ended in this exception, or in none, is a failure."""
        return isinstance(error, self.include_exceptions) and not isinstance(
            error, self.exclude_exceptions
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class CircuitBreakerMetrics:
    """What a breaker counted in its life, up to one moment. Times are readings of its clock.

    ``total_calls`` is the sum of successful, failed, ignored and rejected calls and of those that
    still run. An ignored call ended in an exception that does not count. Latencies are those of
    completed calls.
    """

    state: CircuitState = CircuitState.CLOSED
    total_calls: int = 0
    successful_calls: int = 0
    failed_calls: int = 0
    ignored_calls: int = 0
    rejected_calls: int = 0
    consecutive_failures: int = 0
    state_transitions: int = 0
    times_opened: int = 0
    average_latency: float = 0.0
    max_latency: float = 0.0
    last_success_time: float | None = None
    last_failure_time: float | None = None
    last_state_change_time: float | None = None

    @property
    def completed_calls(self) -> int:
        """The calls that succeeded or failed."""
        return self.successful_calls + self.failed_calls

    @property
    def failure_rate(self) -> float:
        """The share of failures among the completed calls; 0.0 before there are any."""
        return self.failed_calls / max(1, self.completed_calls)


class _Permit(NamedTuple):
    generation: int
    started_at: float


class _Guard:
    """One passage through a breaker, for one ``with`` or ``async with`` block."""

    __slots__ = ("_breaker", "_permit")

    def __init__(self, breaker: CircuitBreaker) -> None:
        self._breaker = breaker

    def __enter__(self) -> None:
        self._permit = self._breaker._admit()

    def __exit__(self, exc_type: object, exc: BaseException | None, tb: object) -> None:
        self._breaker._settle(self._permit, exc)

    async def __aenter__(self) -> None:
        self.__enter__()

    async def __aexit__(self, exc_type: object, exc: BaseException | None, tb: object) -> None:
        self.__exit__(exc_type, exc, tb)


class CircuitBreaker:
    """Stops calling what keeps failing and finds out by itself when it works again.

    Use it as a decorator, ``@breaker``, on plain functions and coroutine functions; as
    ``breaker.call(f, ...)`` or ``await breaker.call_async(f, ...)``; or around a block, as
    ``with breaker.guard():`` or ``async with breaker.guard():``. All of them raise
    CircuitOpenError instead of making the call, and let the call's own exceptions through as
    they are.

    A probe that never returns keeps its slot: give the protected call a timeout.

    ``on_state_change(name, old, new)`` is told of every change of state, after it happened. What
    it raises is logged and changes nothing. ``clock`` returns seconds and must not run backwards.
    """

    def __init__(
        self,
        name: str = "default",
        config: CircuitBreakerConfig | None = None,
        *,
        on_state_change: StateListener | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self.config = CircuitBreakerConfig() if config is None else config
        self._on_state_change = on_state_change
        self._clock = clock
        self._lock = threading.Lock()
        self._state = CircuitState.CLOSED
        self._generation = 0
        self._in_flight = 0  # calls admitted in this generation and not yet settled
        self._failures = 0  # in a row
        self._probe_successes = 0  # in this half-open round
        self._open_period = self.config.recovery_timeout  # the present one, or else the next
        self._open_until = 0.0
        self._tally: dict[str, Any] = defaultdict(int)  # by the field of the metrics

    @property
    def state(self) -> CircuitState:
        """The present state. OPEN turns into HALF_OPEN when a call arrives, not before."""
        return self._state

    @property
    def metrics(self) -> CircuitBreakerMetrics:
        """A snapshot of the counters."""
        with self._lock:
            return CircuitBreakerMetrics(
                state=self._state, consecutive_failures=self._failures, **self._tally
            )

    def guard(self) -> _Guard:
        """Protect one block: ``with breaker.guard():`` or ``async with breaker.guard():``."""
        return _Guard(self)

    def call(self, func: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a plain function through the breaker."""
        with self.guard():
            result = func(*args, **kwargs)
            if inspect.iscoroutine(result):
                result.close()
                raise TypeError("call() cannot await a coroutine; use call_async()")
            return result

    async def call_async(
        self, func: Callable[P, Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Call a function through the breaker and await what it returns."""
        async with self.guard():
            return await func(*args, **kwargs)

    def __call__(self, func: F) -> F:
        """Decorate a function; a coroutine function stays one."""
        if inspect.iscoroutinefunction(func) or inspect.iscoroutinefunction(type(func).__call__):

            @functools.wraps(func)
            async def async_wrapper(*args: Any, **kwargs: Any) -> Any:
                return await self.call_async(func, *args, **kwargs)

            return cast("F", async_wrapper)

        @functools.wraps(func)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            return self.call(func, *args, **kwargs)

        return cast("F", wrapper)

    def reset(self) -> None:
        """Close the circuit by hand and forget the failures that led here, but not the totals."""
        self._force(CircuitState.CLOSED)

    def force_open(self) -> None:
        """Open the circuit by hand, from now on for the period that is due."""
        self._force(CircuitState.OPEN)

    def _force(self, state: CircuitState) -> None:
        with self._lock:
            transition = self._enter(state, self._clock())
        self._publish(transition)

    def _admit(self) -> _Permit:
        """Let a call in, as a probe if need be, or raise CircuitOpenError."""
        transition = None
        with self._lock:
            now = self._clock()
            self._count("total_calls")
            if self._state is CircuitState.OPEN and now >= self._open_until:
                transition = self._enter(CircuitState.HALF_OPEN, now)
            slots_taken = self._in_flight >= self.config.half_open_max_calls
            if self._state is CircuitState.OPEN or (
                self._state is CircuitState.HALF_OPEN and slots_taken
            ):
                self._count("rejected_calls")
                raise CircuitOpenError(self.name, self._state, max(0.0, self._open_until - now))
            self._in_flight += 1
            permit = _Permit(self._generation, now)
        try:
            self._publish(transition)
        except BaseException as interrupt:
            self._settle(permit, interrupt)
            raise
        return permit

    def _settle(self, permit: _Permit, error: BaseException | None) -> None:
        """Count a call that ended and, unless it comes too late, draw the consequences."""
        failed = self.config.is_failure(error)
        transition = None
        with self._lock:
            now = self._clock()
            latency = now - permit.started_at
            if failed:
                self._count("failed_calls", last_failure_time=now)
                self._measure(latency)
            elif error is None:
                self._count("successful_calls", last_success_time=now)
                self._measure(latency)
            else:
                self._count("ignored_calls")
            if permit.generation == self._generation:
                self._in_flight -= 1
                if failed:
                    transition = self._after_failure(now)
                elif error is None:
                    transition = self._after_success(now)
        self._publish(transition)

    def _after_failure(self, now: float) -> Transition | None:
        self._failures += 1
        if self._state is CircuitState.HALF_OPEN:
            longer = self._open_period * self.config.backoff_multiplier
            self._open_period = min(longer, self.config.max_recovery_timeout)
            return self._enter(CircuitState.OPEN, now)
        if self._failures >= self.config.failure_threshold:
            return self._enter(CircuitState.OPEN, now)
        return None

    def _after_success(self, now: float) -> Transition | None:
        self._failures = 0
        if self._state is CircuitState.HALF_OPEN:
            self._probe_successes += 1
            if self._probe_successes >= self.config.success_threshold:
                return self._enter(CircuitState.CLOSED, now)
        return None

    def _enter(self, state: CircuitState, now: float) -> Transition | None:
        """Begin a new generation; the lock is held. None if the state stays the same."""
        old, self._state = self._state, state
        self._generation += 1
        self._in_flight = 0
        self._probe_successes = 0
        if state is CircuitState.CLOSED:
            self._failures = 0
            self._open_period = self.config.recovery_timeout
        elif state is CircuitState.OPEN:
            taken_off = self.config.jitter * random.random()
            self._open_until = now + self._open_period * (1.0 - taken_off)
        if old is state:
            return None
        self._count("state_transitions", last_state_change_time=now)
        if state is CircuitState.OPEN:
            self._count("times_opened")
        return old, state

    def _count(self, counter: str, **times: float) -> None:
        self._tally[counter] += 1
        self._tally.update(times)

    def _measure(self, latency: float) -> None:
        """Add the latency of a call that is already counted."""
        tally = self._tally
        average, count = tally["average_latency"], tally["successful_calls"] + tally["failed_calls"]
        tally["average_latency"] = average + (latency - average) / count
        tally["max_latency"] = max(latency, tally["max_latency"])

    def _publish(self, transition: Transition | None) -> None:
        """Tell the listener, outside the lock."""
        if transition is None or self._on_state_change is None:
            return
        try:
            self._on_state_change(self.name, *transition)
        except Exception:
            logger.exception("on_state_change of circuit %r failed", self.name)
