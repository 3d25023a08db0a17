"""What is let in is told by a number, which comes back with the outcome."""

from machine import Machine, counted


class CircuitBreaker:
    def __init__(
        self,
        failure_limit: int = 5,
        wait: float = 30.0,
        wait_factor: float = 2.0,
        max_wait: float = 300.0,
        probes: int = 1,
    ):
        self._m = Machine(failure_limit, wait, wait_factor, max_wait, probes)

    @property
    def state(self):
        return self._m.word

    def before_call(self):
        return self._m.enter()

    def on_success(self, token):
        self._m.leave(token)

    def on_failure(self, token, error):
        self._m.leave(token, error)

    def stats(self):
        return counted(self._m)
