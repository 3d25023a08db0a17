"""A function hands out breakers by name from a registry of the module."""

from machine import Machine, counted


class CircuitBreaker:
    def __init__(self, name, machine):
        self.name, self._m = name, machine

    @property
    def state(self):
        return self._m.word

    async def call(self, fn, /, *args, **kwargs):
        return await self._m.run(fn, *args, **kwargs)

    def stats(self):
        return counted(self._m)


_breakers: dict[str, CircuitBreaker] = {}


def get_breaker(
    name: str,
    failure_threshold: int = 5,
    recovery_timeout: float = 30.0,
    multiplier: float = 2.0,
    max_timeout: float = 300.0,
    half_open_max_calls: int = 1,
) -> CircuitBreaker:
    if name not in _breakers:
        machine = Machine(
            failure_threshold, recovery_timeout, multiplier, max_timeout, half_open_max_calls
        )
        _breakers[name] = CircuitBreaker(name, machine)
    return _breakers[name]
