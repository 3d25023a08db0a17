"""Every call is a conversation with a generator: nothing here takes a function."""

from dataclasses import dataclass
from enum import Enum

from machine import Machine


class Mode(Enum):
    CLOSED = 1
    OPEN = 2
    HALF_OPEN = 3


@dataclass(frozen=True)
class Rules:
    stumbles: int = 5
    first_shut: float = 20.0
    shut_factor: float = 2.0
    longest_shut: float = 640.0


class Gate:
    def __init__(self, name: str = "gate", rules: Rules = Rules()) -> None:  # noqa: B008
        self._m = Machine(*(getattr(rules, field) for field in Rules.__dataclass_fields__))

    @property
    def mode(self) -> Mode:
        return Mode[self._m.word.upper()]

    def passage(self):
        ticket = self._m.enter()
        error = GeneratorExit()
        try:
            error = yield
        finally:
            self._m.leave(ticket, error)
