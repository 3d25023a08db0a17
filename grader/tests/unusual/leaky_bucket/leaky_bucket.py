"""A circuit breaker whose failures drip away: a bucket that overflows opens the circuit.

Each failure fills the bucket by one; it leaks one failure in twenty seconds, evenly. What a probe
finds out counts for as long as it takes: the failure of a probe opens the circuit, even where
another probe of the same round closed it a moment before.
"""

from __future__ import annotations

import enum
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

_LEAK = 1 / 20.0


class State(enum.Enum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class BucketOverflow(Exception):
    """The circuit is open."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"open, retry in {retry_after:.3f} s")
        self.retry_after = retry_after


@dataclass
class Stats:
    calls: int = 0
    successes: int = 0
    failures: int = 0
    rejections: int = 0
    transitions: int = 0


@dataclass
class _Ticket:
    round: int
    probe: bool


class LeakyBreaker:
    def __init__(
        self,
        failure_threshold: int = 5,
        recovery_timeout: float = 30.0,
        backoff_multiplier: float = 2.0,
        max_recovery_timeout: float = 600.0,
        half_open_max_calls: int = 1,
        success_threshold: int = 1,
    ) -> None:
        for name, value, least in (
            ("failure_threshold", failure_threshold, 1),
            ("half_open_max_calls", half_open_max_calls, 1),
            ("success_threshold", success_threshold, 1),
        ):
            if isinstance(value, bool) or not isinstance(value, int):
                raise TypeError(f"{name} must be a whole number")
            if value < least:
                raise ValueError(f"{name} must be at least {least}")
        for name, value, low in (
            ("recovery_timeout", recovery_timeout, 0.0),
            ("backoff_multiplier", backoff_multiplier, 1.0),
            ("max_recovery_timeout", max_recovery_timeout, recovery_timeout),
        ):
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise TypeError(f"{name} must be a number")
            if not low <= value < float("inf"):
                raise ValueError(f"{name} must be at least {low} and finite")
        self._threshold, self._base = failure_threshold, recovery_timeout
        self._factor, self._cap = backoff_multiplier, max_recovery_timeout
        self._limit, self._needed = half_open_max_calls, success_threshold
        self._state, self._round = State.CLOSED, 0
        self._level, self._level_at = 0.0, time.monotonic()
        self._period, self._until = recovery_timeout, 0.0
        self._probes = self._good = 0
        self._stats = Stats()

    @property
    def state(self) -> State:
        return self._state

    @property
    def metrics(self) -> dict[str, Any]:
        return {**vars(self._stats), "state": self._state.value}

    async def call(self, func: Callable[..., Awaitable[Any]], /, *args: Any, **kwargs: Any) -> Any:
        ticket = self._enter()
        try:
            result = await func(*args, **kwargs)
        except Exception:
            self._leave(ticket)
            self._stats.failures += 1
            self._failed(ticket)
            raise
        except BaseException:
            self._leave(ticket)
            raise
        self._leave(ticket)
        self._stats.successes += 1
        self._succeeded(ticket)
        return result

    def _enter(self) -> _Ticket:
        now = time.monotonic()
        self._stats.calls += 1
        if self._state is State.OPEN and now >= self._until:
            self._go(State.HALF_OPEN)
        full = self._state is State.HALF_OPEN and self._probes >= self._limit
        if self._state is State.OPEN or full:
            self._stats.rejections += 1
            raise BucketOverflow(max(0.0, self._until - now))
        probe = self._state is State.HALF_OPEN
        self._probes += probe
        return _Ticket(self._round, probe)

    def _leave(self, ticket: _Ticket) -> None:
        if ticket.probe and ticket.round == self._round:
            self._probes -= 1

    def _failed(self, ticket: _Ticket) -> None:
        now = time.monotonic()
        if ticket.probe:
            if self._state is not State.OPEN:
                self._period = min(self._cap, self._period * self._factor)
                self._open(now)
            return
        if self._state is not State.CLOSED:
            return
        self._level = max(0.0, self._level - (now - self._level_at) * _LEAK) + 1.0
        self._level_at = now
        if self._level > self._threshold - 1e-9:
            self._open(now)

    def _succeeded(self, ticket: _Ticket) -> None:
        if self._state is State.HALF_OPEN and ticket.probe and ticket.round == self._round:
            self._good += 1
            if self._good >= self._needed:
                self._period = self._base
                self._level = 0.0
                self._go(State.CLOSED)
        elif self._state is State.CLOSED:
            self._level = max(0.0, self._level - 1.0) if not ticket.probe else self._level

    def _open(self, now: float) -> None:
        self._until = now + self._period
        self._level = 0.0
        self._go(State.OPEN)

    def _go(self, state: State) -> None:
        self._state = state
        self._round += 1
        self._probes = self._good = 0
        self._stats.transitions += 1
