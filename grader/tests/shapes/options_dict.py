"""Keywords that are looked up by name."""

from machine import Machine, counted


class CircuitBreaker:
    def __init__(self, name: str = "breaker", **options):
        self.name = name
        self._m = Machine(
            options.get("failure_threshold", 5),
            options.get("reset_timeout", 30.0),
            options.pop("backoff_factor", 2.0),
            options["max_backoff"] if "max_backoff" in options else 300.0,
            options.get("max_probes", 1),
        )

    @property
    def state(self):
        return self._m.word

    async def call(self, fn, /, *args, **kwargs):
        return await self._m.run(fn, *args, **kwargs)

    def stats(self):
        return counted(self._m)
