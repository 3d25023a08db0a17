"""The class decorates, and what it makes is called itself."""

import functools

from machine import Machine, counted


class CircuitBreaker:
    def __init__(
        self,
        func,
        failure_threshold: int = 5,
        recovery_timeout: float = 30.0,
        backoff_factor: float = 2.0,
        max_recovery_timeout: float = 300.0,
    ):
        functools.update_wrapper(self, func)
        self._func = func
        self._m = Machine(
            failure_threshold, recovery_timeout, backoff_factor, max_recovery_timeout
        )

    @property
    def state(self):
        return self._m.word

    async def __call__(self, /, *args, **kwargs):
        return await self._m.run(self._func, *args, **kwargs)

    def stats(self):
        return counted(self._m)
