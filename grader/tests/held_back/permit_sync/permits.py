"""Permit style for callers that do their own call:

    breaker.before_call()          # raises CircuitOpenError
    try:
        response = fetch()
    except Exception as error:
        breaker.record_failure(error)
        raise
    except BaseException:
        breaker.release()
        raise
    else:
        breaker.record_success()

The admission is remembered per task or thread in a context variable, so that a late result is recognised.
"""
import contextvars
import itertools
import threading
import time
from typing import Dict, Optional, Tuple


class CircuitOpenError(Exception):
    def __init__(self, message: str, retry_after: float):
        super().__init__(message)
        self.retry_after = retry_after


class Breaker:
    _ids = itertools.count()

    def __init__(self, max_failures: int = 5, open_duration: float = 20.0, recovery_multiplier: float = 2.0,
                 max_open_duration: float = 600.0, half_open_requests: int = 1, ignored: Tuple[type, ...] = ()):
        for label, value in (("max_failures", max_failures), ("half_open_requests", half_open_requests)):
            if type(value) is not int or value < 1:
                raise ValueError(f"{label}: expected an int of at least 1, got {value!r}")
        for label, value, low in (("open_duration", open_duration, 0), ("recovery_multiplier", recovery_multiplier, 1),
                                  ("max_open_duration", max_open_duration, open_duration)):
            if not isinstance(value, (int, float)) or not low <= value < float("inf"):
                raise ValueError(f"{label}: expected a finite number of at least {low}, got {value!r}")
        self.max_failures = max_failures
        self.open_duration = open_duration
        self.recovery_multiplier = recovery_multiplier
        self.max_open_duration = max_open_duration
        self.half_open_requests = half_open_requests
        self.ignored = ignored
        self._mutex = threading.Lock()
        self._admission: contextvars.ContextVar[Optional[int]] = contextvars.ContextVar(f"breaker-{next(self._ids)}", default=None)
        self._status = "closed"
        self._era = 0
        self._failures = 0
        self._in_flight = 0
        self._duration = open_duration
        self._reopen_at = 0.0
        self.stats: Dict[str, int] = dict(requests=0, successes=0, failures=0, rejections=0, transitions=0)

    @property
    def is_open(self) -> bool:
        return self._status == "open"

    @property
    def is_closed(self) -> bool:
        return self._status == "closed"

    @property
    def is_half_open(self) -> bool:
        return self._status == "half-open"

    def _turn(self, status: str) -> None:
        self._status = status
        self._era += 1
        self._failures = self._in_flight = 0
        self.stats["transitions"] += 1
        if status == "open":
            self._reopen_at = time.monotonic() + self._duration

    def before_call(self) -> None:
        with self._mutex:
            self.stats["requests"] += 1
            left = self._reopen_at - time.monotonic()
            if self._status == "open" and left <= 0:
                self._turn("half-open")
            if self._status == "open":
                self.stats["rejections"] += 1
                raise CircuitOpenError("circuit is open", left)
            if self._status == "half-open" and self._in_flight >= self.half_open_requests:
                self.stats["rejections"] += 1
                raise CircuitOpenError("circuit is being probed", 0.0)
            self._in_flight += 1
            self._admission.set(self._era)

    def _current(self) -> bool:
        era = self._admission.get()
        self._admission.set(None)
        if era != self._era:
            return False
        self._in_flight -= 1
        return True

    def record_success(self) -> None:
        with self._mutex:
            self.stats["successes"] += 1
            if not self._current():
                return
            if self._status == "half-open":
                self._duration = self.open_duration
                self._turn("closed")
            self._failures = 0

    def record_failure(self, error: Optional[BaseException] = None) -> None:
        if isinstance(error, self.ignored):
            self.release()
            return
        with self._mutex:
            self.stats["failures"] += 1
            if not self._current():
                return
            if self._status == "half-open":
                self._duration = min(self._duration * self.recovery_multiplier, self.max_open_duration)
                self._turn("open")
                return
            self._failures += 1
            if self._failures >= self.max_failures:
                self._turn("open")

    def release(self) -> None:
        """The call ended without telling anything about the service."""
        with self._mutex:
            self._current()
