"""Situations that the worker plays by itself, with protected functions of its own.

What happens inside `asyncio.run`, or between a coroutine's making and its being collected, cannot
wait for the trusted side to be asked.
"""

import _thread
import asyncio
import contextlib
import gc
import time
import warnings
from collections.abc import Callable, Coroutine
from typing import Any

from . import surfaces
from .loop import Mover
from .upstream import error_class
from .wire import text

_MOST_FAILURES = 25
_TURNS = 3
"""How often a protected function lets others run, so that calls overlap."""
_CALLS = 10
"""So many good calls bring any breaker back that lets them in."""
_PATIENCE = 4.0
"""Open periods: a drawn one may be twice as long as another."""


class _Service:
    """A service that succeeds or fails as it is told, and knows which calls reached it."""

    def __init__(self, failure: str) -> None:
        self._failure = error_class(failure)
        self.reached: set[int] = set()
        self.raised: dict[int, BaseException] = {}

    def function(self) -> Callable[..., Any]:
        """Return the protected function: it takes the call's number, and whether it fails."""

        async def fetch(number: int = -1, fails: bool = False) -> int:  # noqa: FBT001, FBT002
            self.reached.add(number)
            for _ in range(_TURNS):
                await asyncio.sleep(0)
            if fails:
                self.raised[number] = self._failure("the service failed")
                raise self.raised[number]
            return number

        fetch.__qualname__ = "fetch"  # as warnings name it
        return fetch


class _Caller:
    """Makes calls through one breaker, and tells what came of each in one letter."""

    def __init__(
        self,
        wrapped: surfaces.Wrapped,
        surface: dict[str, Any],
        failure: str,
        owns: Callable[[str | None], bool],
    ) -> None:
        self._wrapped = wrapped
        self._surface = surface
        self._service = _Service(failure)
        self._owns = owns
        self._calls = 0
        self._function = self._service.function()
        if surface["style"] == "decorate":
            self._function = wrapped.get(surface, "alone", self._function)
        self.errors: list[dict[str, Any]] = []
        """Errors that are not the service's own, each kind once."""

    async def call(self, *, fails: bool = False) -> str:
        """Return R (it ran and returned), E (it raised its own), x (kept out) or ! (else)."""
        self._calls += 1
        number = self._calls
        try:
            value = await surfaces.call_async(
                self._wrapped, self._surface, self._function, (number, fails), {}
            )
        except surfaces.Refused:
            return "x"
        except BaseException as error:  # noqa: BLE001  reported, whatever it is
            if error is self._service.raised.get(number):
                return "E"
            self._note(error)
            return "!" if number in self._service.reached else "x"
        return "R" if value == number and number in self._service.reached else "!"

    async def until_rejected(self) -> str:
        """Let calls fail until one is kept out."""
        marks = ""
        while len(marks) < _MOST_FAILURES and not marks.endswith("x"):
            marks += await self.call(fails=True)
        return marks

    async def together(self, callers: int) -> str:
        """Make several calls at once."""
        return "".join(await asyncio.gather(*(self.call() for _ in range(callers))))

    def _note(self, error: BaseException) -> None:
        told = {
            "type": text(type(error).__name__),
            "message": text(error),
            "own": self._raised_by_the_candidate(error),
        }
        if told["type"] not in {known["type"] for known in self.errors}:
            self.errors.append(told)

    def _raised_by_the_candidate(self, error: BaseException) -> bool:
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        return trace is not None and self._owns(trace.tb_frame.f_globals.get("__name__"))


class Alone:
    """Plays what needs no trusted side."""

    def __init__(self, mover: Mover, owns: Callable[[str | None], bool]) -> None:
        self._mover = mover
        self._owns = owns

    # --- one loop after another -------------------------------------------------------

    async def several_loops(
        self, build: Callable[[], Any], request: dict[str, Any]
    ) -> dict[str, Any]:
        """Use one breaker in several `asyncio.run`, one after the other, in a thread.

        It is built in the first. In each it has callers at once, trips, has callers at once
        when its open period is over, and recovers. Another breaker opens in one that ends, and is
        called in the next when its open period is over.
        """
        runs: list[dict[str, Any]] = []
        callers: list[_Caller] = []
        afterwards: list[str] = []

        def new_caller() -> _Caller:
            wrapped = surfaces.Wrapped(build())
            return _Caller(wrapped, request["surface"], request["failure"], self._owns)

        async def one_run(run: dict[str, Any]) -> None:
            if not callers:
                callers.append(new_caller())
            callers[0].errors = run["errors"]
            await _a_life(callers[0], run, request)

        async def left_open() -> None:
            callers[:] = [new_caller()]
            await callers[0].until_rejected()

        async def come_back() -> None:
            afterwards.extend([await callers[0].call() for _ in range(_CALLS)])

        def play() -> None:
            for _ in range(request["runs"]):
                run: dict[str, Any] = {"closed": "", "half_open": "", "later": "", "errors": []}
                runs.append({**run, "ended": False})
                try:
                    asyncio.run(one_run(runs[-1]))
                except BaseException as error:  # noqa: BLE001  a candidate's, reported
                    message = {"type": text(type(error).__name__), "message": text(error)}
                    runs[-1]["errors"].append({**message, "own": False})
                runs[-1]["ended"] = True
            with contextlib.suppress(Exception):  # what cannot be built twice is told elsewhere
                asyncio.run(left_open())
                # In a thread, and on virtual time as all that is waited for here.
                time.sleep(_PATIENCE * request["period"])
                asyncio.run(come_back())

        _thread.start_new_thread(play, ())
        await self._mover.advance(40.0 * request["period"])
        return {"runs": runs, "afterwards": "".join(afterwards)}

    # --- coroutines that nobody awaits ------------------------------------------------

    async def unawaited(self, wrapped: surfaces.Wrapped, request: dict[str, Any]) -> dict[str, Any]:
        """Trip it, go on calling, and tell which coroutines were collected and never had run."""
        caller = _Caller(wrapped, request["surface"], request["failure"], self._owns)
        await self._whole(caller.until_rejected())
        outcomes, never = "", set[str]()
        gc.collect()
        gc.freeze()  # what was there before is not these calls' doing, and need not be searched
        try:
            for wait in request["waits"]:
                await self._mover.advance(wait)
                mark, left = await self._left_behind(caller)
                outcomes += mark
                never |= left if mark == "x" else set()
        finally:
            gc.unfreeze()
        return {"outcomes": outcomes, "unawaited": sorted(never)}

    async def _left_behind(self, caller: _Caller) -> tuple[str, set[str]]:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            mark = await self._whole(caller.call()) or "-"
            gc.collect()
            await self._mover.settle()
        told = [text(w.message) for w in caught if issubclass(w.category, RuntimeWarning)]
        return mark, {message.splitlines()[0] for message in told if "never awaited" in message}

    async def _whole(self, story: Coroutine[Any, Any, str]) -> str:
        """Return what came of it; nothing where it waits for ever."""
        task = asyncio.get_running_loop().create_task(story)
        await self._mover.settle()
        if not task.done():
            task.cancel()
            await self._mover.settle()
        return task.result() if task.done() and not task.cancelled() else ""


async def _a_life(caller: _Caller, run: dict[str, Any], request: dict[str, Any]) -> None:
    run["closed"] = await caller.together(request["callers"])
    await caller.until_rejected()
    for periods in (1, 2, 4):
        await asyncio.sleep(periods * request["period"])
        run["half_open"] = await caller.together(request["callers"])
        if "R" in run["half_open"]:
            break
    for _ in range(_CALLS):
        run["later"] += await caller.call()
