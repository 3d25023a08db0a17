"""The object itself runs what it is given; the state is a number."""

from machine import Machine

CLOSED, HALF_OPEN, OPEN = 0, 1, 2


class Circuit:
    def __init__(
        self,
        max_errors: int = 5,
        reset_timeout: float = 30.0,
        timeout_multiplier: float = 2.0,
        max_reset_timeout: float = 300.0,
        max_probes: int = 1,
        recovery_threshold: int = 1,
    ):
        self._m = Machine(
            max_errors,
            reset_timeout,
            timeout_multiplier,
            max_reset_timeout,
            max_probes,
            recovery_threshold,
        )

    @property
    def state(self):
        return {"closed": CLOSED, "half_open": HALF_OPEN, "open": OPEN}[self._m.word]

    async def __call__(self, fn, /, *args, **kwargs):
        return await self._m.run(fn, *args, **kwargs)

    @property
    def statistics(self):
        c = self._m.counts
        return {
            "ok": c["ok"],
            "failed": c["failed"],
            "refused": c["rejected"],
            "trips": c["changes"],
        }
