"""Policies that anything with the right methods can be, and defaults behind `None`."""

from dataclasses import dataclass
from typing import Optional, Protocol

from machine import Machine, counted, positive


class TripPolicy(Protocol):
    def limit(self) -> int: ...


class Waits(Protocol):
    def first(self) -> float: ...

    def next(self, before: float) -> float: ...


class InARow:
    def __init__(self, number: int = 5) -> None:
        positive(number=(number, 1))
        self._number = number

    def limit(self) -> int:
        return self._number


@dataclass(frozen=True)
class ExponentialWaits:
    base: float = 10.0
    factor: float = 2.0
    cap: float = 300.0

    def __post_init__(self) -> None:
        positive(base=(self.base, 0), factor=(self.factor, 1), cap=(self.cap, self.base))

    def first(self) -> float:
        return self.base

    def next(self, before: float) -> float:
        return min(self.cap, before * self.factor)


class CircuitBreaker:
    def __init__(
        self, *, trip: Optional[TripPolicy] = None, waits: Optional[Waits] = None, probes: int = 1
    ) -> None:
        waits = waits or ExponentialWaits()
        self._m = _Machine(n=(trip or InARow()).limit(), t=waits.first(), c=1e12, most=probes)
        self._m.waits = waits

    @property
    def state(self):
        return self._m.word

    async def call(self, fn, /, *args, **kwargs):
        return await self._m.run(fn, *args, **kwargs)

    def stats(self):
        return counted(self._m)


class _Machine(Machine):
    def _judge_probe(self, good):
        if good:
            super()._judge_probe(good)
        else:
            self.period = self.waits.next(self.period)
            self._to("open")
