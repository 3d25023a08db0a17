"""Gang-of-four State pattern; one lock in the context, none of the states keeps data of a call."""
from __future__ import annotations

import abc
import contextlib
import functools
import inspect
import threading
import time
from dataclasses import dataclass, field
from typing import Any, Callable, ClassVar, Iterable


class CircuitBreakerException(Exception):
    """Anything that the breaker itself raises."""


class CircuitBreakerOpenException(CircuitBreakerException):
    def __init__(self, reopen_in: float):
        super().__init__(f"open for {reopen_in:.3f} s more")
        self.time_remaining = reopen_in


class TooManyProbesException(CircuitBreakerException):
    pass


class CircuitBreakerListener:
    def state_change(self, breaker: "CircuitBreaker", old: "AbstractState", new: "AbstractState") -> None: ...
    def success(self, breaker: "CircuitBreaker") -> None: ...
    def failure(self, breaker: "CircuitBreaker", error: BaseException) -> None: ...


@dataclass
class CircuitBreakerMetrics:
    total: int = 0
    succeeded: int = 0
    failed: int = 0
    rejected: int = 0
    transitions: dict[str, int] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        return {"total_calls": self.total, "success_count": self.succeeded, "error_count": self.failed,
                "calls_rejected": self.rejected, "state_transitions": dict(self.transitions)}


class AbstractState(abc.ABC):
    name: ClassVar[str]

    def __init__(self, breaker: "CircuitBreaker") -> None:
        self._breaker = breaker

    @abc.abstractmethod
    def before(self) -> "AbstractState": ...

    def ok(self) -> None: ...
    def bad(self) -> None: ...
    def neither(self) -> None: ...


class ClosedState(AbstractState):
    name = "closed"

    def __init__(self, breaker):
        super().__init__(breaker)
        self.count = 0

    def before(self):
        return self

    def ok(self):
        self.count = 0

    def bad(self):
        self.count += 1
        if self.count >= self._breaker.fail_max:
            self._breaker._switch(OpenState(self._breaker))


class OpenState(AbstractState):
    name = "open"

    def __init__(self, breaker):
        super().__init__(breaker)
        self.until = time.monotonic() + breaker._next_period()

    def before(self):
        left = self.until - time.monotonic()
        if left > 0:
            raise CircuitBreakerOpenException(left)
        half = HalfOpenState(self._breaker)
        self._breaker._switch(half)
        return half.before()


class HalfOpenState(AbstractState):
    name = "half-open"

    def __init__(self, breaker):
        super().__init__(breaker)
        self.running = 0
        self.good = 0

    def before(self):
        if self.running >= self._breaker.half_open_max_concurrent:
            raise TooManyProbesException("the circuit is being probed already")
        self.running += 1
        return self

    def ok(self):
        self.running -= 1
        self.good += 1
        if self.good >= self._breaker.success_threshold:
            self._breaker._reopened = 0
            self._breaker._switch(ClosedState(self._breaker))

    def bad(self):
        self.running -= 1
        self._breaker._reopened += 1
        self._breaker._switch(OpenState(self._breaker))

    def neither(self):
        self.running -= 1


class CircuitBreaker:
    def __init__(self, fail_max: int = 5, sleep_window: float = 60.0, success_threshold: int = 1, half_open_max_concurrent: int = 1,
                 exponential_base: float = 2.0, max_backoff: float = 3600.0, exclude: Iterable[type[BaseException]] = (),
                 listeners: Iterable[CircuitBreakerListener] = ()):
        if not all(isinstance(n, int) and n > 0 for n in (fail_max, success_threshold, half_open_max_concurrent)):
            raise ValueError("fail_max, success_threshold and half_open_max_concurrent must be positive integers")
        if not 0 <= sleep_window <= max_backoff < float("inf"):
            raise ValueError("0 <= sleep_window <= max_backoff must hold")
        if not 1 <= exponential_base < float("inf"):
            raise ValueError("exponential_base must be 1 or more")
        self.fail_max = fail_max
        self.sleep_window = sleep_window
        self.success_threshold = success_threshold
        self.half_open_max_concurrent = half_open_max_concurrent
        self.exponential_base = exponential_base
        self.max_backoff = max_backoff
        self._exclude = tuple(exclude)
        self._listeners = list(listeners)
        self._reopened = 0
        self._lock = threading.RLock()
        self._pending: list[tuple[AbstractState, AbstractState]] = []
        self.metrics = CircuitBreakerMetrics()
        self._state: AbstractState = ClosedState(self)

    state = property(lambda self: self._state)

    @property
    def current_state(self) -> str:
        return self._state.name

    def add_listener(self, listener: CircuitBreakerListener) -> None:
        self._listeners.append(listener)

    def _next_period(self) -> float:
        try:
            return min(self.sleep_window * float(self.exponential_base) ** self._reopened, self.max_backoff)
        except OverflowError:
            return self.max_backoff

    def _switch(self, new: AbstractState) -> None:
        old, self._state = self._state, new
        key = f"{old.name}_to_{new.name}".replace("-", "_")
        self.metrics.transitions[key] = self.metrics.transitions.get(key, 0) + 1
        self._pending.append((old, new))

    def _flush(self) -> None:
        with self._lock:
            events, self._pending = self._pending, []
        for old, new in events:
            for listener in list(self._listeners):
                with contextlib.suppress(Exception):
                    listener.state_change(self, old, new)

    def _before(self) -> AbstractState:
        try:
            with self._lock:
                self.metrics.total += 1
                try:
                    return self._state.before()
                except CircuitBreakerException:
                    self.metrics.rejected += 1
                    raise
        finally:
            self._flush()

    def _after(self, admitted: AbstractState, error: BaseException | None) -> None:
        with self._lock:
            current = admitted is self._state
            if error is None:
                self.metrics.succeeded += 1
                outcome = admitted.ok
            elif isinstance(error, Exception) and not isinstance(error, self._exclude):
                self.metrics.failed += 1
                outcome = admitted.bad
            else:
                outcome = admitted.neither
            if current:
                outcome()
        self._flush()
        for listener in list(self._listeners):
            with contextlib.suppress(Exception):
                if error is None:
                    listener.success(self)
                elif isinstance(error, Exception):
                    listener.failure(self, error)

    def call(self, func: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        admitted = self._before()
        try:
            value = func(*args, **kwargs)
        except BaseException as error:
            self._after(admitted, error)
            raise
        self._after(admitted, None)
        return value

    async def call_async(self, func: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        admitted = self._before()
        try:
            value = func(*args, **kwargs)
            if inspect.isawaitable(value):
                value = await value
        except BaseException as error:
            self._after(admitted, error)
            raise
        self._after(admitted, None)
        return value

    @contextlib.contextmanager
    def calling(self):
        admitted = self._before()
        try:
            yield
        except BaseException as error:
            self._after(admitted, error)
            raise
        self._after(admitted, None)

    def __call__(self, func: Callable[..., Any]) -> Callable[..., Any]:
        if inspect.iscoroutinefunction(func):
            @functools.wraps(func)
            async def inner(*args, **kwargs):
                return await self.call_async(func, *args, **kwargs)
        else:
            @functools.wraps(func)
            def inner(*args, **kwargs):
                return self.call(func, *args, **kwargs)
        return inner
