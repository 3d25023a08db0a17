import asyncio
import functools
import inspect
import random
import time
from collections import deque
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Callable, Dict, Optional


class CircuitState(Enum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class CircuitBreakerOpenError(Exception):
    pass


@dataclass
class CircuitBreakerConfig:
    failure_threshold: float = 0.5
    window_size: int = 10
    recovery_timeout: float = 30.0
    backoff_multiplier: float = 2.0
    max_recovery_timeout: float = 300.0
    half_open_max_calls: int = 1
    success_threshold: int = 1

    def __post_init__(self):
        if not 0 < self.failure_threshold <= 1 or self.half_open_max_calls < 1 or self.success_threshold < 1:
            raise ValueError("thresholds must be positive")
        if not 0 <= self.recovery_timeout <= self.max_recovery_timeout < float("inf"):
            raise ValueError("bad timeouts")
        if not 1 <= self.backoff_multiplier < float("inf"):
            raise ValueError("bad multiplier")


@dataclass
class CircuitBreakerMetrics:
    total_calls: int = 0
    successful_calls: int = 0
    failed_calls: int = 0
    rejected_calls: int = 0
    state_transitions: int = 0


class CircuitBreaker:
    def __init__(self, name: str = "default", config: Optional[CircuitBreakerConfig] = None):
        self.name = name
        self.config = config or CircuitBreakerConfig()
        self.metrics = CircuitBreakerMetrics()
        self._state = CircuitState.CLOSED
        self._generation = 0
        self._window = deque(maxlen=self.config.window_size)
        self._success_count = 0
        self._half_open_calls = 0
        self._reopened = 0
        self._open_until = 0.0

    @property
    def state(self):
        return self._state

    def _delay(self):
        c = self.config
        delay = c.recovery_timeout * c.backoff_multiplier ** min(self._reopened, 60)
        return min(delay, c.max_recovery_timeout)

    async def call(self, func, /, *args, **kwargs):
        self.metrics.total_calls += 1
        if self._state is CircuitState.OPEN and time.monotonic() >= self._open_until:
            self._transition(CircuitState.HALF_OPEN)
        if self._state is CircuitState.OPEN or (self._state is CircuitState.HALF_OPEN and self._half_open_calls >= self.config.half_open_max_calls):
            self.metrics.rejected_calls += 1
            raise CircuitBreakerOpenError(f"{self.name} is open")
        self._half_open_calls += 1
        generation = self._generation
        outcome = None
        try:
            result = func(*args, **kwargs)
            if inspect.isawaitable(result):
                result = await result
            outcome = True
            return result
        except Exception:
            outcome = False
            raise
        finally:
            self._record(generation, outcome)

    def _record(self, generation, outcome):
        if outcome:
            self.metrics.successful_calls += 1
        elif outcome is False:
            self.metrics.failed_calls += 1
        if generation != self._generation:
            return
        self._half_open_calls -= 1
        if self._state is CircuitState.HALF_OPEN:
            if outcome:
                self._success_count += 1
                if self._success_count >= self.config.success_threshold:
                    self._reopened = 0
                    self._transition(CircuitState.CLOSED)
            elif outcome is False:
                self._reopened += 1
                self._transition(CircuitState.OPEN)
        elif outcome:
            self._window.append(0)
        elif outcome is False:
            self._window.append(1)
            if len(self._window) == self.config.window_size and sum(self._window) / len(self._window) >= self.config.failure_threshold:
                self._transition(CircuitState.OPEN)

    def _transition(self, new):
        self.metrics.state_transitions += 1
        self._state = new
        self._generation += 1
        self._success_count = self._half_open_calls = 0
        self._window.clear()
        if new is CircuitState.OPEN:
            self._open_until = time.monotonic() + self._delay()
