"""A circuit breaker that never calls anything: it is asked, and it is told.

    if not breaker.allow_request():
        return fallback()
    try:
        result = do_it()
    except SomeError:
        breaker.record_failure()
        raise
    except BaseException:       # cancelled, interrupted: nobody's fault
        breaker.release()
        raise
    breaker.record_success()

Each permission is answered by exactly one of ``record_success``, ``record_failure`` and
``release``. Which permission a report answers follows from the context it is made in: a thread or
an asyncio task reports on what it was allowed itself, or on what the task that started it was
allowed. A report from anywhere else is taken for the oldest probe.

A probe nobody reports on within the present cooldown is given up, and its place is free again.
"""

from __future__ import annotations

import contextvars
import threading
import time
from typing import Any

CLOSED, OPEN, HALF_OPEN = "CLOSED", "OPEN", "HALF_OPEN"


class _Permit:
    """Leave for one request, given at a time, in an era, and answered once."""

    __slots__ = ("answered", "era", "given_at")

    def __init__(self, era: int, given_at: float) -> None:
        self.era = era
        self.given_at = given_at
        self.answered = False


class PermitBreaker:
    """Opens after ``threshold`` failures in a row, for ``cooldown`` seconds.

    Then ``max_probes`` requests at a time are allowed. After ``required_successes`` good ones the
    circuit is closed; after a bad one it is open again, ``multiplier`` times as long as before but
    no longer than ``max_cooldown``. All methods may be called from any thread.
    """

    def __init__(
        self,
        threshold: int = 5,
        cooldown: float = 30.0,
        *,
        multiplier: float = 2.0,
        max_cooldown: float = 1800.0,
        max_probes: int = 1,
        required_successes: int = 1,
    ) -> None:
        for label, number, kinds, least in (
            ("threshold", threshold, int, 1),
            ("cooldown", cooldown, (int, float), 1e-6),
            ("multiplier", multiplier, (int, float), 1),
            ("max_cooldown", max_cooldown, (int, float), cooldown),
            ("max_probes", max_probes, int, 1),
            ("required_successes", required_successes, int, 1),
        ):
            if isinstance(number, bool) or not isinstance(number, kinds):
                raise TypeError(f"{label} has the wrong type: {number!r}")
            if not least <= number <= 1e12:
                raise ValueError(f"{label} is out of range, {least} to 1e12: {number!r}")
        self.threshold = threshold
        self.cooldown = cooldown
        self.multiplier = multiplier
        self.max_cooldown = max_cooldown
        self.max_probes = max_probes
        self.required_successes = required_successes

        self._guard = threading.Lock()
        self._current: contextvars.ContextVar[_Permit | None] = contextvars.ContextVar(
            "permit", default=None
        )
        self._state = CLOSED
        self._era = 0
        self._failures_in_row = 0
        self._good_probes = 0
        self._probes: dict[_Permit, float] = {}  # to the time at which each is given up
        self._period = cooldown
        self._open_until = 0.0

        self._requests = 0
        self._successes = 0
        self._failures = 0
        self._releases = 0
        self._lost = 0
        self._rejections = 0
        self._switches = 0
        self._last_failure: float | None = None
        self._last_switch: float | None = None
        self._waited = 0.0
        self._timed = 0

    def allow_request(self) -> bool:
        """Tell whether a request may be made now. If so, its end must be reported."""
        with self._guard:
            now = time.monotonic()
            self._requests += 1
            if self._state == OPEN and now >= self._open_until:
                self._switch(HALF_OPEN, now)
            if self._state == HALF_OPEN:
                self._give_up_lost_probes(now)
            if self._state == OPEN or len(self._probes) >= self.max_probes:
                self._rejections += 1
                return False
            permit = _Permit(self._era, now)
            if self._state == HALF_OPEN:
                self._probes[permit] = now + self._period
        self._current.set(permit)
        return True

    def record_success(self) -> None:
        """Report that the request went well."""
        with self._guard:
            now = time.monotonic()
            self._successes += 1
            if self._answer(now):
                self._failures_in_row = 0
                self._good_probes += self._state == HALF_OPEN
                if self._good_probes >= self.required_successes:
                    self._period = self.cooldown
                    self._switch(CLOSED, now)

    def record_failure(self) -> None:
        """Report that the request failed."""
        with self._guard:
            now = time.monotonic()
            self._failures += 1
            self._last_failure = now
            if self._answer(now):
                self._failures_in_row += 1
                if self._state == HALF_OPEN:
                    self._period = min(self._period * self.multiplier, self.max_cooldown)
                elif self._failures_in_row < self.threshold:
                    return
                self._open_until = now + self._period
                self._switch(OPEN, now)

    def release(self) -> None:
        """Report that the request ended in neither way, or was never made."""
        with self._guard:
            self._releases += 1
            self._answer(None)

    def get_state(self) -> str:
        """``CLOSED``, ``OPEN`` or ``HALF_OPEN``, the latter once a probe has been allowed."""
        return self._state

    def retry_after(self) -> float:
        """Seconds until a probe is allowed; 0.0 if there is nothing to wait for."""
        with self._guard:
            left = self._open_until - time.monotonic()
            return max(0.0, left) if self._state == OPEN else 0.0

    def get_stats(self) -> dict[str, Any]:
        """A new dictionary of totals."""
        with self._guard:
            reported = self._successes + self._failures
            return {
                "state": self._state,
                "total_requests": self._requests,
                "total_successes": self._successes,
                "total_failures": self._failures,
                "total_releases": self._releases,
                "total_rejections": self._rejections,
                "lost_probes": self._lost,
                "state_transitions": self._switches,
                "failure_rate": self._failures / reported if reported else 0.0,
                "average_latency": self._waited / self._timed if self._timed else 0.0,
                "last_failure_time": self._last_failure,
                "last_state_change": self._last_switch,
            }

    def _answer(self, now: float | None) -> bool:
        """Settle the permission a report is about. True if the report still has a say."""
        permit = self._current.get()
        self._current.set(None)
        if permit is None or permit.answered:
            permit = next(iter(self._probes), None)
        if permit is None:  # nothing was asked: good to know, but only while closed
            return self._state == CLOSED
        permit.answered = True
        if now is not None:
            self._waited += now - permit.given_at
            self._timed += 1
        if self._state == HALF_OPEN:
            return self._probes.pop(permit, None) is not None
        return permit.era == self._era

    def _give_up_lost_probes(self, now: float) -> None:
        for permit in [p for p, until in self._probes.items() if until <= now]:
            del self._probes[permit]
            self._lost += 1

    def _switch(self, state: str, now: float) -> None:
        self._state = state
        self._era += 1
        self._failures_in_row = 0
        self._good_probes = 0
        self._probes.clear()
        self._switches += 1
        self._last_switch = now
