"""The State pattern without a word: `circuit.state` is an object of a class for each state."""

from typing import Any, Callable

from machine import Machine, counted


class Condition:
    def __init__(self, circuit: "CircuitBreaker") -> None:
        self.circuit = circuit


class Closed(Condition):
    pass


class Open(Condition):
    pass


class HalfOpen(Condition):
    pass


class CircuitBreaker:
    def __init__(self, failure_threshold: int = 5, recovery_timeout: float = 30.0) -> None:
        self._m = Machine(failure_threshold, recovery_timeout)

    @property
    def state(self) -> Condition:
        return {"closed": Closed, "open": Open, "half_open": HalfOpen}[self._m.word](self)

    async def call(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        return await self._m.run(fn, *args, **kwargs)

    def stats(self):
        return counted(self._m)
