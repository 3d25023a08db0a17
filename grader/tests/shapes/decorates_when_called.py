"""The object itself decorates; the state is an object."""

import functools

from machine import Machine


class StateObject:
    def __init__(self, name):
        self.name = name


class CircuitBreaker:
    def __init__(
        self,
        trip_threshold: int = 5,
        retry_timeout: float = 30.0,
        exponential_base: float = 2.0,
        backoff_cap: float = 300.0,
        half_open_max_concurrent: int = 1,
        success_count_threshold: int = 1,
    ):
        self._m = Machine(
            trip_threshold,
            retry_timeout,
            exponential_base,
            backoff_cap,
            half_open_max_concurrent,
            success_count_threshold,
        )

    @property
    def state(self):
        return StateObject(self._m.word)

    def __call__(self, fn):
        @functools.wraps(fn)
        async def guarded(*args, **kwargs):
            return await self._m.run(fn, *args, **kwargs)

        return guarded

    def get_stats(self):
        c = self._m.counts
        return {
            "attempts": c["total"] + c["rejected"],
            "successes": c["ok"],
            "failures": c["failed"],
            "rejections": c["rejected"],
            "reopens": c["changes"],
        }
