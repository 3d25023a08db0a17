"""Settings in a plain dictionary, over defaults that stand beside the class."""

from typing import Any

from machine import Machine, counted

DEFAULTS = {
    "failure_threshold": 5,
    "recovery_timeout": 30.0,
    "max_recovery_timeout": 300.0,
    "half_open_max_calls": 1,
}


class CircuitBreaker:
    def __init__(self, name: str = "breaker", config: dict[str, Any] | None = None):
        self.name = name
        self.config = {**DEFAULTS, **(config or {})}
        self._m = Machine(
            self.config["failure_threshold"],
            self.config["recovery_timeout"],
            self.config.get("backoff_multiplier", 2.0),
            self.config["max_recovery_timeout"],
            self.config["half_open_max_calls"],
        )

    @property
    def state(self):
        return self._m.word

    async def call(self, fn, /, *args, **kwargs):
        return await self._m.run(fn, *args, **kwargs)

    def stats(self):
        return counted(self._m)
