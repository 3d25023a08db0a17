"""Decorator, context manager and predicate under names of their own, beside a plain call."""

import functools
from collections.abc import Callable

from machine import Machine, counted


class _Turn:
    def __init__(self, machine):
        self._machine = machine

    async def __aenter__(self):
        self._ticket = self._machine.enter()
        return self

    async def __aexit__(self, kind, error, trace) -> None:
        self._machine.leave(self._ticket, error)


class _Judging(Machine):
    """What does not count gives its place back and changes nothing."""

    def __init__(self, *numbers, is_fault):
        super().__init__(*numbers)
        self._is_fault = is_fault

    def leave(self, ticket, error=None):
        neutral = isinstance(error, Exception) and not self._is_fault(error)
        super().leave(ticket, KeyboardInterrupt() if neutral else error)


class CircuitBreaker:
    def __init__(
        self,
        max_failures: int = 5,
        open_for: float = 30.0,
        growth: float = 2.0,
        longest: float = 300.0,
        probes: int = 1,
        counts_if: Callable[[BaseException], bool] = lambda error: True,
    ):
        self._m = _Judging(max_failures, open_for, growth, longest, probes, is_fault=counts_if)
        self._told = []

    @property
    def state(self):
        return self._m.word

    async def call(self, function, /, *args, **kwargs):
        return await self._m.run(function, *args, **kwargs)

    def transition_to_closed(self) -> None:
        self._m.period = self._m.t
        self._m._to("closed")

    def turn(self) -> _Turn:
        return _Turn(self._m)

    def announce(self, callback):
        """Note whom to tell, and hand it back: this is no decorator that guards."""
        self._told.append(callback)
        return callback

    def armoured(self, function: Callable):
        @functools.wraps(function)
        async def within(*args, **kwargs):
            return await self._m.run(function, *args, **kwargs)

        return within

    def stats(self):
        return counted(self._m)
