"""Two classes hand their options on to one core, which trips at a share of failures."""

from machine import RateMachine, counted


class _Core:
    def __init__(self, name, *, failure_ratio=0.5, min_calls=5, open_time=10.0,
                 open_time_factor=2.0, max_open_time=300.0, max_probes=1):  # fmt: skip
        if not 0 < failure_ratio < 1:
            raise ValueError("failure_ratio has to be between 0 and 1 (exclusive)")
        settings = {"t": open_time, "m": open_time_factor, "c": max_open_time, "most": max_probes}
        self.name, self.m = name, RateMachine(failure_ratio, min_calls, 20, **settings)


class AsyncBreaker:
    def __init__(self, name="breaker", **options):
        self._core = _Core(name, **options)

    @property
    def state(self):
        return self._core.m.word

    async def run(self, fn, /, *args, **kwargs):
        return await self._core.m.run(fn, *args, **kwargs)

    def stats(self):
        return counted(self._core.m)
