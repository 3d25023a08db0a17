"""Per cent of the calls of the last seconds; `call`; the state tells itself by flags."""

from machine import RateMachine


class CircuitBreaker:
    def __init__(
        self,
        failure_rate_percent: float = 50.0,
        min_calls: int = 10,
        window_seconds: float = 60.0,
        wait_duration_in_open_state: float = 30.0,
        wait_duration_backoff_multiplier: float = 2.0,
        wait_duration_in_open_max: float = 300.0,
        half_open_requests: int = 1,
    ):
        self._m = RateMachine(
            failure_rate_percent / 100,
            min_calls,
            seconds=window_seconds,
            t=wait_duration_in_open_state,
            m=wait_duration_backoff_multiplier,
            c=wait_duration_in_open_max,
            most=half_open_requests,
        )

    @property
    def is_closed(self):
        return self._m.word == "closed"

    @property
    def is_open(self):
        return self._m.word == "open"

    @property
    def is_half_open(self):
        return self._m.word == "half_open"

    async def call(self, fn, /, *args, **kwargs):
        return await self._m.run(fn, *args, **kwargs)

    def to_dict(self):
        c = self._m.counts
        return {
            "call_count": c["total"],
            "success_count": c["ok"],
            "failure_count": c["failed"],
            "rejected": c["rejected"],
            "times_opened": c["changes"],
        }
