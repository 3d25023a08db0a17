"""Counting."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from .states import Outcome


@dataclass
class Meter:
    """Totals of one breaker. Its owner keeps two threads from using it at once."""

    calls: int = 0
    successes: int = 0
    failures: int = 0
    neutral: int = 0
    rejections: int = 0
    transitions: int = 0
    times_opened: int = 0
    opened_at: float | None = None
    last_failure_time: float | None = None
    last_state_change: float | None = None
    min_latency: float | None = None
    avg_latency: float | None = None
    max_latency: float | None = None

    def ended(self, outcome: Outcome, now: float, latency: float) -> None:
        if outcome is Outcome.NEUTRAL:
            self.neutral += 1
            return
        if outcome is Outcome.FAILURE:
            self.failures += 1
            self.last_failure_time = now
        else:
            self.successes += 1
        done = self.successes + self.failures
        previous = latency if self.avg_latency is None else self.avg_latency
        self.avg_latency = previous + (latency - previous) / done
        self.min_latency = min(latency, latency if self.min_latency is None else self.min_latency)
        self.max_latency = max(latency, latency if self.max_latency is None else self.max_latency)

    def changed(self, now: float, *, opened: bool) -> None:
        self.transitions += 1
        self.last_state_change = now
        if opened:
            self.times_opened += 1
            self.opened_at = now

    def to_dict(self) -> dict[str, Any]:
        done = self.successes + self.failures
        return {**asdict(self), "failure_rate": self.failures / done if done else 0.0}
