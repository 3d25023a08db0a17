"""Objects without annotation, for each of which another one stands in; a state inside a picture."""

from types import SimpleNamespace

from machine import Machine, positive


class Trigger:
    def __init__(self, strikes=5):
        positive(strikes=(strikes, 1))
        self.strikes = strikes


class Pauses:
    def __init__(self, first=30.0, ratio=2.0, longest=600.0):
        positive(first=(first, 0), ratio=(ratio, 1), longest=(longest, first))
        self.first, self.ratio, self.longest = first, ratio, longest


class Picture:
    def __init__(self, machine):
        c = machine.counts
        self.position = machine.word
        self.numbers = SimpleNamespace(
            good=c["ok"], broke=c["failed"], denied=c["rejected"], moves=c["changes"]
        )


class Relay:
    def __init__(self, trigger=None, pauses=None, testers=1):
        self.trigger = Trigger() if trigger is None else trigger
        self.pauses = pauses or Pauses()
        p = self.pauses
        self._m = Machine(self.trigger.strikes, p.first, p.ratio, p.longest, testers)

    @property
    def picture(self):
        return Picture(self._m)

    async def drive(self, fn, /, *args, **kwargs):
        return await self._m.run(fn, *args, **kwargs)
