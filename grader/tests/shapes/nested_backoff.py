"""A backoff object inside; `acall`; `status()` is a dict; a NamedTuple of numbers."""

import random
from dataclasses import dataclass, field
from typing import NamedTuple

from machine import Machine


@dataclass(frozen=True)
class ExponentialBackoff:
    initial: float = 30.0
    multiplier: float = 2.0
    max: float = 300.0
    jitter: float = 0.0


class Snapshot(NamedTuple):
    attempts: int
    successes: int
    failures: int
    rejections: int
    transitions: int


@dataclass
class CircuitBreaker:
    max_failures: int = 5
    backoff: ExponentialBackoff = field(default_factory=ExponentialBackoff)
    half_open_limit: int = 1
    required_successes: int = 1

    def __post_init__(self):
        b = self.backoff
        first = b.initial * (1 + b.jitter * random.random())
        self._m = Machine(
            self.max_failures,
            first,
            b.multiplier,
            b.max,
            self.half_open_limit,
            self.required_successes,
        )

    async def acall(self, fn, /, *args, **kwargs):
        return await self._m.run(fn, *args, **kwargs)

    def status(self):
        return {"state": self._m.word.replace("_", "-"), "until": self._m.until}

    def snapshot(self):
        c = self._m.counts
        return Snapshot(c["total"], c["ok"], c["failed"], c["rejected"], c["changes"])
