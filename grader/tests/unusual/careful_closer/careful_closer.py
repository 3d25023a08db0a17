"""A circuit breaker that closes carefully: on good probes in a row, and with none in the air.

A cancelled probe proves nothing, and breaks the row. The circuit closes once enough probes in a
row were good and every probe of the round has come back.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any


class Rejected(Exception):
    pass


class CarefulBreaker:
    def __init__(
        self,
        failure_threshold: int = 3,
        recovery_timeout: float = 10.0,
        backoff_factor: float = 2.0,
        max_timeout: float = 3600.0,
        half_open_limit: int = 1,
        success_threshold: int = 1,
    ) -> None:
        whole = {
            "failure_threshold": failure_threshold,
            "half_open_limit": half_open_limit,
            "success_threshold": success_threshold,
        }
        for name, value in whole.items():
            if type(value) is not int or value < 1:
                raise ValueError(f"{name} must be a positive int")
        real = {
            "recovery_timeout": (recovery_timeout, 0),
            "backoff_factor": (backoff_factor, 1),
            "max_timeout": (max_timeout, recovery_timeout),
        }
        for name, (value, low) in real.items():
            if type(value) not in (int, float) or not low <= value < float("inf"):
                raise ValueError(f"{name} must be a finite number from {low}")
        self._config = (failure_threshold, recovery_timeout, backoff_factor, max_timeout)
        self._limit, self._wanted = half_open_limit, success_threshold
        self._state, self._round = "closed", 0
        self._row = self._failures = self._flying = 0
        self._period, self._due = recovery_timeout, 0.0
        self.counts = {k: 0 for k in ("calls", "successes", "failures", "rejected", "changes")}

    @property
    def state(self) -> str:
        return self._state

    def stats(self) -> dict[str, Any]:
        return dict(self.counts, state=self._state)

    async def call(self, func: Callable[..., Awaitable[Any]], /, *args: Any, **kwargs: Any) -> Any:
        if self._state == "open" and time.monotonic() >= self._due:
            self._turn("half_open")
        self.counts["calls"] += 1
        if self._state == "open" or (self._state == "half_open" and self._flying >= self._limit):
            self.counts["rejected"] += 1
            raise Rejected(self._state)
        mine = self._round
        self._flying += 1
        how = "void"
        try:
            result = await func(*args, **kwargs)
            how = "good"
        except Exception:
            how = "bad"
            raise
        finally:
            self._back(mine, how)
        return result

    def _back(self, mine: int, how: str) -> None:
        self.counts["successes"] += how == "good"
        self.counts["failures"] += how == "bad"
        if mine != self._round:
            return
        self._flying -= 1
        threshold, base, factor, cap = self._config
        if self._state == "closed":
            if how == "void":
                return
            self._failures = self._failures + 1 if how == "bad" else 0
            if self._failures >= threshold:
                self._open()
        elif how == "bad":
            self._period = min(cap, self._period * factor)
            self._open()
        else:
            self._row = self._row + 1 if how == "good" else 0
            if self._row >= self._wanted and not self._flying:
                self._period = base
                self._turn("closed")

    def _open(self) -> None:
        self._due = time.monotonic() + self._period
        self._turn("open")

    def _turn(self, state: str) -> None:
        self._state = state
        self._round += 1
        self._row = self._failures = self._flying = 0
        self.counts["changes"] += 1
