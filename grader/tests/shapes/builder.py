"""`CircuitBreaker.builder().failure_threshold(3).build()`"""

from machine import Machine, counted


class CircuitBreaker:
    def __init__(self, machine):
        self._m = machine

    @staticmethod
    def builder() -> "CircuitBreakerBuilder":
        return CircuitBreakerBuilder()

    @property
    def state(self):
        return self._m.word

    async def execute(self, fn, /, *args, **kwargs):
        return await self._m.run(fn, *args, **kwargs)

    def stats(self):
        return counted(self._m)


class CircuitBreakerBuilder:
    def __init__(self):
        self._given = {}

    def _with(self, key, value):
        self._given[key] = value
        return self

    def failure_threshold(self, count: int):
        return self._with("n", count)

    def with_recovery_timeout(self, seconds: float):
        return self._with("t", seconds)

    def with_backoff_multiplier(self, factor: float):
        return self._with("m", factor)

    def with_max_timeout(self, seconds: float):
        return self._with("c", seconds)

    def with_max_probes(self, count: int):
        return self._with("most", count)

    def build(self) -> CircuitBreaker:
        return CircuitBreaker(Machine(**self._given))
