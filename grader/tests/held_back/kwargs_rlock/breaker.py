"""Thread- and task-safe circuit breaker; `call` serves both kinds of function."""
from __future__ import annotations

import functools
import inspect
import logging
import math
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any

log = logging.getLogger(__name__)


class CircuitState(str, Enum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class CircuitBreakerOpen(Exception):
    def __init__(self, name: str, remaining: float) -> None:
        super().__init__(f"circuit {name!r} is open, retry in {remaining:.3f}s")
        self.name = name
        self.remaining = remaining


@dataclass
class BreakerStats:
    total_calls: int = 0
    successes: int = 0
    failures: int = 0
    rejected: int = 0
    state_changes: int = 0

    @property
    def failure_rate(self) -> float:
        done = self.successes + self.failures
        return self.failures / done if done else 0.0


def _positive(label: str, value: Any, *, minimum: float = 0.0, integer: bool = False) -> None:
    if isinstance(value, bool) or not isinstance(value, int if integer else (int, float)):
        raise TypeError(f"{label} must be a number, not {value!r}")
    if not math.isfinite(value) or value < minimum:
        raise ValueError(f"{label} must be at least {minimum}, got {value!r}")


class CircuitBreaker:
    def __init__(
        self,
        name: str,
        *,
        fail_max: int = 5,
        cool_down: float = 30.0,
        cool_down_multiplier: float = 2.0,
        max_cool_down: float = 600.0,
        half_open_max_calls: int = 1,
        success_threshold: int = 1,
        expected_exception: type[BaseException] | tuple[type[BaseException], ...] = Exception,
        exclude: tuple[type[BaseException], ...] = (),
        on_state_change: Callable[[str, CircuitState, CircuitState], None] | None = None,
    ) -> None:
        _positive("fail_max", fail_max, minimum=1, integer=True)
        _positive("cool_down", cool_down)
        _positive("cool_down_multiplier", cool_down_multiplier, minimum=1.0)
        _positive("max_cool_down", max_cool_down, minimum=cool_down)
        _positive("half_open_max_calls", half_open_max_calls, minimum=1, integer=True)
        _positive("success_threshold", success_threshold, minimum=1, integer=True)
        self.name = name
        self.fail_max = fail_max
        self.cool_down = cool_down
        self.multiplier = cool_down_multiplier
        self.max_cool_down = max_cool_down
        self.half_open_max_calls = half_open_max_calls
        self.success_threshold = success_threshold
        self.expected_exception = expected_exception
        self.exclude = tuple(exclude)
        self.on_state_change = on_state_change
        self._lock = threading.RLock()
        self._state = CircuitState.CLOSED
        self._epoch = 0
        self._fails = 0
        self._oks = 0
        self._in_flight = 0
        self._wait = float(cool_down)
        self._until = 0.0
        self._stats = BreakerStats()

    # -- reading -----------------------------------------------------------
    @property
    def state(self) -> CircuitState:
        with self._lock:
            return self._state

    @property
    def is_open(self) -> bool:
        return self.state is CircuitState.OPEN

    @property
    def stats(self) -> BreakerStats:
        with self._lock:
            return BreakerStats(**asdict(self._stats))

    def reset(self) -> None:
        with self._lock:
            self._wait = float(self.cool_down)
            event = self._move(CircuitState.CLOSED)
        self._emit(event)

    # -- running -----------------------------------------------------------
    def call(self, func: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Run `func`; where it gives an awaitable, an awaitable is given back."""
        if inspect.iscoroutinefunction(func) or inspect.iscoroutinefunction(getattr(func, "__call__", None)):
            return self._run_async(func, args, kwargs)
        epoch = self._admit()
        try:
            result = func(*args, **kwargs)
        except BaseException as error:
            self._settle(epoch, error)
            raise
        if inspect.isawaitable(result):
            return self._finish(epoch, result)
        self._settle(epoch, None)
        return result

    async def _run_async(self, func, args, kwargs):
        epoch = self._admit()
        try:
            result = await func(*args, **kwargs)
        except BaseException as error:
            self._settle(epoch, error)
            raise
        self._settle(epoch, None)
        return result

    async def _finish(self, epoch, awaitable):
        try:
            result = await awaitable
        except BaseException as error:
            self._settle(epoch, error)
            raise
        self._settle(epoch, None)
        return result

    def __call__(self, func: Callable[..., Any]) -> Callable[..., Any]:
        if inspect.iscoroutinefunction(func):

            @functools.wraps(func)
            async def wrapper(*args: Any, **kwargs: Any) -> Any:
                return await self.call(func, *args, **kwargs)
        else:

            @functools.wraps(func)
            def wrapper(*args: Any, **kwargs: Any) -> Any:
                return self.call(func, *args, **kwargs)

        return wrapper

    # -- the machine -------------------------------------------------------
    def _admit(self) -> int:
        event = None
        with self._lock:
            self._stats.total_calls += 1
            if self._state is CircuitState.OPEN:
                remaining = self._until - time.monotonic()
                if remaining > 0:
                    self._stats.rejected += 1
                    raise CircuitBreakerOpen(self.name, remaining)
                event = self._move(CircuitState.HALF_OPEN)
            if self._state is CircuitState.HALF_OPEN:
                if self._in_flight >= self.half_open_max_calls:
                    self._stats.rejected += 1
                    raise CircuitBreakerOpen(self.name, 0.0)
                self._in_flight += 1
            epoch = self._epoch
        self._emit(event)
        return epoch

    def _settle(self, epoch: int, error: BaseException | None) -> None:
        event = None
        with self._lock:
            failed = (
                error is not None
                and isinstance(error, self.expected_exception)
                and isinstance(error, Exception)
                and not isinstance(error, self.exclude)
            )
            if failed:
                self._stats.failures += 1
            elif error is None:
                self._stats.successes += 1
            if epoch != self._epoch:
                return
            if self._state is CircuitState.HALF_OPEN:
                self._in_flight -= 1
                if failed:
                    self._wait = min(self._wait * self.multiplier, self.max_cool_down)
                    event = self._move(CircuitState.OPEN)
                elif error is None:
                    self._oks += 1
                    if self._oks >= self.success_threshold:
                        self._wait = float(self.cool_down)
                        event = self._move(CircuitState.CLOSED)
            elif self._state is CircuitState.CLOSED:
                if failed:
                    self._fails += 1
                    if self._fails >= self.fail_max:
                        event = self._move(CircuitState.OPEN)
                elif error is None:
                    self._fails = 0
        self._emit(event)

    def _move(self, new: CircuitState):
        old, self._state = self._state, new
        self._epoch += 1
        self._fails = self._oks = self._in_flight = 0
        if new is CircuitState.OPEN:
            self._until = time.monotonic() + self._wait
        if old is new:
            return None
        self._stats.state_changes += 1
        return old, new

    def _emit(self, event) -> None:
        if event is None or self.on_state_change is None:
            return
        try:
            self.on_state_change(self.name, *event)
        except Exception:
            log.exception("on_state_change of %s failed", self.name)
