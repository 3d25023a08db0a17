"""The settings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

_YEAR = timedelta(days=365)


@dataclass(frozen=True)
class BreakerPolicy:
    """Settings of a breaker, checked when made.

    The first open period is ``open_for``. Each failed round of probes makes it ``growth`` times
    as long, up to ``open_for_at_most``.
    """

    max_failures: int = 5
    open_for: timedelta = timedelta(seconds=30)
    growth: float = 2.0
    open_for_at_most: timedelta = timedelta(minutes=10)
    max_probes: int = 1
    required_successes: int = 1
    failures: tuple[type[BaseException], ...] = (Exception,)
    ignored: tuple[type[BaseException], ...] = ()

    def __post_init__(self) -> None:
        _need(int, self, "max_failures", "max_probes", "required_successes")
        _need((int, float), self, "growth")
        _need(timedelta, self, "open_for", "open_for_at_most")
        _need(tuple, self, "failures", "ignored")
        for name in ("max_failures", "max_probes", "required_successes", "growth"):
            if not 1 <= getattr(self, name) <= 10**6:
                raise ValueError(f"{name} must be between 1 and a million")
        if not timedelta(0) < self.open_for <= self.open_for_at_most <= 100 * _YEAR:
            raise ValueError("open_for must be positive and at most open_for_at_most, a century")
        for kind in (*self.failures, *self.ignored):
            if not issubclass(kind, BaseException):
                raise TypeError(f"{kind!r} is not an exception type")

    def open_period(self, failed_rounds: int) -> float:
        """Seconds the circuit stays open after so many failed rounds of probes."""
        seconds, most = self.open_for.total_seconds(), self.open_for_at_most.total_seconds()
        if self.growth > 1:
            for _ in range(failed_rounds):
                if seconds >= most:
                    break
                seconds *= self.growth
        return min(seconds, most)


def _need(kind: Any, policy: BreakerPolicy, *names: str) -> None:
    for name in names:
        value = getattr(policy, name)
        if isinstance(value, bool) or not isinstance(value, kind):
            raise TypeError(f"{name} must not be {value!r}")
