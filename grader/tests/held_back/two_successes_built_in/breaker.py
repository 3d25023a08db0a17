import asyncio
import functools
import inspect
import random
import time
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
    failure_threshold: int = 5
    recovery_timeout: float = 30.0

    def __post_init__(self):
        if self.failure_threshold < 1:
            raise ValueError("thresholds must be positive")
        if not 0 <= self.recovery_timeout < float("inf"):
            raise ValueError("bad timeouts")


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
        self._failure_count = 0
        self._success_count = 0
        self._half_open_calls = 0
        self._reopened = 0
        self._open_until = 0.0

    @property
    def state(self):
        return self._state

    def _delay(self):
        c = self.config
        delay = c.recovery_timeout * 1.5 ** min(self._reopened, 60)
        return min(delay, max(900.0, c.recovery_timeout))

    async def call(self, func, /, *args, **kwargs):
        self.metrics.total_calls += 1
        if self._state is CircuitState.OPEN and time.monotonic() >= self._open_until:
            self._transition(CircuitState.HALF_OPEN)
        if self._state is CircuitState.OPEN or (self._state is CircuitState.HALF_OPEN and self._half_open_calls >= 3):
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
                if self._success_count >= 2:
                    self._reopened = 0
                    self._transition(CircuitState.CLOSED)
            elif outcome is False:
                self._reopened += 1
                self._transition(CircuitState.OPEN)
        elif outcome:
            self._failure_count = 0
        elif outcome is False:
            self._failure_count += 1
            if self._failure_count >= self.config.failure_threshold:
                self._transition(CircuitState.OPEN)

    def _transition(self, new):
        self.metrics.state_transitions += 1
        self._state = new
        self._generation += 1
        self._failure_count = self._success_count = self._half_open_calls = 0
        if new is CircuitState.OPEN:
            self._open_until = time.monotonic() + self._delay()
