"""An asyncio circuit breaker configured by a plain dataclass.

Everything between two awaits is atomic for a single event loop, so this breaker needs no lock.
Use one instance per loop at a time; several loops one after another are fine.
"""

from __future__ import annotations

import dataclasses
import enum
import inspect
import logging
import math
import random
import time
from collections import deque
from collections.abc import Callable
from typing import Any

log = logging.getLogger(__name__)


class CircuitBreakerState(enum.Enum):
    CLOSED = "CLOSED"
    OPEN = "OPEN"
    HALF_OPEN = "HALF_OPEN"


class CircuitBreakerError(Exception):
    """Raised instead of making the call."""

    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


@dataclasses.dataclass
class CircuitBreakerConfig:
    """Settings; seconds where times are meant. The breaker checks and copies them."""

    failure_threshold: int = 5
    success_threshold: int = 2
    recovery_timeout: float = 60.0
    backoff_multiplier: float = 2.0
    max_recovery_timeout: float = 3600.0
    half_open_max_calls: int = 1
    jitter: bool = False  # full jitter: each open period is drawn from 0 … the nominal one
    expected_exceptions: tuple[type[BaseException], ...] = (Exception,)
    excluded_exceptions: tuple[type[BaseException], ...] = ()

    def validate(self) -> None:
        """Raise ValueError or TypeError for settings that make no sense."""
        for name in ("failure_threshold", "success_threshold", "half_open_max_calls"):
            value = getattr(self, name)
            if type(value) is not int:
                raise TypeError(f"{name} must be an integer, not {value!r}")
            if value <= 0:
                raise ValueError(f"{name} must be positive, not {value!r}")
        for name in ("recovery_timeout", "backoff_multiplier", "max_recovery_timeout"):
            value = getattr(self, name)
            if type(value) not in {int, float}:
                raise TypeError(f"{name} must be a number, not {value!r}")
            if not (value <= 1e15 and math.isfinite(value)):
                raise ValueError(f"{name} must be a reasonable number, not {value!r}")
        if self.recovery_timeout < 0.001:
            raise ValueError("recovery_timeout must be at least a millisecond")
        if self.backoff_multiplier < 1:
            raise ValueError("backoff_multiplier must be at least 1")
        if self.max_recovery_timeout < self.recovery_timeout:
            raise ValueError("max_recovery_timeout must not be less than recovery_timeout")
        # A list or a single type would do for a reader, but not for isinstance().
        self.expected_exceptions = _as_tuple(self.expected_exceptions)
        self.excluded_exceptions = _as_tuple(self.excluded_exceptions)


def _as_tuple(types: Any) -> tuple[type[BaseException], ...]:
    found = (types,) if isinstance(types, type) else tuple(types)
    if not all(isinstance(t, type) and issubclass(t, BaseException) for t in found):
        raise TypeError(f"expected exception types, not {types!r}")
    return found


class CircuitBreaker:
    """``await breaker.call(func, *args, **kwargs)`` calls, awaits, and watches the outcome."""

    HISTORY = 50

    def __init__(
        self,
        name: str = "circuit",
        config: CircuitBreakerConfig | None = None,
        on_state_change: Callable[[CircuitBreakerState, CircuitBreakerState], object] | None = None,
    ) -> None:
        self.name = name
        self.config = dataclasses.replace(config if config is not None else CircuitBreakerConfig())
        self.config.validate()
        self.on_state_change = on_state_change
        self._state = CircuitBreakerState.CLOSED
        self._epoch = 0  # rises with every transition; a call belongs to the one it began in
        self._streak = 0  # failures while closed, successes while half-open
        self._probes = 0
        self._failed_rounds = 0
        self._opened_at = 0.0
        self._open_for = 0.0
        self._total = self._succeeded = self._failed = self._rejected = self._cancelled = 0
        self._changes = 0
        self._history: deque[dict[str, Any]] = deque(maxlen=self.HISTORY)
        self._durations: deque[float] = deque(maxlen=1000)
        self._last_failure: float | None = None
        self._last_success: float | None = None

    @property
    def state(self) -> CircuitBreakerState:
        return self._state

    async def call(self, func: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Call ``func`` and await its result if it can be awaited."""
        epoch = self._enter()
        began = time.monotonic()
        try:
            result = func(*args, **kwargs)
            if inspect.isawaitable(result):
                result = await result
        except BaseException as error:
            self._leave(epoch, began, error)
            raise
        self._leave(epoch, began, None)
        return result

    def reset(self) -> None:
        """Close the circuit now; counters of calls stay."""
        self._failed_rounds = 0
        self._switch(CircuitBreakerState.CLOSED)

    def force_open(self) -> None:
        """Open the circuit now, for one open period."""
        self._open()

    def get_metrics(self) -> dict[str, Any]:
        """A fresh dictionary, ready for ``json.dumps``."""
        done = self._succeeded + self._failed
        durations = sorted(self._durations)
        return {
            "name": self.name,
            "state": self._state.value,
            "total_calls": self._total,
            "successful_calls": self._succeeded,
            "failed_calls": self._failed,
            "rejected_calls": self._rejected,
            "uncounted_calls": self._cancelled,
            "failure_rate": self._failed / done if done else 0.0,
            "state_changes": self._changes,
            "transitions": [dict(entry) for entry in self._history],
            "last_failure_time": self._last_failure,
            "last_success_time": self._last_success,
            "latency": {
                "min": durations[0] if durations else None,
                "avg": _mean(durations) if durations else None,
                "p95": durations[int(0.95 * (len(durations) - 1))] if durations else None,
                "max": durations[-1] if durations else None,
            },
        }

    def _enter(self) -> int:
        self._total += 1
        now = time.monotonic()
        left = self._opened_at + self._open_for - now
        if self._state is CircuitBreakerState.OPEN:
            if left > 0:
                self._rejected += 1
                raise CircuitBreakerError(f"{self.name} is open for {left:.2f} s", left)
            self._switch(CircuitBreakerState.HALF_OPEN)
        if self._state is CircuitBreakerState.HALF_OPEN:
            if self._probes >= self.config.half_open_max_calls:
                self._rejected += 1
                raise CircuitBreakerError(f"{self.name} is being probed", 0.0)
            self._probes += 1
        return self._epoch

    def _leave(self, epoch: int, began: float, error: BaseException | None) -> None:
        now = time.monotonic()
        counts = isinstance(error, self.config.expected_exceptions) and not isinstance(
            error, self.config.excluded_exceptions
        )
        if error is not None and not counts:
            self._cancelled += 1
        else:
            self._durations.append(now - began)
            if counts:
                self._failed += 1
                self._last_failure = now
            else:
                self._succeeded += 1
                self._last_success = now

        if epoch != self._epoch:
            return
        if self._state is CircuitBreakerState.HALF_OPEN:
            self._probes -= 1
            if counts:
                self._failed_rounds += 1
                self._open()
            elif error is None:
                self._streak += 1
                if self._streak >= self.config.success_threshold:
                    self.reset()
        elif counts:
            self._streak += 1
            if self._streak >= self.config.failure_threshold:
                self._open()
        elif error is None:
            self._streak = 0

    def _open(self) -> None:
        period = self._period()
        self._open_for = random.uniform(0.0, period) if self.config.jitter else period
        self._opened_at = time.monotonic()
        self._switch(CircuitBreakerState.OPEN)

    def _period(self) -> float:
        """``recovery_timeout * backoff_multiplier ** failed_rounds``, at most the maximum."""
        base, factor = self.config.recovery_timeout, self.config.backoff_multiplier
        cap = self.config.max_recovery_timeout
        if factor == 1:
            return base
        # Compare exponents first: the power itself overflows after some hundred rounds.
        if self._failed_rounds >= math.log(cap / base) / math.log(factor):
            return cap
        return float(base * factor**self._failed_rounds)

    def _switch(self, state: CircuitBreakerState) -> None:
        previous, self._state = self._state, state
        self._epoch += 1
        self._streak = 0
        self._probes = 0
        if previous is state:
            return
        self._changes += 1
        self._history.append({"at": time.monotonic(), "from": previous.value, "to": state.value})
        if self.on_state_change is not None:
            try:
                self.on_state_change(previous, state)
            except Exception:
                log.exception("on_state_change of %s failed", self.name)


def _mean(ordered: list[float]) -> float:
    """Rounding may push a mean past the largest value; it must not."""
    return min(max(math.fsum(ordered) / len(ordered), ordered[0]), ordered[-1])
