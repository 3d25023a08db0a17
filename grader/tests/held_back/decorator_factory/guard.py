"""`@circuit_breaker`, `@circuit_breaker()` and `@circuit_breaker(maximum_failures=3)`, on functions of both kinds."""
from __future__ import annotations

import functools
import inspect
import threading
import time
from typing import Any, Callable, ParamSpec, TypeVar, overload

P = ParamSpec("P")
R = TypeVar("R")


class CircuitOpenException(Exception):
    def __init__(self, function: str, time_remaining: float) -> None:
        super().__init__(f"{function}: circuit open, {time_remaining:.1f}s left")
        self.time_remaining = time_remaining


class _Circuit:
    def __init__(self, label, maximum_failures, cooldown, multiplier, cooldown_max, half_open_limit, ignored):
        for key, value in (("maximum_failures", maximum_failures), ("half_open_limit", half_open_limit)):
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise ValueError(f"{key} must be a whole number >= 1")
        if not 0 <= cooldown < float("inf"):
            raise ValueError("cooldown must be >= 0")
        if not 1 <= multiplier < float("inf"):
            raise ValueError("multiplier must be >= 1")
        if not cooldown <= cooldown_max < float("inf"):
            raise ValueError("cooldown_max must be >= cooldown")
        self.label, self.maximum_failures, self.half_open_limit = label, maximum_failures, half_open_limit
        self.cooldown, self.multiplier, self.cooldown_max, self.ignored = cooldown, multiplier, cooldown_max, ignored
        self.lock = threading.Lock()
        self.state = "closed"
        self.term = 0
        self.failures = 0
        self.probes = 0
        self.wait = cooldown
        self.until = 0.0
        self.total = self.succeeded = self.failed = self.rejected = self.transitions = 0

    def shift(self, state):
        self.state = state
        self.term += 1
        self.failures = self.probes = 0
        self.transitions += 1
        if state == "open":
            self.until = time.monotonic() + self.wait

    def enter(self):
        with self.lock:
            self.total += 1
            left = self.until - time.monotonic()
            if self.state == "open" and left <= 0:
                self.shift("half_open")
            if self.state == "open" or (self.state == "half_open" and self.probes >= self.half_open_limit):
                self.rejected += 1
                raise CircuitOpenException(self.label, max(0.0, left))
            self.probes += 1
            return self.term

    def leave(self, term, error):
        neutral = error is not None and (not isinstance(error, Exception) or isinstance(error, self.ignored))
        with self.lock:
            if error is None:
                self.succeeded += 1
            elif not neutral:
                self.failed += 1
            if term != self.term:
                return
            self.probes -= 1
            if neutral:
                return
            if self.state == "half_open":
                if error is None:
                    self.wait = self.cooldown
                    self.shift("closed")
                else:
                    self.wait = min(self.cooldown_max, self.wait * self.multiplier)
                    self.shift("open")
            elif error is None:
                self.failures = 0
            else:
                self.failures += 1
                if self.failures >= self.maximum_failures:
                    self.shift("open")


@overload
def circuit_breaker(func: Callable[P, R], /) -> Callable[P, R]: ...
@overload
def circuit_breaker(*, maximum_failures: int = ..., cooldown: float = ...) -> Callable[[Callable[P, R]], Callable[P, R]]: ...


def circuit_breaker(func=None, /, *, maximum_failures: int = 5, cooldown: float = 30.0, multiplier: float = 2.0,
                    cooldown_max: float = 900.0, half_open_limit: int = 1, ignored: tuple[type[BaseException], ...] = ()):
    def decorate(target):
        circuit = _Circuit(getattr(target, "__qualname__", repr(target)), maximum_failures, cooldown, multiplier, cooldown_max,
                           half_open_limit, tuple(ignored))
        call_method = getattr(target, "__call__", None)
        if inspect.iscoroutinefunction(target) or inspect.iscoroutinefunction(call_method):
            @functools.wraps(target)
            async def wrapper(*args: Any, **kwargs: Any) -> Any:
                term = circuit.enter()
                try:
                    result = await target(*args, **kwargs)
                except BaseException as error:
                    circuit.leave(term, error)
                    raise
                circuit.leave(term, None)
                return result
        else:
            @functools.wraps(target)
            def wrapper(*args: Any, **kwargs: Any) -> Any:
                term = circuit.enter()
                try:
                    result = target(*args, **kwargs)
                except BaseException as error:
                    circuit.leave(term, error)
                    raise
                if inspect.isawaitable(result):
                    return _later(result, term)
                circuit.leave(term, None)
                return result

            async def _later(result, term):
                try:
                    value = await result
                except BaseException as error:
                    circuit.leave(term, error)
                    raise
                circuit.leave(term, None)
                return value

        def info() -> dict[str, Any]:
            with circuit.lock:
                return {"state": circuit.state, "total_calls": circuit.total, "successes": circuit.succeeded,
                        "failures": circuit.failed, "rejected": circuit.rejected, "transitions": circuit.transitions}

        wrapper.circuit_info = info
        wrapper.circuit_state = lambda: circuit.state
        return wrapper

    if func is not None:
        return decorate(func)
    return decorate
