"""What becomes of generator functions that are protected."""

import inspect
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

from . import surfaces
from .surfaces import Wrapped
from .wire import text


def _numbers() -> Iterator[int]:
    yield 1
    yield 2


async def _numbers_async() -> AsyncIterator[int]:
    yield 1
    yield 2


async def describe_generators(wrapped: Wrapped, surface: dict[str, Any]) -> dict[str, str]:
    """Tell in a few words what a plain and an asynchronous generator function give."""
    kinds: dict[str, Callable[..., Any]] = {"plain": _numbers, "asynchronous": _numbers_async}
    return {kind: await _describe(wrapped, surface, made) for kind, made in kinds.items()}


async def _describe(wrapped: Wrapped, surface: dict[str, Any], function: Callable[..., Any]) -> str:
    fresh = Wrapped(wrapped.target)
    try:
        if surface["style"] == "decorate":
            given = fresh.get(surface, "", function)()
        else:
            given = surfaces.member(wrapped.target, surface["name"])(function)
        return await _consume(await surfaces.settle(given))
    except BaseException as error:  # noqa: BLE001  reported, whatever it is
        return f"{text(type(error).__name__)} is raised"


async def _consume(given: Any) -> str:
    if inspect.isasyncgen(given):
        items = [item async for item in given]
    elif inspect.isgenerator(given):
        items = list(given)
    elif hasattr(given, "__aiter__"):
        items = [item async for item in given]
    else:
        return f"a {text(type(given).__name__)} comes back"
    return "the generator comes back" if items == [1, 2] else "another generator comes back"
