"""A circuit breaker over the calls of the last ten seconds: it opens when half of them failed.

A window with fewer calls than `minimum_calls` proves nothing. A cancelled call is a failure: whoever
gave up waiting did not get what was asked for. A probe that has not come back after six seconds
loses its place to another one.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

_WINDOW = 10.0
_LEASE = 6.0


class CircuitOpen(Exception):
    pass


class RollingBreaker:
    CLOSED, OPEN, HALF_OPEN = "closed", "open", "half_open"

    def __init__(
        self,
        *,
        minimum_calls: int = 10,
        open_seconds: float = 20.0,
        multiplier: float = 2.0,
        max_open_seconds: float = 1000.0,
        half_open_max_calls: int = 1,
    ) -> None:
        for name, value in (
            ("minimum_calls", minimum_calls),
            ("half_open_max_calls", half_open_max_calls),
        ):
            if type(value) is not int:
                raise TypeError(f"{name} must be an int")
            if value < 1:
                raise ValueError(f"{name} must be positive")
        for name, value, low in (
            ("open_seconds", open_seconds, 0.0),
            ("multiplier", multiplier, 1.0),
            ("max_open_seconds", max_open_seconds, open_seconds),
        ):
            if type(value) not in (int, float):
                raise TypeError(f"{name} must be a number")
            if not low <= value < float("inf"):
                raise ValueError(f"{name} is out of range")
        self._minimum, self._base, self._factor = minimum_calls, open_seconds, multiplier
        self._cap, self._limit = max_open_seconds, half_open_max_calls
        self.state = self.CLOSED
        self._calls: deque[tuple[float, bool]] = deque()
        self._leases: dict[object, float] = {}
        self._period, self._opened_at = open_seconds, 0.0
        self._metrics = dict.fromkeys(
            ("total_calls", "successes", "failures", "rejections", "state_changes"), 0
        )

    def get_metrics(self) -> dict[str, Any]:
        return {**self._metrics, "state": self.state}

    async def execute(
        self, func: Callable[..., Awaitable[Any]], /, *args: Any, **kwargs: Any
    ) -> Any:
        place = self._admit()
        try:
            result = await func(*args, **kwargs)
        except (Exception, asyncio.CancelledError):
            self._ended(place, failed=True)
            raise
        except BaseException:
            if place is not None:
                self._leases.pop(place, None)
            raise
        self._ended(place, failed=False)
        return result

    def _admit(self) -> object | None:
        now = time.monotonic()
        self._metrics["total_calls"] += 1
        if self.state == self.OPEN and now - self._opened_at >= self._period:
            self._become(self.HALF_OPEN)
        if self.state == self.CLOSED:
            return None
        self._leases = {p: at for p, at in self._leases.items() if now - at < _LEASE}
        if self.state == self.OPEN or len(self._leases) >= self._limit:
            self._metrics["rejections"] += 1
            raise CircuitOpen(self.state)
        place = object()
        self._leases[place] = now
        return place

    def _ended(self, place: object | None, *, failed: bool) -> None:
        now = time.monotonic()
        self._metrics["failures" if failed else "successes"] += 1
        if place is not None:
            if self._leases.pop(place, None) is None or self.state != self.HALF_OPEN:
                return
            if failed:
                self._period = min(self._cap, self._period * self._factor)
                self._open(now)
            else:
                self._period = self._base
                self._become(self.CLOSED)
            return
        if self.state != self.CLOSED:
            return
        self._calls.append((now, failed))
        while self._calls and now - self._calls[0][0] > _WINDOW:
            self._calls.popleft()
        failures = sum(bad for _, bad in self._calls)
        if len(self._calls) >= self._minimum and 2 * failures >= len(self._calls):
            self._open(now)

    def _open(self, now: float) -> None:
        self._opened_at = now
        self._become(self.OPEN)

    def _become(self, state: str) -> None:
        self.state = state
        self._calls.clear()
        self._leases.clear()
        self._metrics["state_changes"] += 1
