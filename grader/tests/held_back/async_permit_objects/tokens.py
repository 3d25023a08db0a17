"""await breaker.acquire() gives a permit: exactly one of success(), failure(exc) or cancel() ends it."""
from __future__ import annotations

import asyncio
import functools
import time
from dataclasses import dataclass
from typing import Any, Awaitable, Callable


class Rejected(Exception):
    """The circuit breaker turned the call away."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"rejected; try again in {retry_after:.3f} seconds")
        self.retry_after = retry_after


@dataclass(slots=True)
class Permit:
    breaker: "CircuitBreaker"
    stage: int
    used: bool = False

    async def success(self) -> None:
        self._end(True)

    async def failure(self, exc: BaseException | None = None) -> None:
        self._end(False)

    async def cancel(self) -> None:
        self._end(None)

    def _end(self, good: bool | None) -> None:
        if not self.used:
            self.used = True
            self.breaker._ended(self.stage, good)

    async def __aenter__(self) -> "Permit":
        return self

    async def __aexit__(self, kind, exc, tb) -> bool:
        if exc is None:
            self._end(True)
        elif isinstance(exc, Exception):
            self._end(False)
        else:
            self._end(None)
        return False


class CircuitBreaker:
    def __init__(self, options: dict[str, Any] | None = None, **overrides: Any) -> None:
        known = {"trip_threshold": 5, "retry_timeout": 10.0, "timeout_factor": 2.0, "retry_timeout_max": 300.0, "max_probes": 1}
        given = {**(options or {}), **overrides}
        if unknown := set(given) - set(known):
            raise TypeError(f"unknown options: {sorted(unknown)}")
        merged = {**known, **given}
        self.trip_threshold = self._whole("trip_threshold", merged["trip_threshold"])
        self.max_probes = self._whole("max_probes", merged["max_probes"])
        self.retry_timeout = self._real("retry_timeout", merged["retry_timeout"], 0.0)
        self.timeout_factor = self._real("timeout_factor", merged["timeout_factor"], 1.0)
        self.retry_timeout_max = self._real("retry_timeout_max", merged["retry_timeout_max"], self.retry_timeout)
        self._state = "CLOSED"
        self._stage = 0
        self._streak = 0
        self._probing = 0
        self._timeout = self.retry_timeout
        self._deadline = 0.0
        self.total_requests = 0
        self.total_successes = 0
        self.total_failures = 0
        self.total_rejections = 0
        self.state_changes: list[tuple[str, str]] = []

    @staticmethod
    def _whole(label: str, value: Any) -> int:
        if not isinstance(value, int) or value < 1:
            raise ValueError(f"{label} must be an integer above 0")
        return value

    @staticmethod
    def _real(label: str, value: Any, low: float) -> float:
        if not isinstance(value, (int, float)) or not low <= value < float("inf"):
            raise ValueError(f"{label} must be a finite number not below {low}")
        return float(value)

    @property
    def status(self) -> str:
        return self._state

    def _enter(self, state: str) -> None:
        self.state_changes.append((self._state, state))
        del self.state_changes[:-1000]
        self._state = state
        self._stage += 1
        self._streak = self._probing = 0
        if state == "OPEN":
            self._deadline = time.monotonic() + self._timeout

    async def acquire(self) -> Permit:
        self.total_requests += 1
        left = self._deadline - time.monotonic()
        if self._state == "OPEN" and left <= 0:
            self._enter("HALF_OPEN")
        if self._state == "OPEN" or (self._state == "HALF_OPEN" and self._probing >= self.max_probes):
            self.total_rejections += 1
            raise Rejected(max(left, 0.0))
        self._probing += 1
        return Permit(self, self._stage)

    def _ended(self, stage: int, good: bool | None) -> None:
        if good:
            self.total_successes += 1
        elif good is False:
            self.total_failures += 1
        if stage != self._stage:
            return
        self._probing -= 1
        if good is None:
            return
        if self._state == "HALF_OPEN":
            if good:
                self._timeout = self.retry_timeout
                self._enter("CLOSED")
            else:
                self._timeout = min(self._timeout * self.timeout_factor, self.retry_timeout_max)
                self._enter("OPEN")
        elif good:
            self._streak = 0
        else:
            self._streak += 1
            if self._streak >= self.trip_threshold:
                self._enter("OPEN")

    def guard(self, fn: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        @functools.wraps(fn)
        async def guarded(*args: Any, **kwargs: Any) -> Any:
            async with await self.acquire():
                return await fn(*args, **kwargs)
        return guarded
