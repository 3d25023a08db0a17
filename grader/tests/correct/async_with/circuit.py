"""A circuit breaker around a block of asynchronous code.

    breaker = CircuitBreaker(fail_max=3, reset_timeout=timedelta(seconds=10))

    async with breaker:
        reply = await client.get(url)

Entering raises CircuitBreakerOpen while the circuit is open. The way the block is left tells the
breaker how it went. Many tasks may be inside at once: what belongs to one entry lives in the
context of the task that entered, not on the breaker.

Time is the running loop's. Nothing is locked, because nothing here awaits; the price is that a
breaker belongs to one thread.
"""

from __future__ import annotations

import asyncio
import dataclasses
from contextvars import ContextVar
from datetime import timedelta
from enum import Enum, auto
from random import random
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from types import TracebackType

ExceptionTypes: TypeAlias = type[BaseException] | tuple[type[BaseException], ...]

LONGEST = timedelta(days=365_000)


class State(Enum):
    CLOSED = auto()
    OPEN = auto()
    HALF_OPEN = auto()


class CircuitBreakerOpen(Exception):
    """The block was not entered. ``retry_after`` is a timedelta, zero while a trial runs."""

    def __init__(self, state: State, retry_after: timedelta) -> None:
        super().__init__(state, retry_after)
        self.state = state
        self.retry_after = retry_after

    def __str__(self) -> str:
        return f"circuit is {self.state.name}, retry after {self.retry_after}"


@dataclasses.dataclass
class Snapshot:
    """Totals at one moment. Times are seconds on the loop's clock."""

    state: str = "CLOSED"
    attempts: int = 0
    successes: int = 0
    failures: int = 0
    neutral: int = 0
    short_circuited: int = 0
    transitions: int = 0
    trip_count: int = 0
    opened_at: float | None = None
    closed_at: float | None = None
    last_failure_time: float | None = None
    slowest: float = 0.0
    fastest: float | None = None

    def as_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


@dataclasses.dataclass(eq=False)
class _Entry:
    """One passage. ``valid`` is taken away when the state in which it began is over."""

    breaker: CircuitBreaker
    at: float
    valid: bool = True


_entries: ContextVar[tuple[_Entry, ...]] = ContextVar("circuit_entries", default=())


class CircuitBreaker:
    """``async with`` it.

    fail_max                failures in a row that open the circuit
    reset_timeout           how long it stays open the first time
    backoff_factor          by what the next open period is longer than the one before
    max_reset_timeout       the longest open period
    jitter                  up to this share is added to a period, at most to the longest one
    half_open_max_requests  entries at a time while half-open
    successes_to_close      good ones in a row until it closes
    ignored_exceptions      neither success nor failure, like cancellations
    """

    def __init__(
        self,
        fail_max: int = 5,
        reset_timeout: timedelta = timedelta(seconds=30),
        *,
        backoff_factor: float = 2.0,
        max_reset_timeout: timedelta = timedelta(hours=1),
        jitter: float = 0.0,
        half_open_max_requests: int = 1,
        successes_to_close: int = 1,
        ignored_exceptions: ExceptionTypes = (),
    ) -> None:
        self._fail_max = _positive(fail_max, "fail_max")
        self._slots = _positive(half_open_max_requests, "half_open_max_requests")
        self._needed = _positive(successes_to_close, "successes_to_close")
        self._base = _duration(reset_timeout, "reset_timeout", timedelta(0))
        self._longest = _duration(max_reset_timeout, "max_reset_timeout", reset_timeout)
        self._factor = _ratio(backoff_factor, "backoff_factor", 1.0, 1e6)
        self._jitter = _ratio(jitter, "jitter", 0.0, 1.0)
        isinstance(None, ignored_exceptions)  # a TypeError now rather than at the first failure
        self._ignored = ignored_exceptions

        self._state = State.CLOSED
        self._inside: set[_Entry] = set()
        self._score = 0  # failures while closed, successes while half-open
        self._period = self._base
        self._reopens_at = 0.0
        self._seen = Snapshot()

    @property
    def state(self) -> State:
        return self._state

    def snapshot(self) -> Snapshot:
        return dataclasses.replace(self._seen, state=self._state.name)

    def reset(self) -> None:
        """Close the circuit, whatever it was."""
        self._become(State.CLOSED)

    async def __aenter__(self) -> None:
        now = asyncio.get_running_loop().time()
        self._seen.attempts += 1
        if self._state is State.OPEN and now >= self._reopens_at:
            self._become(State.HALF_OPEN)
        if self._state is State.OPEN:
            self._seen.short_circuited += 1
            raise CircuitBreakerOpen(self._state, timedelta(seconds=self._reopens_at - now))
        if self._state is State.HALF_OPEN and len(self._inside) == self._slots:
            self._seen.short_circuited += 1
            raise CircuitBreakerOpen(self._state, timedelta(0))
        entry = _Entry(self, now)
        self._inside.add(entry)
        _entries.set((*_entries.get(), entry))

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        entered = _entries.get()
        entry = next(e for e in reversed(entered) if e.breaker is self)
        _entries.set(tuple(e for e in entered if e is not entry))

        now = asyncio.get_running_loop().time()
        failed = isinstance(error, Exception) and not isinstance(error, self._ignored)
        if error is not None and not failed:
            self._seen.neutral += 1
            self._inside.discard(entry)
            return
        took = now - entry.at
        fastest = self._seen.fastest
        self._seen.fastest = took if fastest is None else min(fastest, took)
        self._seen.slowest = max(self._seen.slowest, took)
        if failed:
            self._seen.failures += 1
            self._seen.last_failure_time = now
        else:
            self._seen.successes += 1

        if entry.valid:
            self._inside.remove(entry)
            if failed:
                self._on_failure(now)
            else:
                self._on_success(now)

    def _on_failure(self, now: float) -> None:
        if self._state is State.CLOSED:
            self._score += 1
            if self._score < self._fail_max:
                return
        else:
            longer = self._period.total_seconds() * self._factor
            self._period = timedelta(seconds=min(longer, self._longest.total_seconds()))
        stay = min(self._period * (1 + self._jitter * random()), self._longest)
        self._reopens_at = now + stay.total_seconds()
        self._seen.opened_at = now
        self._seen.trip_count += 1
        self._become(State.OPEN)

    def _on_success(self, now: float) -> None:
        if self._state is State.CLOSED:
            self._score = 0
            return
        self._score += 1
        if self._score == self._needed:
            self._seen.closed_at = now
            self._become(State.CLOSED)

    def _become(self, state: State) -> None:
        if state is not self._state:
            self._seen.transitions += 1
        if state is State.CLOSED:
            self._period = self._base
        self._state = state
        self._score = 0
        for entry in self._inside:
            entry.valid = False
        self._inside.clear()


def _positive(value: Any, name: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{name} is a whole number, not {value!r}")
    if value < 1:
        raise ValueError(f"{name} is at least 1, not {value}")
    return value


def _duration(value: Any, name: str, least: timedelta) -> timedelta:
    if not isinstance(value, timedelta):
        raise TypeError(f"{name} is a timedelta, not {value!r}")
    if not least <= value <= LONGEST:
        raise ValueError(f"{name} is between {least} and {LONGEST}, not {value}")
    return value


def _ratio(value: Any, name: str, least: float, most: float) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise TypeError(f"{name} is a number, not {value!r}")
    if not least <= value <= most:
        raise ValueError(f"{name} is between {least} and {most}, not {value}")
    return value
