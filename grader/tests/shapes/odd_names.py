"""Words of its own for every setting, some without a default that tells a number."""

import time

from machine import Machine, counted, positive


class CircuitBreaker:
    def __init__(self, tolerance=5, rest=None, stretch=2.0, ceiling=300.0, scouts=1, proofs=None,
                 spared=(), clock=time.monotonic):  # fmt: skip
        rest = 30.0 if rest is None else rest
        proofs = 1 if proofs is None else proofs
        positive(proofs=(proofs, 1))
        self._m = Machine(tolerance, rest, stretch, ceiling, scouts, proofs, clock=clock)
        self._spared = tuple(spared)

    @property
    def mode(self):
        return self._m.word

    async def call(self, fn, /, *args, **kwargs):
        ticket = self._m.enter()
        try:
            result = await fn(*args, **kwargs)
        except self._spared:
            self._m.leave(ticket, GeneratorExit())
            raise
        except BaseException as error:
            self._m.leave(ticket, error)
            raise
        self._m.leave(ticket)
        return result

    def stats(self):
        return counted(self._m)
