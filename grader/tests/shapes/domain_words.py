"""The words of another trade: a fuse carries loads, blows, and is read on a meter."""

import time
from collections import Counter
from typing import Any, Callable, NamedTuple

from machine import Machine


class Rating(NamedTuple):
    tolerance: int = 5
    rest: float = 30.0
    stretch: float = 2.0
    ceiling: float = 480.0
    scouts: int = 1
    quorum: int = 1


class _Machine(Machine):
    def __init__(self, *settings, clock):
        super().__init__(*settings, clock=clock)
        self.switches = Counter()

    def _to(self, word):
        self.switches[f"{self.word}->{word}"] += 1
        super()._to(word)


class Fuse:
    def __init__(self, rating: Rating = Rating(), *, now: Callable[[], float] = time.monotonic):  # noqa: B008
        self._m = _Machine(*rating, clock=now)
        self.eras = 0

    @property
    def closed(self) -> bool:
        return self._m.word == "closed"

    @property
    def open(self) -> bool:
        return self._m.word == "open"

    @property
    def half_open(self) -> bool:
        return self._m.word == "half_open"

    async def carry(self, load: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        self.eras += 1
        return await self._m.run(load, *args, **kwargs)

    def meter(self):
        c = self._m.counts
        current = {"carried": c["ok"], "faulted": c["failed"], "refused": c["rejected"]}
        return {"current": current, "switches": dict(self._m.switches)}
