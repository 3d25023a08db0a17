"""No class with methods: a few functions that share variables, handed out together."""

import contextlib
import functools
from contextlib import AbstractAsyncContextManager
from typing import Any, Callable, NamedTuple

from machine import Machine, counted


class Kit(NamedTuple):
    acall: Callable[..., Any]
    wrap: Callable[[Callable[..., Any]], Callable[..., Any]]
    guard: Callable[[], AbstractAsyncContextManager[None]]
    state: Callable[[], str]
    stats: Callable[[], dict[str, Any]]


def make_breaker(
    name: str = "x", *, limit: int = 5, nap: float = 30.0, nap_growth: float = 2.0,
    nap_max: float | None = None, testers: int = 1,
) -> Kit:  # fmt: skip
    machine = Machine(limit, nap, nap_growth, 20 * nap if nap_max is None else nap_max, testers)

    async def acall(fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        return await machine.run(fn, *args, **kwargs)

    def wrap(fn: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(fn)
        async def wrapped(*args: Any, **kwargs: Any) -> Any:
            return await machine.run(fn, *args, **kwargs)

        return wrapped

    @contextlib.asynccontextmanager
    async def guard():
        ticket = machine.enter()
        try:
            yield
        except BaseException as error:
            machine.leave(ticket, error)
            raise
        machine.leave(ticket)

    def stats() -> dict[str, Any]:
        return counted(machine)

    return Kit(acall, wrap, guard, lambda: machine.word, stats)
