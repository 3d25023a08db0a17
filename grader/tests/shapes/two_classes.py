"""One class for plain functions and one for coroutine functions."""

from machine import Machine, counted


class SyncCircuitBreaker:
    def __init__(
        self,
        failure_threshold: int = 5,
        recovery_timeout: float = 30.0,
        multiplier: float = 2.0,
        max_recovery_timeout: float = 300.0,
        half_open_max_calls: int = 1,
    ):
        self._m = Machine(
            failure_threshold,
            recovery_timeout,
            multiplier,
            max_recovery_timeout,
            half_open_max_calls,
        )

    @property
    def state(self):
        return self._m.word

    def call(self, fn, /, *args, **kwargs):
        ticket = self._m.enter()
        try:
            result = fn(*args, **kwargs)
        except BaseException as error:
            self._m.leave(ticket, error)
            raise
        self._m.leave(ticket)
        return result

    def stats(self):
        return counted(self._m)


class AsyncCircuitBreaker(SyncCircuitBreaker):
    async def call(self, fn, /, *args, **kwargs):
        return await self._m.run(fn, *args, **kwargs)
