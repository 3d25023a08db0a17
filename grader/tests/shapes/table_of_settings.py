"""Any keyword, checked against a table; the object itself runs a function; a counter of all."""

from collections import Counter
from enum import Enum

from machine import Machine


class Light(Enum):
    GREEN = "closed"
    RED = "open"
    AMBER = "half_open"


SCHEMA = {
    "patience": (int, 5, "crashes in a row until it turns red"),
    "red_for": (float, 15.0, "seconds of the first red phase"),
    "slower": (float, 2.0, "every relapse makes it this much longer"),
    "red_limit": (float, 240.0, "no red phase is longer"),
    "lanes": (int, 1, "scouts at the same time"),
}


def _settings(given):
    unknown = set(given) - set(SCHEMA)
    if unknown:
        raise TypeError(f"unknown settings: {sorted(unknown)}")
    return [given.get(name, default) for name, (_, default, _) in SCHEMA.items()]


class _Machine(Machine):
    def __init__(self, *settings):
        super().__init__(*settings)
        self.tally = Counter()

    def _to(self, word):
        self.tally[f"{Light(self.word).name}->{Light(word).name}"] += 1
        super()._to(word)


class TrafficLight:
    def __init__(self, junction="junction", /, **settings):
        self.junction = junction
        self._m = _Machine(*_settings(settings))

    @property
    def _phase(self):
        return self._m.round

    @property
    def showing(self):
        return Light(self._m.word)

    @property
    def tally(self):
        c = self._m.counts
        return {
            "passed": c["ok"],
            "crashed": c["failed"],
            "turned_away": c["rejected"],
            **self._m.tally,
        }

    async def __call__(self, func, /, *args, **kwargs):
        return await self._m.run(func, *args, **kwargs)
