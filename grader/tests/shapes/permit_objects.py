"""A permit that is told how the call ended."""

from machine import Machine, counted


class Permit:
    def __init__(self, machine):
        self._machine, self._ticket = machine, machine.enter()

    def success(self) -> None:
        self._machine.leave(self._ticket)

    def failure(self, error: BaseException) -> None:
        self._machine.leave(self._ticket, error)

    def release(self) -> None:
        self._machine.leave(self._ticket, KeyboardInterrupt())


class CircuitBreaker:
    def __init__(
        self,
        consecutive_failures: int = 5,
        initial_timeout: float = 30.0,
        recovery_timeout_multiplier: float = 2.0,
        recovery_timeout_max: float = 300.0,
        half_open_limit: int = 1,
    ):
        self._m = Machine(
            consecutive_failures,
            initial_timeout,
            recovery_timeout_multiplier,
            recovery_timeout_max,
            half_open_limit,
        )

    @property
    def state(self):
        return self._m.word

    def acquire_permission(self) -> Permit:
        return Permit(self._m)

    def snapshot(self):
        return counted(self._m)
