"""A circuit breaker to which a slow answer is no answer: after five seconds a success is a failure.

It is used as `async with breaker:`. A probe that is cancelled leaves things as they were before it: open,
with the period over.
"""

from __future__ import annotations

import contextvars
import time
from types import TracebackType
from typing import Any

_SLOW = 5.0
_entries: contextvars.ContextVar[tuple[tuple[int, bool, float], ...]] = contextvars.ContextVar(
    "entries", default=()
)


class BreakerOpenError(Exception):
    pass


class SlowBreaker:
    def __init__(
        self,
        max_failures: int = 5,
        reset_timeout: float = 10.0,
        multiplier: float = 2.0,
        max_reset_timeout: float = 900.0,
    ) -> None:
        if type(max_failures) is not int or max_failures < 1:
            raise ValueError("max_failures must be a positive int")
        for value, low in ((reset_timeout, 0), (multiplier, 1), (max_reset_timeout, reset_timeout)):
            if type(value) not in (int, float) or not low <= value < float("inf"):
                raise ValueError(f"{value!r} is not a finite number from {low}")
        self._max, self._base = max_failures, reset_timeout
        self._multiplier, self._cap = multiplier, max_reset_timeout
        self._bad, self._round, self._probing = 0, 0, False
        self._open_since: float | None = None
        self._period = reset_timeout
        self.calls = self.successes = self.failures = self.rejections = self.transitions = 0

    @property
    def state(self) -> str:
        if self._probing:
            return "half_open"
        return "closed" if self._open_since is None else "open"

    def metrics(self) -> dict[str, Any]:
        names = ("calls", "successes", "failures", "rejections", "transitions", "state")
        return {name: getattr(self, name) for name in names}

    async def __aenter__(self) -> SlowBreaker:
        now = time.monotonic()
        self.calls += 1
        probe = False
        if self._open_since is not None:
            if self._probing or now - self._open_since < self._period:
                self.rejections += 1
                raise BreakerOpenError("open")
            self._probing = probe = True
            self._round += 1
            self.transitions += 1
        _entries.set((*_entries.get(), (self._round, probe, now)))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        *rest, (entered, probe, since) = _entries.get()
        _entries.set(tuple(rest))
        now = time.monotonic()
        void = error is not None and not isinstance(error, Exception)
        bad = not void and (error is not None or now - since > _SLOW)
        if not void:
            self.failures += error is not None
            self.successes += error is None
        if entered != self._round:
            return
        if probe:
            self._probing = False
            self._round += 1
            if void:
                self.transitions += 1
            elif bad:
                self._period = min(self._cap, self._period * self._multiplier)
                self._open(now)
            else:
                self._open_since, self._bad, self._period = None, 0, self._base
                self.transitions += 1
        elif not void and self._open_since is None:
            self._bad = self._bad + 1 if bad else 0
            if self._bad >= self._max:
                self._open(now)

    def _open(self, now: float) -> None:
        self._open_since, self._bad = now, 0
        self._round += 1
        self.transitions += 1
