"""Ask, then record; all of it awaited, state and metrics too."""

from machine import Machine, Rejected, counted


class CircuitBreaker:
    def __init__(
        self,
        threshold: int = 5,
        base_delay: float = 30.0,
        backoff_factor: float = 2.0,
        max_delay: float = 300.0,
        permitted_calls_in_half_open: int = 1,
    ):
        most = permitted_calls_in_half_open
        self._m = Machine(threshold, base_delay, backoff_factor, max_delay, most, most)

    async def state(self):
        return self._m.word

    async def can_execute(self) -> bool:
        try:
            self._m.enter()
        except Rejected:
            return False
        return True

    async def record_success(self):
        self._m.leave(self._m.round)

    async def record_failure(self, error: Exception):
        self._m.leave(self._m.round, error)

    async def release_probe(self):
        self._m.leave(self._m.round, KeyboardInterrupt())

    async def get_metrics(self):
        return counted(self._m)
