"""`protected = circuit.protect(fn); await protected.acall(...)`, its open periods in a table."""

from dataclasses import dataclass
from typing import Any, Callable, Sequence

from machine import Machine, counted, positive


@dataclass(frozen=True)
class Policy:
    bucket_size: int = 5
    open_periods: Sequence[float] = (5.0, 10.0, 20.0, 40.0, 60.0)
    trial_calls: int = 1

    def __post_init__(self) -> None:
        periods = tuple(self.open_periods)
        least = 0.0
        for period in periods:
            positive(period=(period, least))
            least = period
        if not periods or periods[0] == 0:
            raise ValueError("open_periods must be positive")


class _Machine(Machine):
    table = (30.0,)
    step = 0

    def _judge_probe(self, good):
        self.step = 0 if good else min(self.step + 1, len(self.table) - 1)
        self.period = self.t = self.table[self.step]
        self._to("closed" if good else "open")


class Circuit:
    def __init__(self, policy: Policy = Policy()) -> None:  # noqa: B008
        table = tuple(policy.open_periods)
        self._m = _Machine(n=policy.bucket_size, t=table[0], c=1e12, most=policy.trial_calls)
        self._m.table = table

    @property
    def phase(self) -> str:
        return self._m.word

    def protect(self, fn: Callable[..., Any], /) -> "Protected":
        return Protected(fn, circuit=self)

    def stats(self):
        return counted(self._m)


class Protected:
    def __init__(self, fn: Callable[..., Any], /, *, circuit: Circuit) -> None:
        self._fn, self._circuit = fn, circuit

    async def acall(self, /, *args, **kwargs):
        return await self._circuit._m.run(self._fn, *args, **kwargs)
