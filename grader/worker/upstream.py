"""The service behind the breaker: functions that ask the driver how they shall end.

A protected function calls *up*: it tells the trusted side that it runs, and
waits to be told what to return or raise. The token it returns is made by the
trusted side for this one call, so a breaker that did not run it cannot know it.
"""

import abc
import asyncio
import builtins
import dataclasses
import functools
import importlib
import inspect
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from .scheduler import Scheduler, Waiter
from .wire import scalar


class ServiceFailure(Exception):  # noqa: N818  it is the name that reports show
    """What a failing call raises unless told otherwise."""


class SpecificFailure(ServiceFailure):
    """A subclass, for lists that must count subclasses too."""


class UnrelatedFailure(Exception):  # noqa: N818
    """An error that stands in no list."""


class ExcludedFailure(Exception):  # noqa: N818
    """An error that is configured as not counted."""


class SpecificExcludedFailure(ExcludedFailure):
    """A subclass of what is not counted."""


@dataclasses.dataclass
class UnhashableFailure(ServiceFailure):
    """A dataclass compares by value, and therefore has no hash."""

    text: str


class EqualFailure(ServiceFailure):
    """Equal to everything, as what compares by a code of its own may be."""

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 1


class AbstractFailure(ServiceFailure, metaclass=abc.ABCMeta):
    """Its class is made by a metaclass."""


class AbstractExcludedFailure(Exception, metaclass=abc.ABCMeta):  # noqa: N818
    """Not counted, and its class is made by a metaclass."""


_OWN = {
    kind.__name__: kind
    for kind in (
        ServiceFailure,
        SpecificFailure,
        UnrelatedFailure,
        ExcludedFailure,
        SpecificExcludedFailure,
        UnhashableFailure,
        EqualFailure,
        AbstractFailure,
        AbstractExcludedFailure,
    )
}


def error_class(name: str) -> type[BaseException]:
    """Return an exception class: one of ours, a builtin, or `module:Name`."""
    if name in _OWN:
        return _OWN[name]
    if name == "CancelledError":
        return asyncio.CancelledError
    module, _, attribute = name.rpartition(":")
    found = getattr(importlib.import_module(module), attribute) if module else None
    kind: type[BaseException] = found or getattr(builtins, name)
    return kind


KEPT = "the kept error"
_RAISES = "raises:"


class Visit:
    """One run of a protected function, parked until the driver says how it ends."""

    def __init__(self, upstream: "Upstream", call: int) -> None:
        self._upstream = upstream
        self.call = call
        self._future: asyncio.Future[dict[str, Any]] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiter: Waiter | None = None
        self.order: dict[str, Any] | None = None
        """How it ends, once that is told."""

    async def stay(self) -> dict[str, Any]:
        """Wait in a task for the order how to end."""
        with self._upstream.scheduler.lock:
            if self.order is not None:
                return self.order
            self._loop = asyncio.get_running_loop()
            self._future = self._loop.create_future()
        try:
            return await self._future
        except asyncio.CancelledError:
            self._upstream.note({"event": "cancelled", "call": self.call})
            self._upstream.forget(self)
            raise

    def stay_in_thread(self) -> dict[str, Any]:
        """Wait in a thread for the order how to end."""
        scheduler = self._upstream.scheduler
        with scheduler.lock:
            if self.order is None:
                self._waiter = scheduler.begin()
        if self._waiter is not None:
            scheduler.wait(self._waiter)
        assert self.order is not None  # noqa: S101  the waiter is woken with an order
        return self.order

    def end(self, order: dict[str, Any]) -> None:
        """Give the order; called on the main thread."""
        with self._upstream.scheduler.lock:
            self.order = order
            if self._future is not None and self._loop is not None:
                future = self._future
                self._loop.call_soon_threadsafe(_give, future, order)
            elif self._waiter is not None:
                self._upstream.scheduler.wake(self._waiter)


def _give(future: asyncio.Future[dict[str, Any]], order: dict[str, Any]) -> None:
    if not future.done():
        future.set_result(order)


class Upstream:
    """Makes protected functions and keeps those that run."""

    def __init__(self, scheduler: Scheduler) -> None:
        self.scheduler = scheduler
        self.raised: dict[int, BaseException] = {}
        self.note: Callable[[dict[str, Any]], None] = lambda _event: None
        self.ask: Callable[[dict[str, Any]], None] = lambda _up: None
        self.kept: BaseException | None = None
        """What an earlier call raised that was asked to be kept; the order `KEPT` raises it."""
        self.then: dict[int, Callable[[], Any]] = {}
        """What the function of a call does, by call, between its order and its end."""
        self._visits: dict[int, Visit] = {}
        self._here: dict[int, dict[str, Any]] = {}
        self._ran_here: dict[int, int] = {}
        self._entered: set[int] = set()

    def entered(self, call: int) -> bool:
        """Whether the protected function of a call has been asked about."""
        return call in self._entered

    def answer_here(self, call: int, order: dict[str, Any]) -> None:
        """From now on, answer a call inside the worker instead of calling up."""
        self._here[call] = order
        self._ran_here[call] = 0

    def ran_here(self, call: int) -> int:
        """Return how often the call ran since `answer_here`."""
        return self._ran_here[call]

    def order(self, call: int, order: dict[str, Any]) -> bool:
        """Tell a running function how to end; False where none of that call runs."""
        visit = self._visits.pop(call, None)
        if visit is not None:
            visit.end(order)
        return visit is not None

    def forget(self, visit: Visit) -> None:
        """Drop a function that ended by itself."""
        if self._visits.get(visit.call) is visit:
            del self._visits[visit.call]

    def arrive(self, call: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Visit:
        """Tell the driver that something runs, which then waits for its order."""
        visit = Visit(self, call)
        with self.scheduler.lock:
            self._visits[call] = visit
            self._entered.add(call)
            self.ask(
                {
                    "up": call,
                    "at": self.scheduler.clock.elapsed(),
                    "args": [scalar(a) for a in args],
                    "kwargs": {str(k): scalar(v) for k, v in kwargs.items()},
                }
            )
        return visit

    def _leave(self, call: int, order: dict[str, Any]) -> Any:
        if "raise" not in order:
            return order.get("return")
        if order["raise"] == KEPT and self.kept is not None:
            error = self.kept
        else:
            error = error_class(order["raise"])(order.get("token", "failure"))
        self.raised[call] = error
        raise error

    async def visit(self, call: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Be the body of an asynchronous protected function."""
        if call in self._here:
            self._ran_here[call] += 1
            return self._leave(call, self._here[call])
        visit = self.arrive(call, args, kwargs)
        order = await visit.stay()
        if call in self.then:
            await self.then.pop(call)()
        return self._leave(call, order)

    def visit_in_thread(self, call: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Be the body of a synchronous protected function."""
        if call in self._here:
            self._ran_here[call] += 1
            return self._leave(call, self._here[call])
        visit = self.arrive(call, args, kwargs)
        order = visit.stay_in_thread()
        if call in self.then:
            self.then.pop(call)()
        return self._leave(call, order)

    def function(self, call: int, form: str) -> Callable[..., Any]:
        """Return the protected function of one call, in one of the forms that callers use.

        `raises:Name` raises that error when it is called, before there is anything to await.
        """
        if form.startswith(_RAISES):
            return _asynchronous(self._raising(call, form.removeprefix(_RAISES)))

        async def fetch(*args: Any, **kwargs: Any) -> Any:
            return await self.visit(call, args, kwargs)

        def fetch_sync(*args: Any, **kwargs: Any) -> Any:
            return self.visit_in_thread(call, args, kwargs)

        return _in_form(form, fetch, fetch_sync)

    def _raising(self, call: int, error: str) -> Callable[..., Any]:
        def fetch(*args: Any, **kwargs: Any) -> Any:
            self.forget(self.arrive(call, args, kwargs))
            return self._leave(call, {"raise": error})

        return fetch

    def any_call(self, form: str) -> Callable[..., Any]:
        """Return one function for many calls, for decorators: its first argument is the call."""

        async def fetch(call: Any = None, *args: Any, **kwargs: Any) -> Any:
            return await self.visit(call, args, kwargs) if isinstance(call, int) else None

        def fetch_sync(call: Any = None, *args: Any, **kwargs: Any) -> Any:
            return self.visit_in_thread(call, args, kwargs) if isinstance(call, int) else None

        return _in_form(form, fetch, fetch_sync)


def _asynchronous(function: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a plain function as one whose calls are awaited, as far as this Python can."""
    if sys.version_info >= (3, 12):
        return inspect.markcoroutinefunction(function)
    function._is_coroutine = asyncio.coroutines._is_coroutine  # type: ignore[attr-defined]  # noqa: SLF001
    return function


def _in_form(
    form: str, fetch: Callable[..., Awaitable[Any]], fetch_sync: Callable[..., Any]
) -> Callable[..., Any]:
    if form == "async":
        return fetch
    if form == "sync":
        return fetch_sync
    return _RARE_FORMS[form](fetch)


def _method(fetch: Callable[..., Awaitable[Any]]) -> Callable[..., Any]:
    class Service:
        async def fetch(self, *args: Any, **kwargs: Any) -> Any:
            return await fetch(*args, **kwargs)

    return Service().fetch


def _lambda(fetch: Callable[..., Awaitable[Any]]) -> Callable[..., Any]:
    def hand_back(*args: Any, **kwargs: Any) -> Any:
        return fetch(*args, **kwargs)

    return hand_back


def _object(fetch: Callable[..., Awaitable[Any]]) -> Callable[..., Any]:
    class Endpoint:
        async def __call__(self, *args: Any, **kwargs: Any) -> Any:
            return await fetch(*args, **kwargs)

    return Endpoint()


# Made only where they are asked for: a class costs more than the rest of a call.
_RARE_FORMS: dict[str, Callable[[Callable[..., Awaitable[Any]]], Callable[..., Any]]] = {
    "partial": functools.partial,
    "method": _method,
    "lambda": _lambda,
    "object": _object,
}
