"""A circuit breaker: it opens when half of the last twenty calls failed.

The share is built in; what can be set is how many calls there have to be. What was remembered is
dropped whenever the state changes.
"""

from __future__ import annotations

import math
import threading
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from enum import Enum
from typing import Any, TypeVar

T = TypeVar("T")


class Phase(Enum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


class CircuitOpenError(RuntimeError):
    pass


class CircuitBreaker:
    def __init__(
        self,
        min_calls: int = 5,
        reset_timeout: float = 30.0,
        backoff_multiplier: float = 2.0,
        max_reset_timeout: float = 3600.0,
    ) -> None:
        if type(min_calls) is not int or min_calls < 1:
            raise ValueError("min_calls must be a positive int")
        for value in (reset_timeout, backoff_multiplier, max_reset_timeout):
            if type(value) not in (int, float) or not math.isfinite(value):
                raise ValueError(f"{value!r} is not a finite number")
        if reset_timeout <= 0 or backoff_multiplier < 1 or max_reset_timeout < reset_timeout:
            raise ValueError("need 0 < reset_timeout <= max_reset_timeout, backoff_multiplier >= 1")
        self._min_calls = min_calls
        self._base, self._factor, self._cap = reset_timeout, backoff_multiplier, max_reset_timeout
        self._lock = threading.Lock()
        self._phase = Phase.CLOSED
        self._outcomes: deque[bool] = deque(maxlen=20)
        self._period = reset_timeout
        self._until = 0.0
        self._probe: object | None = None
        self._epoch = 0
        self._counts: Counter[str] = Counter()

    @property
    def phase(self) -> Phase:
        return self._phase

    def stats(self) -> dict[str, Any]:
        with self._lock:
            names = ("calls", "successes", "failures", "rejected", "transitions")
            return {**{name: self._counts[name] for name in names}, "phase": self._phase.value}

    def call(self, function: Callable[..., T], /, *args: Any, **kwargs: Any) -> T:
        token, epoch = self._enter()
        try:
            result = function(*args, **kwargs)
        except Exception:
            self._leave(token, epoch, ok=False)
            raise
        except BaseException:
            with self._lock:
                if self._probe is token:
                    self._probe = None
            raise
        self._leave(token, epoch, ok=True)
        return result

    async def call_async(
        self, function: Callable[..., Awaitable[T]], /, *args: Any, **kwargs: Any
    ) -> T:
        token, epoch = self._enter()
        try:
            result = await function(*args, **kwargs)
        except Exception:
            self._leave(token, epoch, ok=False)
            raise
        except BaseException:
            with self._lock:
                if self._probe is token:
                    self._probe = None
            raise
        self._leave(token, epoch, ok=True)
        return result

    def _enter(self) -> tuple[object, int]:
        token = object()
        with self._lock:
            self._counts["calls"] += 1
            if self._phase is Phase.OPEN and time.monotonic() >= self._until:
                self._become(Phase.HALF_OPEN)
            if self._phase is Phase.OPEN or (
                self._phase is Phase.HALF_OPEN and self._probe is not None
            ):
                self._counts["rejected"] += 1
                raise CircuitOpenError(self._phase.value)
            if self._phase is Phase.HALF_OPEN:
                self._probe = token
            return token, self._epoch

    def _leave(self, token: object, epoch: int, *, ok: bool) -> None:
        with self._lock:
            self._counts["successes" if ok else "failures"] += 1
            if epoch != self._epoch:
                return  # it was let in by a state that is over
            if self._probe is token:
                self._period = self._base if ok else min(self._cap, self._period * self._factor)
                self._become(Phase.CLOSED if ok else Phase.OPEN)
                return
            self._outcomes.append(ok)
            enough = len(self._outcomes) >= self._min_calls
            if enough and 2 * self._outcomes.count(False) >= len(self._outcomes):
                self._become(Phase.OPEN)

    def _become(self, phase: Phase) -> None:
        self._phase = phase
        self._epoch += 1
        self._probe = None
        self._outcomes.clear()
        self._counts["transitions"] += 1
        if phase is Phase.OPEN:
            self._until = time.monotonic() + self._period
