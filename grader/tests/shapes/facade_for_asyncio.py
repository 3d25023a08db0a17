"""A blocking core with a facade for asyncio, from a builder that says nowhere what it takes."""

import inspect
from datetime import timedelta

from machine import Machine, counted, positive


def _seconds(value, what):
    if not isinstance(value, timedelta):
        raise TypeError(f"{what} takes a timedelta, not {value!r}")
    if value <= timedelta(0):
        raise ValueError(f"{what} must be positive")
    return value.total_seconds()


class CircuitBuilder:
    def __init__(self):
        self._plan = {"n": 5, "t": 30.0, "m": 2.0, "c": 600.0, "most": 1}

    def interrupt_after(self, failures):
        positive(failures=(failures, 1))
        return self._with(n=failures)

    def stay_open(self, first):
        return self._with(t=_seconds(first, "stay_open"))

    def growing(self, growth, *, up_to):
        positive(growth=(growth, 1))
        return self._with(m=growth, c=_seconds(up_to, "up_to"))

    def probing_with(self, probes):
        positive(probes=(probes, 1))
        return self._with(most=probes)

    def build(self, name="circuit"):
        return Circuit(name, Machine(**self._plan))

    def _with(self, **changes):
        self._plan |= changes
        return self


class Circuit:
    def __init__(self, name, machine):
        self.name, self._m = name, machine
        self.aio = Facade(self)

    @property
    def state(self):
        return self._m.word

    def execute(self, fn, /, *args, **kwargs):
        ticket = self._m.enter()
        try:
            result = fn(*args, **kwargs)
            if inspect.iscoroutine(result):
                result.close()
                raise TypeError("execute() is for plain functions, await aio.execute()")
        except BaseException as error:
            self._m.leave(ticket, GeneratorExit() if isinstance(error, TypeError) else error)
            raise
        self._m.leave(ticket)
        return result

    def stats(self):
        return counted(self._m)


class Facade:
    def __init__(self, circuit):
        self._circuit = circuit

    async def execute(self, fn, /, *args, **kwargs):
        return await self._circuit._m.run(fn, *args, **kwargs)
