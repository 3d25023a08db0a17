"""Configuration object first; `execute`; state as a text Enum; metrics as a dict."""

import enum
from dataclasses import dataclass

from machine import Machine


class CircuitState(str, enum.Enum):
    CLOSED = "CLOSED"
    OPEN = "OPEN"
    HALF_OPEN = "HALF_OPEN"


@dataclass(frozen=True)
class BreakerConfig:
    error_threshold: int = 5
    cool_down_secs: float = 30.0
    backoff_factor: float = 2.0
    max_cooldown_secs: float = 300.0
    max_half_open_calls: int = 1
    successes_to_close: int = 1


class AsyncCircuitBreaker:
    def __init__(self, config: BreakerConfig, name: str = "breaker"):
        self.name = name
        self._m = Machine(
            config.error_threshold,
            config.cool_down_secs,
            config.backoff_factor,
            config.max_cooldown_secs,
            config.max_half_open_calls,
            config.successes_to_close,
        )

    @property
    def state(self) -> CircuitState:
        return CircuitState[self._m.word.upper()]

    async def execute(self, fn, /, *args, **kwargs):
        return await self._m.run(fn, *args, **kwargs)

    def get_metrics(self) -> dict:
        c = self._m.counts
        return {
            "total_requests": c["total"],
            "successful_requests": c["ok"],
            "failed_requests": c["failed"],
            "rejected_requests": c["rejected"],
            "state_transitions": c["changes"],
        }
