"""A mapping of settings that is merged into defaults, and checked by helpers."""

from typing import Any, Mapping, Optional, Tuple, Type, TypedDict

from machine import Machine, counted


class Settings(TypedDict, total=False):
    failure_threshold: int
    open_seconds: float
    backoff_factor: float
    max_open_seconds: float
    half_open_probes: int
    ignore: Tuple[Type[BaseException], ...]


DEFAULTS: Settings = {
    "failure_threshold": 5,
    "open_seconds": 10.0,
    "backoff_factor": 2.0,
    "max_open_seconds": 300.0,
    "half_open_probes": 1,
    "ignore": (),
}


def _number(settings, key):
    value = settings[key]
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{key} must be a number")
    return value


class CircuitBreaker:
    def __init__(self, name: str = "x", settings: Optional[Mapping[str, Any]] = None) -> None:
        merged = dict(DEFAULTS)
        for key, value in (settings or {}).items():
            if key not in DEFAULTS:
                raise TypeError(f"unknown setting {key}")
            merged[key] = value
        self.name = name
        keys = ("failure_threshold", "open_seconds", "backoff_factor", "max_open_seconds")
        self._m = Machine(*(_number(merged, key) for key in (*keys, "half_open_probes")))
        self._ignored = tuple(merged["ignore"])

    @property
    def state(self):
        return self._m.word

    async def call(self, fn, /, *args, **kwargs):
        ticket = self._m.enter()
        try:
            result = await fn(*args, **kwargs)
        except BaseException as error:
            ignored = isinstance(error, self._ignored)
            self._m.leave(ticket, GeneratorExit() if ignored else error)
            raise
        self._m.leave(ticket)
        return result

    def stats(self):
        return counted(self._m)
