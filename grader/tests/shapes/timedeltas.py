"""Durations as timedelta; `run`; metrics as a dataclass inside a dataclass."""

from dataclasses import dataclass
from datetime import timedelta

from machine import Machine


@dataclass(frozen=True)
class Outcomes:
    succeeded: int
    failed: int
    rejected: int


@dataclass(frozen=True)
class Report:
    outcomes: Outcomes
    trips: int


class ProductionCircuitBreaker:
    def __init__(
        self,
        *,
        fail_threshold: int = 5,
        break_duration: timedelta = timedelta(seconds=30),
        factor: float = 2.0,
        max_open_duration: timedelta = timedelta(minutes=5),
        half_open_max_probes: int = 1,
        recovery_successes: int = 1,
    ):
        self._m = Machine(
            fail_threshold,
            break_duration.total_seconds(),
            factor,
            max_open_duration.total_seconds(),
            half_open_max_probes,
            recovery_successes,
        )

    @property
    def status(self) -> str:
        return {"closed": "passing", "open": "broken", "half_open": "recovering"}[self._m.word]

    async def run(self, fn, /, *args, **kwargs):
        return await self._m.run(fn, *args, **kwargs)

    def report(self) -> Report:
        c = self._m.counts
        return Report(Outcomes(c["ok"], c["failed"], c["rejected"]), c["changes"])
