"""Keywords that replace fields of a configuration; a subclass of an abstract base."""

import abc
import dataclasses

from machine import Machine, counted


@dataclasses.dataclass(frozen=True)
class Defaults:
    failure_threshold: int = 5
    recovery_timeout: float = 30.0
    backoff_multiplier: float = 2.0
    max_recovery_timeout: float = 300.0
    half_open_max_calls: int = 1


class BaseBreaker(abc.ABC):
    @abc.abstractmethod
    async def call(self, fn, /, *args, **kwargs): ...

    @property
    @abc.abstractmethod
    def state(self): ...


class MemoryBreaker(BaseBreaker):
    def __init__(self, **overrides):
        d = dataclasses.replace(Defaults(), **overrides)
        self._m = Machine(*dataclasses.astuple(d))

    @property
    def state(self):
        return self._m.word

    async def call(self, fn, /, *args, **kwargs):
        return await self._m.run(fn, *args, **kwargs)

    def stats(self):
        return counted(self._m)
