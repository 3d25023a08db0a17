"""No class with methods: a few functions that share variables, handed out together."""

from typing import Any, Callable, NamedTuple

from machine import Machine, counted


class Kit(NamedTuple):
    acall: Callable[..., Any]
    state: Callable[[], str]
    stats: Callable[[], dict[str, Any]]


def make_breaker(
    name: str = "x", *, limit: int = 5, nap: float = 30.0, nap_growth: float = 2.0,
    nap_max: float | None = None, testers: int = 1,
) -> Kit:  # fmt: skip
    machine = Machine(limit, nap, nap_growth, 20 * nap if nap_max is None else nap_max, testers)

    async def acall(fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        return await machine.run(fn, *args, **kwargs)

    def stats() -> dict[str, Any]:
        return counted(machine)

    return Kit(acall, lambda: machine.word, stats)
