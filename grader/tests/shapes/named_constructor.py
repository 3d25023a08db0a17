"""A class method builds it; a Generic class."""

from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from machine import Machine, counted

T = TypeVar("T")


class CircuitBreaker(Generic[T]):
    def __init__(self, machine):
        self._m = machine

    @classmethod
    def create(
        cls,
        failure_threshold: int = 5,
        recovery_time: float = 30.0,
        recovery_backoff: float = 2.0,
        max_recovery_time: float = 300.0,
        probe_limit: int = 1,
    ) -> "CircuitBreaker[T]":
        return cls(
            Machine(
                failure_threshold, recovery_time, recovery_backoff, max_recovery_time, probe_limit
            )
        )

    @property
    def state(self):
        return self._m.word

    async def call(self, fn: Callable[..., Awaitable[T]], /, *args, **kwargs) -> T:
        return await self._m.run(fn, *args, **kwargs)

    def stats(self):
        return counted(self._m)
