"""Durations in minutes; `protect` runs; counters with a `value`, as Prometheus has them."""

from machine import Machine


class Counter:
    def __init__(self, counts, key):
        self._counts, self._key = counts, key

    @property
    def value(self):
        return self._counts[self._key]


class Metrics:
    def __init__(self, counts):
        self.calls_succeeded_total = Counter(counts, "ok")
        self.calls_failed_total = Counter(counts, "failed")
        self.calls_rejected_total = Counter(counts, "rejected")
        self.state_transitions_total = Counter(counts, "changes")


class CircuitBreaker:
    def __init__(
        self,
        failure_limit: int = 5,
        cooldown_minutes: float = 0.5,
        multiplier: float = 2.0,
        max_cooldown_minutes: float = 5.0,
        half_open_max_requests: int = 1,
        close_threshold: int = 1,
    ):
        self._m = Machine(
            failure_limit,
            60 * cooldown_minutes,
            multiplier,
            60 * max_cooldown_minutes,
            half_open_max_requests,
            close_threshold,
        )
        self.metrics = Metrics(self._m.counts)

    @property
    def state(self):
        return self._m.word

    async def protect(self, fn, /, *args, **kwargs):
        return await self._m.run(fn, *args, **kwargs)
