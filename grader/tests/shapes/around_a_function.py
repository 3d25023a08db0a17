"""Each function that is protected has a breaker around it, and is called by one of its methods."""

from machine import Machine, counted


class CircuitBreaker:
    def __init__(
        self,
        action,
        *,
        error_threshold: int = 5,
        reset_timeout: float = 30.0,
        backoff_factor: float = 2.0,
        max_reset_timeout: float = 300.0,
    ):
        self._action = action
        self._m = Machine(error_threshold, reset_timeout, backoff_factor, max_reset_timeout)

    @property
    def state(self):
        return self._m.word

    async def fire(self, /, *args, **kwargs):
        return await self._m.run(self._action, *args, **kwargs)

    def stats(self):
        return counted(self._m)
