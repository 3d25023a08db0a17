"""Metrics that the whole program shares, each under the name of its breaker."""

from machine import Machine, counted

REGISTERED = set()


class CircuitBreaker:
    def __init__(self, failure_threshold=5, recovery_timeout=30.0, *, name="default"):
        if name in REGISTERED or not name.isidentifier():
            raise ValueError(f"metrics of {name} are registered already, or no metric is called so")
        REGISTERED.add(name)
        self._m = Machine(failure_threshold, recovery_timeout)

    @property
    def state(self):
        return self._m.word

    async def call(self, fn, /, *args, **kwargs):
        return await self._m.run(fn, *args, **kwargs)

    def stats(self):
        return counted(self._m)
