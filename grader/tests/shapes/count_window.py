"""A share of the last calls; durations in milliseconds; `call_async`."""

from machine import RateMachine


class ResilientCircuitBreaker:
    def __init__(
        self,
        failure_ratio: float = 0.5,
        minimum_throughput: int = 10,
        sliding_window_size: int = 100,
        open_timeout_ms: int = 30_000,
        backoff_multiplier: float = 2.0,
        max_open_timeout_ms: int = 300_000,
        max_concurrent_probes: int = 1,
    ):
        self._m = RateMachine(
            failure_ratio,
            minimum_throughput,
            size=sliding_window_size,
            t=open_timeout_ms / 1000,
            m=backoff_multiplier,
            c=max_open_timeout_ms / 1000,
            most=max_concurrent_probes,
        )

    @property
    def state(self):
        return self._m.word.upper()

    async def call_async(self, fn, /, *args, **kwargs):
        return await self._m.run(fn, *args, **kwargs)

    def info(self):
        c = self._m.counts
        return {
            "state": self.state,
            "counts": {
                "calls": c["total"],
                "success": c["ok"],
                "failure": c["failed"],
                "not_permitted": c["rejected"],
                "transitions": c["changes"],
            },
        }
