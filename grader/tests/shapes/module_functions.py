"""No class at all: the module is the breaker."""

from machine import Machine

_machine = Machine()


def configure(failure_threshold: int = 5, recovery_timeout: float = 30.0) -> None:
    global _machine
    _machine = Machine(failure_threshold, recovery_timeout)


async def call(fn, /, *args, **kwargs):
    return await _machine.run(fn, *args, **kwargs)


def state() -> str:
    return _machine.word
