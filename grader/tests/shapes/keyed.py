"""One object for many upstreams: every method is told which."""

from dataclasses import dataclass, field

from machine import Machine, Rejected, counted


@dataclass
class CircuitBreaker:
    failure_threshold: int = 5
    recovery_timeout: float = 30.0
    backoff_multiplier: float = 2.0
    max_recovery_timeout: float = 300.0
    half_open_trials: int = 1
    _machines: dict = field(default_factory=dict, init=False)

    def _machine(self, key):
        if key not in self._machines:
            self._machines[key] = Machine(
                self.failure_threshold,
                self.recovery_timeout,
                self.backoff_multiplier,
                self.max_recovery_timeout,
                self.half_open_trials,
            )
        return self._machines[key]

    def __post_init__(self):
        self._machine("")

    def state(self, key: str) -> str:
        return self._machine(key).word

    def allow(self, key: str) -> bool:
        try:
            self._machine(key).enter()
        except Rejected:
            return False
        return True

    def record_success(self, key: str) -> None:
        machine = self._machine(key)
        machine.leave(machine.round)

    def record_failure(self, key: str, error: Exception | None = None) -> None:
        machine = self._machine(key)
        machine.leave(machine.round, error or ValueError())

    def release(self, key: str) -> None:
        machine = self._machine(key)
        machine.leave(machine.round, KeyboardInterrupt())

    def stats(self, key: str) -> dict:
        return counted(self._machine(key))
