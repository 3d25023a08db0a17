"""Opens when the failure rate over a sliding window of time is reached and enough calls were seen."""
from __future__ import annotations

import collections
import dataclasses
import enum
import functools
import inspect
import math
import threading
import time
import typing as t


class State(enum.Enum):
    CLOSED = 0
    OPEN = 1
    HALF_OPEN = 2


class BreakerOpenError(Exception):
    def __init__(self, remaining: float) -> None:
        super().__init__(f"breaker open, {remaining:.2f}s remaining")
        self.remaining = remaining


@dataclasses.dataclass(frozen=True, kw_only=True)
class SlidingWindowPolicy:
    failure_rate_threshold: float = 50.0  # per cent
    minimum_number_of_calls: int = 10
    window_seconds: float = 60.0
    wait_duration_in_open_state: float = 30.0
    exponential_backoff_factor: float = 2.0
    wait_duration_in_open_max: float = 1800.0
    permitted_calls_in_half_open: int = 1

    def __post_init__(self) -> None:
        if not 0 < self.failure_rate_threshold <= 100:
            raise ValueError("failure_rate_threshold is a percentage above 0")
        for label in ("minimum_number_of_calls", "permitted_calls_in_half_open"):
            value = getattr(self, label)
            if not isinstance(value, int) or value < 1:
                raise ValueError(f"{label} must be >= 1")
        for label, low in (("window_seconds", 1e-3), ("wait_duration_in_open_state", 0), ("exponential_backoff_factor", 1),
                           ("wait_duration_in_open_max", self.wait_duration_in_open_state)):
            value = getattr(self, label)
            if not low <= value < math.inf:
                raise ValueError(f"{label} must be finite and >= {low}")


@dataclasses.dataclass(frozen=True)
class WindowSnapshot:
    state: str
    buffered_calls: int
    failure_rate: float
    total_calls: int
    successful_calls: int
    failed_calls: int
    not_permitted: int
    state_transitions: int


class CircuitBreaker:
    def __init__(self, policy: SlidingWindowPolicy | None = None, *, clock: t.Callable[[], float] = time.monotonic) -> None:
        self._policy = policy or SlidingWindowPolicy()
        self._clock = clock
        self._mutex = threading.Lock()
        self._window: collections.deque[tuple[float, bool]] = collections.deque()
        self._window_failures = 0
        self._state = State.CLOSED
        self._generation = 0
        self._attempt = 0
        self._deadline = -math.inf
        self._probes = 0
        self._probe_ok = 0
        self._total = self._ok = self._bad = self._refused = self._changes = 0

    @property
    def state(self) -> State:
        return self._state

    def _evict(self, now: float) -> None:
        while self._window and self._window[0][0] <= now - self._policy.window_seconds:
            _, failed = self._window.popleft()
            self._window_failures -= failed

    def snapshot(self) -> WindowSnapshot:
        with self._mutex:
            self._evict(self._clock())
            n = len(self._window)
            return WindowSnapshot(self._state.name, n, 100.0 * self._window_failures / n if n else 0.0, self._total, self._ok,
                                  self._bad, self._refused, self._changes)

    def _change(self, state: State) -> None:
        self._state = state
        self._generation += 1
        self._changes += 1
        self._probes = 0
        self._window.clear()
        self._window_failures = 0
        if state is State.OPEN:
            p = self._policy
            exponent = self._attempt
            if p.exponential_backoff_factor > 1:
                exponent = min(exponent, math.ceil(700 / math.log(p.exponential_backoff_factor)))
            period = min(p.wait_duration_in_open_state * p.exponential_backoff_factor ** exponent, p.wait_duration_in_open_max)
            self._deadline = self._clock() + period

    def try_acquire(self) -> int:
        with self._mutex:
            self._total += 1
            remaining = self._deadline - self._clock()
            if self._state is State.OPEN and remaining <= 0:
                self._change(State.HALF_OPEN)
            if self._state is State.OPEN or self._state is State.HALF_OPEN and self._probes >= self._policy.permitted_calls_in_half_open:
                self._refused += 1
                raise BreakerOpenError(max(0.0, remaining))
            if self._state is State.HALF_OPEN:
                self._probes += 1
            return self._generation

    def _complete(self, generation: int, failed: bool | None) -> None:
        with self._mutex:
            if failed is not None:
                self._bad += failed
                self._ok += not failed
            if generation != self._generation:
                return
            if self._state is State.HALF_OPEN:
                self._probes -= 1
                if failed is None:
                    return
                if failed:
                    self._attempt += 1
                    self._change(State.OPEN)
                else:
                    self._attempt = 0
                    self._change(State.CLOSED)
            elif failed is not None:
                now = self._clock()
                self._evict(now)
                self._window.append((now, failed))
                self._window_failures += failed
                if len(self._window) > 10_000:
                    _, old = self._window.popleft()
                    self._window_failures -= old
                n = len(self._window)
                if n >= self._policy.minimum_number_of_calls and 100.0 * self._window_failures / n >= self._policy.failure_rate_threshold:
                    self._change(State.OPEN)

    async def run(self, fn: t.Callable[..., t.Any], /, *args: t.Any, **kwargs: t.Any) -> t.Any:
        generation = self.try_acquire()
        try:
            result = fn(*args, **kwargs)
            if inspect.isawaitable(result):
                result = await result
        except Exception:
            self._complete(generation, True)
            raise
        except BaseException:
            self._complete(generation, None)
            raise
        self._complete(generation, False)
        return result

    def run_sync(self, fn: t.Callable[..., t.Any], /, *args: t.Any, **kwargs: t.Any) -> t.Any:
        generation = self.try_acquire()
        try:
            result = fn(*args, **kwargs)
        except Exception:
            self._complete(generation, True)
            raise
        except BaseException:
            self._complete(generation, None)
            raise
        self._complete(generation, False)
        return result
