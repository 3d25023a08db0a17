"""A circuit breaker for blocking code which runs the protected function on a pool thread.

A pool thread makes it possible to give up on a function that takes longer than ``call_timeout``.
The function itself cannot be stopped; it runs on, and what it returns is dropped.

``execute`` is for functions, ``execute_async`` for coroutine functions: those are awaited on the
running loop and never see the pool.
"""

import concurrent.futures
import contextlib
import contextvars
import functools
import inspect
import threading
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from time import monotonic, perf_counter
from typing import Any, TypeVar

_OPEN, _CLOSED, _HALF_OPEN = "open", "closed", "half-open"
_LARGEST = 1e12

T = TypeVar("T")
Event = tuple[str, str, str]


class BreakerError(Exception):
    """Base of what the breaker itself raises."""


class BreakerOpen(BreakerError):
    """The function was not called."""

    def __init__(self, name: str, retry_after: float) -> None:
        super().__init__(name, retry_after)
        self.name = name
        self.retry_after = retry_after

    def __str__(self) -> str:
        return f"breaker {self.name!r} rejects calls (retry in {self.retry_after:.1f} s)"


class CallTimeout(TimeoutError):
    """The function did not return in time. Counts as a failure."""


@dataclass
class BreakerStats:
    """Totals since the breaker was built."""

    calls: int = 0
    successes: int = 0
    failures: int = 0
    timeouts: int = 0
    ignored: int = 0
    rejected: int = 0
    transitions: int = 0
    trips: int = 0
    state: str = _CLOSED
    last_failure_time: float | None = None
    last_state_change: float | None = None
    total_duration: float = 0.0
    longest_duration: float = 0.0

    @property
    def failure_rate(self) -> float:
        """Failures among the calls that were made, between 0 and 1."""
        finished = self.successes + self.failures
        return self.failures / finished if finished else 0.0

    @property
    def average_duration(self) -> float:
        """Seconds per call that was made; 0 when none was."""
        finished = self.successes + self.failures
        return min(self.total_duration / finished, self.longest_duration) if finished else 0.0

    def to_dict(self) -> dict[str, Any]:
        """Everything, as JSON would have it."""
        return {
            **asdict(self),
            "failure_rate": self.failure_rate,
            "average_duration": self.average_duration,
        }


class CircuitBreaker:
    """A breaker with keyword settings.

    max_failures       failures in a row that open it
    reset_timeout      seconds it stays open the first time
    backoff_factor     what that is multiplied by each time a trial fails
    max_reset_timeout  what it never exceeds (None: 100 times reset_timeout)
    max_trials         calls let through together while half-open
    trials_to_close    good ones it takes to close
    ignore             exception types that are no failures
    call_timeout       seconds a function may take (None: any)
    max_workers        threads of the pool; further calls wait for one
    """

    def __init__(
        self,
        name: str = "breaker",
        *,
        max_failures: int = 5,
        reset_timeout: float = 30,
        backoff_factor: float = 2,
        max_reset_timeout: float | None = None,
        max_trials: int = 1,
        trials_to_close: int = 1,
        ignore: type[BaseException] | Iterable[Any] = (),
        call_timeout: float | None = None,
        max_workers: int = 64,
        on_state_change: Callable[[str, str, str], object] | None = None,
    ) -> None:
        _check_int("max_failures", max_failures)
        _check_int("max_trials", max_trials)
        _check_int("trials_to_close", trials_to_close)
        _check_int("max_workers", max_workers)
        _check_seconds("reset_timeout", reset_timeout)
        _check_seconds("backoff_factor", backoff_factor, at_least=1)
        if max_reset_timeout is None:
            max_reset_timeout = 100 * reset_timeout
        _check_seconds("max_reset_timeout", max_reset_timeout, at_least=reset_timeout)
        if call_timeout is not None:
            _check_seconds("call_timeout", call_timeout)
        if isinstance(ignore, type):
            ignore = (ignore,)
        ignored = tuple(ignore)
        for kind in ignored:
            if not (isinstance(kind, type) and issubclass(kind, BaseException)):
                raise TypeError(f"ignore: {kind!r} is not an exception type")

        self.name = name
        self.max_failures = max_failures
        self.reset_timeout = reset_timeout
        self.backoff_factor = backoff_factor
        self.max_reset_timeout = max_reset_timeout
        self.max_trials = max_trials
        self.trials_to_close = trials_to_close
        self.ignore = ignored
        self.call_timeout = call_timeout
        self.on_state_change = on_state_change

        self._mutex = threading.Lock()
        self._state = _CLOSED
        self._failures = 0
        self._trials_passed = 0
        self._tickets: set[object] = set()  # of calls whose outcome still matters
        self._wait = reset_timeout
        self._deadline = 0.0
        self._stats = BreakerStats()
        self._local = threading.local()
        self._pool = concurrent.futures.ThreadPoolExecutor(max_workers, f"{name}-call")

    @property
    def state(self) -> str:
        """ "closed", "open" or "half-open"."""
        return self._state

    @property
    def stats(self) -> BreakerStats:
        """A copy of the totals."""
        with self._mutex:
            return replace(self._stats, state=self._state)

    def execute(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> T:
        """Run ``fn`` on the pool and return what it returns or raise what it raises."""
        if _is_async(fn):
            raise TypeError("use execute_async for coroutine functions")
        ticket, events = self._admit()
        started = perf_counter()
        try:
            self._tell(events)
            result = self._run(functools.partial(fn, *args, **kwargs))
            if inspect.iscoroutine(result):
                result.close()
                raise TypeError("use execute_async for functions that return coroutines")
        except BaseException as error:
            self._finish(ticket, error, started)
            raise
        self._finish(ticket, None, started)
        return result

    async def execute_async(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Call ``fn`` here and await what it returns."""
        ticket, events = self._admit()
        started = perf_counter()
        try:
            self._tell(events)
            result = fn(*args, **kwargs)
            if inspect.isawaitable(result):
                result = await result
        except BaseException as error:
            self._finish(ticket, error, started)
            raise
        self._finish(ticket, None, started)
        return result

    def reset(self) -> None:
        """Close it."""
        with self._mutex:
            events = self._close()
        self._tell(events)

    def trip(self) -> None:
        """Open it."""
        with self._mutex:
            events = self._open()
        self._tell(events)

    def shutdown(self) -> None:
        """Let the pool's threads end. The breaker cannot be used afterwards."""
        self._pool.shutdown(wait=False)

    def _run(self, task: Callable[[], T]) -> T:
        if getattr(self._local, "inside", False):
            return task()  # a nested call must not wait for a thread that waits for it
        future = self._pool.submit(contextvars.copy_context().run, self._work, task)
        try:
            concurrent.futures.wait([future], self.call_timeout)
            if future.done():
                return future.result()
            future.cancel()
            raise CallTimeout(f"{self.name}: no answer within {self.call_timeout} s")
        finally:
            del future  # it holds the exception, which holds this frame

    def _work(self, task: Callable[[], T]) -> T:
        self._local.inside = True
        try:
            return task()
        finally:
            self._local.inside = False

    def _admit(self) -> tuple[object, list[Event]]:
        with self._mutex:
            self._stats.calls += 1
            now = monotonic()
            events: list[Event] = []
            if self._state == _OPEN and now >= self._deadline:
                events = self._change(_HALF_OPEN)
            busy = self._state == _HALF_OPEN and len(self._tickets) >= self.max_trials
            if busy or self._state == _OPEN:
                self._stats.rejected += 1
                raise BreakerOpen(self.name, max(0.0, self._deadline - now))
            ticket = object()
            self._tickets.add(ticket)
            return ticket, events

    def _finish(self, ticket: object, error: BaseException | None, started: float) -> None:
        counted = isinstance(error, Exception) and not isinstance(error, self.ignore)
        events: list[Event] = []
        with self._mutex:
            stats = self._stats
            if error is None or counted:
                duration = max(0.0, perf_counter() - started)
                stats.total_duration += duration
                stats.longest_duration = max(stats.longest_duration, duration)
            if counted:
                stats.failures += 1
                stats.timeouts += isinstance(error, CallTimeout)
                stats.last_failure_time = monotonic()
            elif error is None:
                stats.successes += 1
            else:
                stats.ignored += 1

            if ticket in self._tickets:
                self._tickets.remove(ticket)
                if counted:
                    events = self._failed()
                elif error is None:
                    events = self._passed()
        self._tell(events)

    def _failed(self) -> list[Event]:
        if self._state == _HALF_OPEN:
            self._wait = min(self._wait * self.backoff_factor, self.max_reset_timeout)
            return self._open()
        self._failures += 1
        return self._open() if self._failures >= self.max_failures else []

    def _passed(self) -> list[Event]:
        self._failures = 0
        if self._state == _HALF_OPEN:
            self._trials_passed += 1
            if self._trials_passed >= self.trials_to_close:
                return self._close()
        return []

    def _open(self) -> list[Event]:
        self._deadline = monotonic() + self._wait
        return self._change(_OPEN)

    def _close(self) -> list[Event]:
        self._wait = self.reset_timeout
        return self._change(_CLOSED)

    def _change(self, state: str) -> list[Event]:
        """Enter a state; calls that are under way have lost their say. Returns what to tell."""
        self._tickets.clear()
        self._failures = 0
        self._trials_passed = 0
        old, self._state = self._state, state
        if old == state:
            return []
        self._stats.transitions += 1
        self._stats.trips += state == _OPEN
        self._stats.last_state_change = monotonic()
        return [(self.name, old, state)]

    def _tell(self, events: list[Event]) -> None:
        for event in events:
            if self.on_state_change is not None:
                with contextlib.suppress(Exception):  # an observer's trouble is its own
                    self.on_state_change(*event)


def _is_async(fn: Callable[..., Any]) -> bool:
    while isinstance(fn, functools.partial):
        fn = fn.func
    return inspect.iscoroutinefunction(fn) or inspect.iscoroutinefunction(type(fn).__call__)


def _check_int(name: str, value: object) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{name}: an integer is needed, not {value!r}")
    if value < 1:
        raise ValueError(f"{name}: {value} is less than 1")


def _check_seconds(name: str, value: object, at_least: float = 0) -> None:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise TypeError(f"{name}: a number is needed, not {value!r}")
    if not at_least <= value <= _LARGEST:
        raise ValueError(f"{name}: {value!r} is not between {at_least} and {_LARGEST:g}")
