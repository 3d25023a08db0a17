"""Counts as a list of names and values; settings in a text, a mapping or an object."""

from dataclasses import dataclass, fields
from typing import Any, Callable, List, NamedTuple

from machine import Machine


@dataclass(frozen=True)
class Spec:
    fails: int = 5
    wait: float = 30.0
    grow: float = 2.0
    most: float = 600.0
    probes: int = 1


class Count(NamedTuple):
    name: str
    value: int


class Breaker:
    def __init__(self, spec: Any = "", *, neutral: Callable[[BaseException], bool] = lambda _: False):
        if isinstance(spec, str):
            spec = Spec(**{k: float(v) for k, v in (word.split("=") for word in spec.split())})
        self.spec, self._neutral = spec, neutral
        self._m = Machine(*(getattr(spec, field.name) for field in fields(Spec)))

    @property
    def position(self) -> str:
        return self._m.word

    @property
    def counts(self) -> List[Count]:
        c = self._m.counts
        named = {"good": "ok", "bad": "failed", "refused": "rejected", "moves": "changes"}
        return [Count(name, c[key]) for name, key in named.items()]

    async def call(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        ticket = self._m.enter()
        try:
            result = await fn(*args, **kwargs)
        except BaseException as error:
            self._m.leave(ticket, GeneratorExit() if self._neutral(error) else error)
            raise
        self._m.leave(ticket)
        return result
