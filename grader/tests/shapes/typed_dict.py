"""Settings in a dictionary whose keys are typed."""

from typing import TypedDict

from machine import Machine, counted


class Options(TypedDict, total=False):
    failure_threshold: int
    open_seconds: float
    growth: float
    max_open_seconds: float
    half_open_limit: int


class Breaker:
    def __init__(self, name: str, options: Options | None = None):
        given = options or {}
        self.name = name
        self._m = Machine(
            given.get("failure_threshold", 5),
            given.get("open_seconds", 30.0),
            given.get("growth", 2.0),
            given.get("max_open_seconds", 300.0),
            given.get("half_open_limit", 1),
        )

    @property
    def state(self):
        return self._m.word

    async def call(self, fn, /, *args, **kwargs):
        return await self._m.run(fn, *args, **kwargs)

    def stats(self):
        return counted(self._m)
