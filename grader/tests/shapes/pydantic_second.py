"""A pydantic configuration second, after the name; `invoke`; state as an IntEnum."""

import enum

from machine import Machine
from pydantic import BaseModel, ConfigDict, Field


class BreakerState(enum.IntEnum):
    CLOSED = 1
    OPEN = 2
    HALF_OPEN = 3


class CircuitSettings(BaseModel):
    model_config = ConfigDict(frozen=True)
    maximum_failures: int = Field(5, ge=1)
    sleep_window: float = Field(30.0, ge=0)
    recovery_multiplier: float = Field(2.0, ge=1)
    max_timeout: float = 300.0
    max_requests: int = Field(1, ge=1)
    success_threshold: int = Field(1, ge=1)


class Numbers:
    def __init__(self, counts):
        self._counts = counts

    @property
    def calls(self):
        return self._counts["total"]

    @property
    def successes(self):
        return self._counts["ok"]

    @property
    def errors(self):
        return self._counts["failed"]

    @property
    def short_circuited(self):
        return self._counts["rejected"]

    @property
    def state_changes(self):
        return self._counts["changes"]


class Breaker:
    def __init__(self, name: str, settings: CircuitSettings | None = None):
        s = settings or CircuitSettings()
        self.name = name
        self._m = Machine(
            s.maximum_failures,
            s.sleep_window,
            s.recovery_multiplier,
            s.max_timeout,
            s.max_requests,
            s.success_threshold,
        )
        self.stats = Numbers(self._m.counts)

    @property
    def current_state(self) -> BreakerState:
        return BreakerState[self._m.word.upper()]

    async def invoke(self, fn, /, *args, **kwargs):
        return await self._m.run(fn, *args, **kwargs)
