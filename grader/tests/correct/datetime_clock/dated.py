"""A circuit breaker that reckons in datetimes.

Every time it shows is an aware UTC datetime. The default clock reads the wall once and from then
on adds what the monotonic clock has advanced, so that setting the system's time, or summer time,
moves nothing. ``now`` may be any function that returns aware datetimes and never goes back.
"""

from __future__ import annotations

import inspect
import time
from collections import deque
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

CLOSED, OPEN, HALF_OPEN = "CLOSED", "OPEN", "HALF_OPEN"
CENTURY = 3_155_760_000.0


def steady_clock() -> Callable[[], datetime]:
    """Make a clock that shows UTC and cannot be set."""
    wall, origin = datetime.now(UTC), time.monotonic()
    return lambda: wall + timedelta(seconds=time.monotonic() - origin)


class CircuitOpenException(Exception):
    """No call was made. ``reopen_time`` is when the next one may be, as far as is known."""

    def __init__(self, name: str, reopen_time: datetime, time_remaining: timedelta) -> None:
        super().__init__(name, reopen_time, time_remaining)
        self.name = name
        self.reopen_time = reopen_time
        self.time_remaining = time_remaining

    def __str__(self) -> str:
        return f"{self.name}: no calls until {self.reopen_time.isoformat()}"


class Transition(NamedTuple):
    at: datetime
    source: str
    target: str


class Stats(NamedTuple):
    """Totals. ``recent_transitions`` has the latest of them, ``state_changes`` counts them all."""

    state: str
    total_calls: int
    successful_calls: int
    failed_calls: int
    excluded_calls: int
    rejected_calls: int
    state_changes: int
    recent_transitions: tuple[Transition, ...]
    opened_at: datetime | None
    last_failure: datetime | None
    average_duration: timedelta | None
    longest_duration: timedelta | None

    def as_dict(self) -> dict[str, Any]:
        """The same in types JSON knows."""
        return {key: _plain(value) for key, value in self._asdict().items()}


class CircuitBreaker:
    """``await breaker.run(f, ...)``, or ``async with breaker.guard():``."""

    def __init__(
        self,
        name: str = "circuit",
        failure_limit: int = 5,
        open_duration: float = 30.0,
        exponential_base: float = 2.0,
        max_open_duration: float | None = None,
        half_open_limit: int = 1,
        close_threshold: int = 1,
        exclude: tuple[type[BaseException], ...] = (),
        now: Callable[[], datetime] | None = None,
    ) -> None:
        if max_open_duration is None:  # the cap is an hour, or the base where that is longer
            max_open_duration = 3600.0
            if isinstance(open_duration, int | float):
                max_open_duration = max(max_open_duration, open_duration)
        for label, value, whole, low in (
            ("failure_limit", failure_limit, True, 1),
            ("open_duration", open_duration, False, 0.001),
            ("exponential_base", exponential_base, False, 1),
            ("max_open_duration", max_open_duration, False, open_duration),
            ("half_open_limit", half_open_limit, True, 1),
            ("close_threshold", close_threshold, True, 1),
        ):
            fits = isinstance(value, int if whole else (int, float))
            if isinstance(value, bool) or not fits:
                raise TypeError(f"{label}={value!r} is of the wrong type")
            if not low <= value <= CENTURY:
                raise ValueError(f"{label}={value!r} is not in {low} … {CENTURY:.0f}")
        if not all(issubclass(kind, BaseException) for kind in exclude):
            raise TypeError(f"exclude={exclude!r} holds more than exception types")
        self.name = name
        self._limit = failure_limit
        self._base = timedelta(seconds=open_duration)
        self._factor = exponential_base
        self._cap = timedelta(seconds=max_open_duration)
        self._half_open_limit = half_open_limit
        self._close_threshold = close_threshold
        self._exclude = exclude
        self._now = steady_clock() if now is None else now

        self._state = CLOSED
        self._since = 0  # how many states ago the breaker began
        self._streak = 0
        self._active = 0
        self._duration = self._base
        self._opened: datetime | None = None
        self._reopens = self._now()
        self._last_failure: datetime | None = None
        self._calls = self._good = self._bad = self._excluded = self._rejected = 0
        self._time_spent = timedelta(0)
        self._longest: timedelta | None = None
        self._log: deque[Transition] = deque(maxlen=20)

    @property
    def state(self) -> str:
        return self._state

    async def run(self, func: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Await ``func(*args, **kwargs)``; a plain result is returned as it is."""
        async with self.guard():
            result = func(*args, **kwargs)
            return await result if inspect.isawaitable(result) else result

    @asynccontextmanager
    async def guard(self) -> AsyncIterator[None]:
        """Protect a block."""
        since, start = self._begin()
        try:
            yield
        except BaseException as error:
            failed = isinstance(error, Exception) and not isinstance(error, self._exclude)
            self._end(since, start, failed=failed, succeeded=False)
            raise
        self._end(since, start, failed=False, succeeded=True)

    def statistics(self) -> Stats:
        done = self._good + self._bad
        return Stats(
            state=self._state,
            total_calls=self._calls,
            successful_calls=self._good,
            failed_calls=self._bad,
            excluded_calls=self._excluded,
            rejected_calls=self._rejected,
            state_changes=self._since,
            recent_transitions=tuple(self._log),
            opened_at=self._opened,
            last_failure=self._last_failure,
            average_duration=self._time_spent / done if done else None,
            longest_duration=self._longest,
        )

    def _begin(self) -> tuple[int, datetime]:
        now = self._now()
        self._calls += 1
        if self._state == OPEN and now >= self._reopens:
            self._move(HALF_OPEN, now)
        if self._state == OPEN or (
            self._state == HALF_OPEN and self._active >= self._half_open_limit
        ):
            self._rejected += 1
            remaining = max(self._reopens - now, timedelta(0))
            raise CircuitOpenException(self.name, self._reopens, remaining)
        self._active += 1
        return self._since, now

    def _end(self, since: int, start: datetime, *, failed: bool, succeeded: bool) -> None:
        now = self._now()
        self._good += succeeded
        self._bad += failed
        if failed or succeeded:
            spent = now - start
            self._time_spent += spent
            self._longest = spent if self._longest is None else max(self._longest, spent)
        else:
            self._excluded += 1
        if failed:
            self._last_failure = now
        if since != self._since:
            return
        self._active -= 1
        if failed and self._state == HALF_OPEN:
            try:
                self._duration = min(self._duration * self._factor, self._cap)
            except OverflowError:
                self._duration = self._cap
            self._open(now)
        elif failed:
            self._streak += 1
            if self._streak >= self._limit:
                self._duration = self._base
                self._open(now)
        elif succeeded and self._state == HALF_OPEN:
            self._streak += 1
            if self._streak >= self._close_threshold:
                self._move(CLOSED, now)
        elif succeeded:
            self._streak = 0

    def _open(self, now: datetime) -> None:
        self._opened = now
        self._reopens = now + self._duration
        self._move(OPEN, now)

    def _move(self, target: str, now: datetime) -> None:
        self._log.append(Transition(now, self._state, target))
        self._state = target
        self._since += 1
        self._streak = 0
        self._active = 0


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value
