"""Only context managers, by methods."""

import contextlib

from machine import Machine, counted


class CircuitBreaker:
    def __init__(
        self,
        failure_count_threshold: int = 5,
        open_duration: float = 30.0,
        exponential_backoff_factor: float = 2.0,
        max_backoff: float = 300.0,
        half_open_max_attempts: int = 1,
        half_open_success_threshold: int = 1,
    ):
        self._m = Machine(
            failure_count_threshold,
            open_duration,
            exponential_backoff_factor,
            max_backoff,
            half_open_max_attempts,
            half_open_success_threshold,
        )

    def get_state(self):
        return self._m.word

    @contextlib.asynccontextmanager
    async def protecting(self):
        ticket = self._m.enter()
        try:
            yield
        except BaseException as error:
            self._m.leave(ticket, error)
            raise
        self._m.leave(ticket)

    def metrics(self):
        return counted(self._m)
