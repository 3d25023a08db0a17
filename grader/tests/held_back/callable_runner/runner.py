"""`await breaker(fn, ...)`; `timeout` is how long the circuit stays open, `backoff_base` what it is multiplied by."""
from __future__ import annotations

import asyncio
import random
import time
from typing import Any, Awaitable, Callable, NamedTuple


class ServiceUnavailableError(Exception):
    def __init__(self, service: str, retry_in: float) -> None:
        super().__init__(f"{service} unavailable; retry in {retry_in:.2f} s")
        self.service = service
        self.retry_in = retry_in


class Metrics(NamedTuple):
    attempts: int
    success: int
    failure: int
    short_circuited: int
    trip_count: int
    state: str


class AsyncCircuitBreaker:
    CLOSED, OPEN, HALF_OPEN = "closed", "open", "half-open"

    def __init__(
        self,
        service: str = "service",
        max_errors: int = 5,
        timeout: float = 15.0,
        backoff_base: float = 2.0,
        max_timeout: float = 240.0,
        jitter: float = 0.0,
        max_requests: int = 2,
    ) -> None:
        if not isinstance(max_errors, int) or max_errors <= 0:
            raise ValueError("max_errors must be a positive integer")
        if not (0 <= timeout <= max_timeout < float("inf")):
            raise ValueError("need 0 <= timeout <= max_timeout")
        if not (1.0 <= backoff_base < float("inf")):
            raise ValueError("backoff_base must be >= 1")
        if not (0 <= jitter < float("inf")):
            raise ValueError("jitter must be >= 0 seconds")
        if not isinstance(max_requests, int) or max_requests <= 0:
            raise ValueError("max_requests must be a positive integer")
        self.service = service
        self.max_errors = max_errors
        self.timeout = timeout
        self.backoff_base = backoff_base
        self.max_timeout = max_timeout
        self.jitter = jitter
        self.max_requests = max_requests
        self._state = self.CLOSED
        self._generation = 0
        self._errors = 0
        self._probes_running = 0
        self._current_timeout = timeout
        self._open_until = 0.0
        self._attempts = self._success = self._failure = self._short = self._trips = 0

    def get_state(self) -> str:
        return self._state

    async def metrics(self) -> Metrics:
        return Metrics(self._attempts, self._success, self._failure, self._short, self._trips, self._state)

    def _set(self, state: str) -> None:
        self._state = state
        self._generation += 1
        self._errors = 0
        self._probes_running = 0
        if state == self.OPEN:
            self._trips += 1
            extra = random.uniform(0.0, self.jitter)
            self._open_until = time.monotonic() + min(self._current_timeout + extra, self.max_timeout)

    async def __call__(self, fn: Callable[..., Awaitable[Any]], /, *args: Any, **kwargs: Any) -> Any:
        self._attempts += 1
        if self._state == self.OPEN and time.monotonic() >= self._open_until:
            self._set(self.HALF_OPEN)
        if self._state == self.OPEN or (self._state == self.HALF_OPEN and self._probes_running >= self.max_requests):
            self._short += 1
            raise ServiceUnavailableError(self.service, max(0.0, self._open_until - time.monotonic()))
        generation = self._generation
        if self._state == self.HALF_OPEN:
            self._probes_running += 1
        try:
            result = fn(*args, **kwargs)
            if asyncio.iscoroutine(result) or asyncio.isfuture(result) or hasattr(result, "__await__"):
                result = await result
        except Exception:
            self._failure += 1
            if generation == self._generation:
                if self._state == self.HALF_OPEN:
                    self._current_timeout = min(self._current_timeout * self.backoff_base, self.max_timeout)
                    self._set(self.OPEN)
                else:
                    self._errors += 1
                    if self._errors >= self.max_errors:
                        self._set(self.OPEN)
            raise
        except BaseException:
            if generation == self._generation and self._state == self.HALF_OPEN:
                self._probes_running -= 1
            raise
        self._success += 1
        if generation == self._generation:
            if self._state == self.HALF_OPEN:
                self._current_timeout = self.timeout
                self._set(self.CLOSED)
            else:
                self._errors = 0
        return result
