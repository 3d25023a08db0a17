"""Named circuit breakers, and how long each stays open as an object of its own.

    registry = BreakerRegistry(threshold=3, backoff=ExponentialBackoff(initial=5, maximum=300))

    @registry.get("payments")
    async def pay(order): ...

    await registry.get("search").execute(client.get, url)

``get`` makes a breaker once per name. Breakers made directly are in no registry.
"""

from __future__ import annotations

import functools
import inspect
import itertools
import logging
import operator
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, unique
from types import MappingProxyType
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])
LOG = logging.getLogger(__name__)


@unique
class Status(Enum):
    CLOSED = "Closed"
    OPEN = "Open"
    HALF_OPEN = "HalfOpen"


@dataclass(frozen=True)
class Event:
    """A change of status, for listeners."""

    breaker: str
    old: Status
    new: Status


class CircuitBrokenError(Exception):
    """Raised in place of a call."""

    def __init__(self, breaker: str, retry_after: float) -> None:
        super().__init__(f"{breaker} is broken; try again in {retry_after:.1f} s")
        self.breaker = breaker
        self.retry_after = retry_after


@dataclass(frozen=True)
class ExponentialBackoff:
    """``initial`` seconds, then ``multiplier`` times as many for each attempt that failed.

    With ``jitter`` a delay is drawn between half of that and all of it. ``maximum`` is never
    exceeded. An object has no memory and may serve many breakers.
    """

    initial: float = 30.0
    multiplier: float = 2.0
    maximum: float = 3600.0
    jitter: bool = False

    def __post_init__(self) -> None:
        for name, least in (("initial", 1e-3), ("multiplier", 1), ("maximum", self.initial)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise TypeError(f"{name}={value!r} is not a number")
            if not least <= value <= 1e9:
                raise ValueError(f"{name}={value!r} is not between {least} and 1e9")

    def delay(self, attempt: int) -> float:
        """Seconds to wait after so many failed attempts to recover."""
        growing = itertools.accumulate(
            itertools.repeat(self.multiplier), operator.mul, initial=self.initial
        )
        shorter = itertools.takewhile(lambda delay: delay < self.maximum, growing)
        full = next(itertools.islice(shorter, attempt, None), self.maximum)
        return random.uniform(full / 2, full) if self.jitter else full


class Breaker:
    """One circuit. ``execute`` runs both functions and coroutine functions.

    For a coroutine function it returns what has to be awaited, and decides whether to let the call
    through when it is. The call of another function that returns an awaitable is over when that
    has been awaited.
    """

    def __init__(
        self,
        name: str,
        *,
        threshold: int = 5,
        backoff: ExponentialBackoff | None = None,
        max_probes: int = 1,
        close_after: int = 1,
        ignore: tuple[type[BaseException], ...] = (),
    ) -> None:
        for label, value in (
            ("threshold", threshold),
            ("max_probes", max_probes),
            ("close_after", close_after),
        ):
            if isinstance(value, bool) or not isinstance(value, int):
                raise TypeError(f"{label}={value!r} is not an integer")
            if value < 1:
                raise ValueError(f"{label}={value!r} is not positive")
        if backoff is not None and not isinstance(backoff, ExponentialBackoff):
            raise TypeError(f"backoff={backoff!r} is not an ExponentialBackoff")
        self.name = name
        self.threshold = threshold
        self.backoff = ExponentialBackoff() if backoff is None else backoff
        self.max_probes = max_probes
        self.close_after = close_after
        self.ignore = ignore
        self._listeners: list[Callable[[Event], object]] = []
        self._lock = threading.Lock()
        self._status = Status.CLOSED
        self._probes: set[int] = set()
        self._numbers = itertools.count(1)
        self._first_valid = 1  # the number of the first call since the last change of status
        self._streak = 0
        self._attempt = 0
        self._retry_at = 0.0
        self._numbers_of = dict.fromkeys(
            ("total", "succeeded", "failed", "ignored", "rejected", "state_transitions"), 0
        )
        self._durations = dict.fromkeys(("sum", "max"), 0.0)

    @property
    def status(self) -> Status:
        return self._status

    @property
    def statistics(self) -> Mapping[str, Any]:
        """A read-only copy."""
        with self._lock:
            numbers = self._numbers_of
            done = numbers["succeeded"] + numbers["failed"]
            longest = self._durations["max"]
            return MappingProxyType(
                {
                    "total_calls": numbers["total"],
                    "successful_calls": numbers["succeeded"],
                    "failed_calls": numbers["failed"],
                    "ignored_calls": numbers["ignored"],
                    "rejected_calls": numbers["rejected"],
                    "state_transitions": numbers["state_transitions"],
                    "state": self._status.value,
                    "failure_rate": numbers["failed"] / max(done, 1),
                    "avg_latency": min(self._durations["sum"] / max(done, 1), longest),
                    "max_latency": longest,
                }
            )

    def add_listener(self, listener: Callable[[Event], object]) -> None:
        """Have it called with each Event, after the fact."""
        self._listeners.append(listener)

    def execute(self, func: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Call a function, or return the awaitable for a coroutine function."""
        if _is_async(func):
            return self._execute_async(func, args, kwargs)
        number, start, events = self._check_in()
        try:
            self._emit(events)
            result = func(*args, **kwargs)
        except BaseException as error:
            self._check_out(number, start, error)
            raise
        if inspect.isawaitable(result):
            return self._await(result, number, start)
        self._check_out(number, start, None)
        return result

    def __call__(self, func: F) -> F:
        """Decorate."""
        wrapper: Any
        if _is_async(func):

            @functools.wraps(func)
            async def wrapper(*args: Any, **kwargs: Any) -> Any:
                return await self._execute_async(func, args, kwargs)

        else:

            @functools.wraps(func)
            def wrapper(*args: Any, **kwargs: Any) -> Any:
                return self.execute(func, *args, **kwargs)

        return wrapper  # type: ignore[no-any-return]

    def reset(self) -> None:
        """Close the circuit."""
        with self._lock:
            self._attempt = 0
            events = self._change(Status.CLOSED)
        self._emit(events)

    async def _execute_async(self, func: Any, args: Any, kwargs: Any) -> Any:
        number, start, events = self._check_in()
        try:
            self._emit(events)
            pending = func(*args, **kwargs)
        except BaseException as error:
            self._check_out(number, start, error)
            raise
        return await self._await(pending, number, start)

    async def _await(self, pending: Any, number: int, start: float) -> Any:
        try:
            result = await pending
        except BaseException as error:
            self._check_out(number, start, error)
            raise
        self._check_out(number, start, None)
        return result

    def _check_in(self) -> tuple[int, float, list[Event]]:
        with self._lock:
            now = time.monotonic()
            self._numbers_of["total"] += 1
            events = []
            if self._status is Status.OPEN and now >= self._retry_at:
                events = self._change(Status.HALF_OPEN)
            if self._status is Status.OPEN or len(self._probes) >= self.max_probes:
                self._numbers_of["rejected"] += 1
                raise CircuitBrokenError(self.name, max(self._retry_at - now, 0.0))
            number = next(self._numbers)
            if self._status is Status.HALF_OPEN:
                self._probes.add(number)
            return number, now, events

    def _check_out(self, number: int, start: float, error: BaseException | None) -> None:
        ignored = not isinstance(error, Exception) or isinstance(error, self.ignore)
        events: list[Event] = []
        with self._lock:
            now = time.monotonic()
            kind = "succeeded" if error is None else "ignored" if ignored else "failed"
            self._numbers_of[kind] += 1
            if kind != "ignored":
                self._durations["sum"] += now - start
                self._durations["max"] = max(self._durations["max"], now - start)
            self._probes.discard(number)
            if number >= self._first_valid:
                if kind == "failed":
                    events = self._failed(now)
                elif kind == "succeeded":
                    events = self._succeeded()
        self._emit(events)

    def _failed(self, now: float) -> list[Event]:
        self._streak += 1
        if self._status is Status.HALF_OPEN:
            self._attempt += 1
        elif self._streak < self.threshold:
            return []
        self._retry_at = now + self.backoff.delay(self._attempt)
        return self._change(Status.OPEN)

    def _succeeded(self) -> list[Event]:
        if self._status is Status.CLOSED:
            self._streak = 0
            return []
        self._streak += 1
        if self._streak < self.close_after:
            return []
        self._attempt = 0
        return self._change(Status.CLOSED)

    def _change(self, status: Status) -> list[Event]:
        old, self._status = self._status, status
        self._streak = 0
        self._probes.clear()
        self._first_valid = next(self._numbers)
        if old is status:
            return []
        self._numbers_of["state_transitions"] += 1
        return [Event(self.name, old, status)]

    def _emit(self, events: list[Event]) -> None:
        for event in events:
            for listener in tuple(self._listeners):
                try:
                    listener(event)
                except Exception:
                    LOG.exception("a listener of %s failed", self.name)


class BreakerRegistry:
    """Breakers by name, all made with the same settings unless ``get`` is given others."""

    def __init__(self, **settings: Any) -> None:
        Breaker("settings are checked here", **settings)
        self._settings = settings
        self._breakers: dict[str, Breaker] = {}
        self._lock = threading.Lock()

    def get(self, name: str, **settings: Any) -> Breaker:
        """The breaker of this name. Settings count for the first to ask; others must not differ."""
        with self._lock:
            if name not in self._breakers:
                self._breakers[name] = Breaker(name, **{**self._settings, **settings})
            breaker = self._breakers[name]
        for key, value in settings.items():
            if getattr(breaker, key) != value:
                raise ValueError(f"{name!r} exists with {key}={getattr(breaker, key)!r}")
        return breaker

    def __iter__(self) -> Any:
        return iter(tuple(self._breakers.values()))


def _is_async(func: Any) -> bool:
    while isinstance(func, functools.partial):
        func = func.func
    return inspect.iscoroutinefunction(func) or inspect.iscoroutinefunction(type(func).__call__)
