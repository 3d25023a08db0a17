"""The machine is a value: every event gives a new frozen `Snapshot` by `replace`; a Protocol supplies the time."""
from __future__ import annotations

import functools
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Generic, Literal, ParamSpec, Protocol, TypeVar, runtime_checkable

P = ParamSpec("P")
R = TypeVar("R")
Phase = Literal["CLOSED", "OPEN", "HALF_OPEN"]


@runtime_checkable
class Clock(Protocol):
    def now(self) -> float: ...


class MonotonicClock:
    def now(self) -> float:
        return time.monotonic()


class CircuitOpen(Exception):
    def __init__(self, snapshot: "Snapshot", retry_after: float) -> None:
        super().__init__(f"{snapshot.phase}: retry after {retry_after:g} s")
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Policy:
    error_threshold: int = 5
    open_timeout: float = 10.0
    backoff_factor: float = 2.0
    backoff_max: float = 3600.0
    probes: int = 1
    recovery_successes: int = 1

    def __post_init__(self) -> None:
        if min(self.error_threshold, self.probes, self.recovery_successes) < 1:
            raise ValueError("error_threshold, probes and recovery_successes must be at least 1")
        if not 0.0 <= self.open_timeout <= self.backoff_max < float("inf"):
            raise ValueError("must have 0 <= open_timeout <= backoff_max < inf")
        if not 1.0 <= self.backoff_factor < float("inf"):
            raise ValueError("backoff_factor must be at least 1")


@dataclass(frozen=True, slots=True)
class Metrics:
    calls: int = 0
    successes: int = 0
    failures: int = 0
    rejected: int = 0
    transitions: int = 0

    def to_dict(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Snapshot:
    phase: Phase = "CLOSED"
    version: int = 0
    errors: int = 0
    good: int = 0
    probing: int = 0
    period: float = 0.0
    until: float = 0.0
    metrics: Metrics = Metrics()

    def count(self, **steps: int) -> "Snapshot":
        m = self.metrics
        return replace(self, metrics=replace(m, **{key: getattr(m, key) + by for key, by in steps.items()}))

    def move(self, phase: Phase, **changes: float) -> "Snapshot":
        return replace(self.count(transitions=1), phase=phase, version=self.version + 1, errors=0, good=0, probing=0, **changes)


class CircuitBreaker(Generic[P, R]):
    def __init__(self, policy: Policy = Policy(), clock: Clock = MonotonicClock()) -> None:
        self.policy = policy
        self._clock = clock
        self._lock = threading.Lock()
        self._snap = Snapshot(period=policy.open_timeout)

    @property
    def phase(self) -> Phase:
        return self._snap.phase

    @property
    def metrics(self) -> Metrics:
        return self._snap.metrics

    def _permit(self) -> int:
        with self._lock:
            snap, now = self._snap.count(calls=1), self._clock.now()
            if snap.phase == "OPEN" and now >= snap.until:
                snap = snap.move("HALF_OPEN")
            if snap.phase == "OPEN" or (snap.phase == "HALF_OPEN" and snap.probing >= self.policy.probes):
                self._snap = snap.count(rejected=1)
                raise CircuitOpen(self._snap, max(0.0, snap.until - now))
            self._snap = replace(snap, probing=snap.probing + 1)
            return self._snap.version

    def _report(self, version: int, outcome: bool | None) -> None:
        with self._lock:
            snap = self._snap
            if outcome is not None:
                snap = snap.count(successes=1) if outcome else snap.count(failures=1)
            if version == snap.version:
                snap = replace(snap, probing=snap.probing - 1)
                match snap.phase, outcome:
                    case "HALF_OPEN", True if snap.good + 1 >= self.policy.recovery_successes:
                        snap = snap.move("CLOSED", period=self.policy.open_timeout)
                    case "HALF_OPEN", True:
                        snap = replace(snap, good=snap.good + 1)
                    case "HALF_OPEN", False:
                        period = min(snap.period * self.policy.backoff_factor, self.policy.backoff_max)
                        snap = snap.move("OPEN", period=period, until=self._clock.now() + period)
                    case "CLOSED", True:
                        snap = replace(snap, errors=0)
                    case "CLOSED", False if snap.errors + 1 >= self.policy.error_threshold:
                        snap = snap.move("OPEN", until=self._clock.now() + snap.period)
                    case "CLOSED", False:
                        snap = replace(snap, errors=snap.errors + 1)
            self._snap = snap

    async def invoke(self, fn: Callable[P, Awaitable[R]], /, *args: P.args, **kwargs: P.kwargs) -> R:
        version = self._permit()
        outcome: bool | None = None
        try:
            result = await fn(*args, **kwargs)
            outcome = True
            return result
        except Exception:
            outcome = False
            raise
        finally:
            self._report(version, outcome)

    def guard(self, fn: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
        @functools.wraps(fn)
        async def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
            return await self.invoke(fn, *args, **kwargs)
        return wrapper
