"""A builder with methods of several settings, in `timedelta`; its product checks nothing."""

from dataclasses import dataclass, replace
from datetime import timedelta

from machine import Machine, counted, positive


@dataclass(frozen=True)
class _Settings:
    name: str
    threshold: int = 5
    open_for: float = 30.0
    factor: float = 2.0
    cap: float = 600.0
    probes: int = 1


def _seconds(**given):
    for name, value in given.items():
        if not isinstance(value, timedelta) or value <= timedelta(0):
            raise ValueError(f"{name} must be a positive timedelta")
        return value.total_seconds()


class FuseBuilder:
    def __init__(self, name: str) -> None:
        self._settings = _Settings(name)

    def blow_after(self, failures: int) -> "FuseBuilder":
        positive(failures=(failures, 1))
        return self._with(threshold=failures)

    def stay_open_for(self, duration: timedelta) -> "FuseBuilder":
        return self._with(open_for=_seconds(duration=duration))

    def back_off(self, *, by: float = 2.0, up_to: timedelta = timedelta(minutes=10)):
        positive(by=(by, 1))
        return self._with(factor=by, cap=_seconds(up_to=up_to))

    def probe_with(self, concurrent_calls: int) -> "FuseBuilder":
        positive(concurrent_calls=(concurrent_calls, 1))
        return self._with(probes=concurrent_calls)

    def build(self) -> "CircuitBreaker":
        if self._settings.cap < self._settings.open_for:
            raise ValueError("up_to is shorter than the first period")
        return CircuitBreaker(self._settings)

    def _with(self, **changes):
        self._settings = replace(self._settings, **changes)
        return self


class CircuitBreaker:
    def __init__(self, settings: _Settings) -> None:
        s = settings
        self._m = Machine(s.threshold, s.open_for, s.factor, s.cap, s.probes)

    @property
    def state(self):
        return self._m.word

    async def call(self, fn, /, *args, **kwargs):
        return await self._m.run(fn, *args, **kwargs)

    def stats(self):
        return counted(self._m)
