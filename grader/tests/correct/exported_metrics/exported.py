"""A breaker whose only metrics are those that Prometheus scrapes."""

import math
import time
from collections.abc import Awaitable, Callable
from enum import Enum
from typing import TypeVar

from prometheus_client import Counter, Gauge

T = TypeVar("T")

CALLS = Counter("breaker_calls", "Calls by outcome", ["breaker", "outcome"])
TRANSITIONS = Counter(
    "breaker_state_transitions", "Changes of state", ["breaker", "from_state", "to_state"]
)
STATE = Gauge("breaker_state", "1 for the present state", ["breaker", "state"])


class CircuitState(str, Enum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


class BreakerOpenError(Exception):
    def __init__(self, name: str, retry_after: float) -> None:
        super().__init__(f"{name} rejects calls for {retry_after:.2f} s more")
        self.retry_after = retry_after


class CircuitBreaker:
    def __init__(
        self,
        name: str = "default",
        *,
        max_failures: int = 5,
        cooldown: float = 30.0,
        cooldown_multiplier: float = 2.0,
        max_cooldown: float = 600.0,
    ) -> None:
        if isinstance(max_failures, bool) or not isinstance(max_failures, int):
            raise TypeError("max_failures has to be an integer")
        for value in (cooldown, cooldown_multiplier, max_cooldown):
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise TypeError("times and the multiplier have to be numbers")
            if not math.isfinite(value):
                raise ValueError("times and the multiplier have to be finite")
        if max_failures < 1 or cooldown < 0 or cooldown_multiplier < 1 or max_cooldown < cooldown:
            raise ValueError("a setting is out of range")
        self.name = name
        self._max_failures = max_failures
        self._first_cooldown = self._cooldown = float(cooldown)
        self._multiplier = cooldown_multiplier
        self._max_cooldown = float(max_cooldown)
        self._failures = 0
        self._probing = False
        self._era = 0
        self._opened_at = 0.0
        self._state = CircuitState.CLOSED
        STATE.labels(name, CircuitState.CLOSED.value).set(1)

    @property
    def state(self) -> CircuitState:
        return self._state

    async def run(self, func: Callable[..., Awaitable[T]], /, *args: object, **kw: object) -> T:
        era = self._enter()
        try:
            result = await func(*args, **kw)
        except Exception:
            CALLS.labels(self.name, "failure").inc()
            self._failed(era)
            raise
        except BaseException:
            CALLS.labels(self.name, "cancelled").inc()
            if era == self._era:
                self._probing = False
            raise
        CALLS.labels(self.name, "success").inc()
        self._succeeded(era)
        return result

    def _enter(self) -> int:
        left = self._opened_at + self._cooldown - time.monotonic()
        if self._state is CircuitState.OPEN and left <= 0:
            self._change(CircuitState.HALF_OPEN)
        if self._state is CircuitState.OPEN or self._probing:
            CALLS.labels(self.name, "rejected").inc()
            raise BreakerOpenError(self.name, max(0.0, left))
        self._probing = self._state is CircuitState.HALF_OPEN
        return self._era

    def _failed(self, era: int) -> None:
        if era != self._era:
            return
        self._failures += 1
        if self._state is CircuitState.HALF_OPEN:
            self._cooldown = min(self._cooldown * self._multiplier, self._max_cooldown)
            self._open()
        elif self._failures >= self._max_failures:
            self._open()

    def _succeeded(self, era: int) -> None:
        if era != self._era:
            return
        self._failures = 0
        if self._state is CircuitState.HALF_OPEN:
            self._cooldown = self._first_cooldown
            self._change(CircuitState.CLOSED)

    def _open(self) -> None:
        self._opened_at = time.monotonic()
        self._change(CircuitState.OPEN)

    def _change(self, state: CircuitState) -> None:
        TRANSITIONS.labels(self.name, self._state.value, state.value).inc()
        STATE.labels(self.name, self._state.value).set(0)
        STATE.labels(self.name, state.value).set(1)
        self._state = state
        self._era += 1
        self._failures = 0
        self._probing = False
