"""A registry hands out breakers by name, each made by its settings."""

import functools

from machine import Machine, counted


class CircuitBreaker:
    def __init__(self, name, machine):
        self.name, self._m = name, machine

    @property
    def state(self):
        return self._m.word

    async def call(self, fn, /, *args, **kwargs):
        return await self._m.run(fn, *args, **kwargs)

    def __call__(self, fn):
        @functools.wraps(fn)
        async def guarded(*args, **kwargs):
            return await self.call(fn, *args, **kwargs)

        return guarded

    def stats(self):
        return counted(self._m)


class BreakerRegistry:
    def __init__(
        self,
        default_failure_threshold: int = 5,
        default_reset_timeout: float = 30.0,
        backoff_multiplier: float = 2.0,
        max_reset_timeout: float = 300.0,
        half_open_max_calls: int = 1,
    ):
        self._made = {}
        self._settings = (
            default_failure_threshold,
            default_reset_timeout,
            backoff_multiplier,
            max_reset_timeout,
            half_open_max_calls,
        )

    def get(self, name: str) -> CircuitBreaker:
        if name not in self._made:
            self._made[name] = CircuitBreaker(name, Machine(*self._settings))
        return self._made[name]
