"""The object only decides; functions beside it take it, and what is to be called."""

from machine import Machine


class Gate:
    def __init__(self, stumbles=5, shut_for=20.0, shut_factor=2.0, longest_shut=640.0, inside=1):
        self._m = Machine(stumbles, shut_for, shut_factor, longest_shut, inside)

    @property
    def mode(self):
        return self._m.word

    def passage(self):
        return self._m

    def tally(self):
        c = self._m.counts
        return {
            "good": c["ok"],
            "bad": c["failed"],
            "barred": c["rejected"],
            "moves": c["changes"],
        }


async def ainvoke(gate: Gate, fn, /, *args, **kwargs):
    return await gate.passage().run(fn, *args, **kwargs)
