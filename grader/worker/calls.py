"""Makes calls through a breaker: each in a task or a thread of its own, from start to end."""

import _thread
import asyncio
import inspect
import traceback
from collections.abc import Callable
from typing import Any

from . import surfaces
from .loop import Mover, VirtualLoop
from .surfaces import Refused, Wrapped
from .upstream import Upstream
from .wire import number, scalar, seconds_from_now, text

_MOST_BASES = 12
_MOST_ATTRIBUTES = 40


class Calls:
    """The calls of one worker."""

    def __init__(
        self,
        upstream: Upstream,
        loop: VirtualLoop,
        mover: Mover,
        events: list[dict[str, Any]],
        owns: Callable[[str | None], bool],
    ) -> None:
        self._upstream = upstream
        self._loop = loop
        self._mover = mover
        self._events = events
        self._owns = owns
        # A pending task that nobody refers to may be collected in the middle of its call.
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._ended: set[int] = set()
        self._keep: set[int] = set()

    # --- one call ---------------------------------------------------------------------

    def protected(
        self, wrapped: Wrapped, surface: dict[str, Any], form: str, call: int
    ) -> Callable[..., Any]:
        """Return what a call runs: its own function, or the one that was decorated."""
        if surface["style"] != "decorate":
            return self._upstream.function(call, form)
        return wrapped.get(surface, form, self._upstream.any_call(form))  # type: ignore[no-any-return]

    def start(self, wrapped: Wrapped, request: dict[str, Any]) -> None:
        """Start a call; it is under way when the worker has settled."""
        call, surface = request["call"], request["surface"]
        if request.get("keep"):
            self._keep.add(call)
        function = self.protected(wrapped, surface, request["form"], call)
        args, kwargs = tuple(request.get("args", ())), dict(request.get("kwargs", {}))
        if surface["style"] == "decorate":
            args = (call, *args)
        if surface["mode"] == "async":
            body = self._in_task(call, wrapped, surface, function, args, kwargs)
            self._tasks[call] = self._loop.create_task(body)
        else:
            _thread.start_new_thread(
                self._in_thread, (call, wrapped, surface, function, args, kwargs)
            )

    def nest(self, wrapped: Wrapped, request: dict[str, Any]) -> None:
        """Start a call whose function makes the call `inner` in its own task or thread."""
        self._upstream.then[request["call"]] = self.inside(request, wrapped)
        self.start(wrapped, request)

    def inside(self, request: dict[str, Any], wrapped: Wrapped) -> Callable[[], Any]:
        """Return what makes the call `inner` in the task or thread that it is called in."""
        inner, surface = request["inner"], request["surface"]
        function = self.protected(wrapped, surface, request["form"], inner)
        args = (inner,) if surface["style"] == "decorate" else ()
        make = self._in_task if surface["mode"] == "async" else self._in_thread
        return lambda: make(inner, wrapped, surface, function, args, {})

    def cancel(self, call: int) -> bool:
        """Cancel a call that runs in a task; False where it does not."""
        task = self._tasks.get(call)
        return task is not None and task.cancel()

    async def _in_task(self, call: int, wrapped: Wrapped, *how: Any) -> None:
        try:
            value = await surfaces.call_async(wrapped, *how)
        except BaseException as error:  # noqa: BLE001  reported, whatever it is
            self._failed(call, error)
        else:
            self._returned(call, value)

    def _in_thread(self, call: int, wrapped: Wrapped, *how: Any) -> None:
        try:
            value = surfaces.call_sync(wrapped, *how)
        except BaseException as error:  # noqa: BLE001  reported, whatever it is
            self._failed(call, error)
        else:
            self._returned(call, value)

    def _returned(self, call: int, value: Any) -> None:
        self._end({"event": "returned", "call": call, "value": scalar(value)})
        if inspect.iscoroutine(value):
            value.close()

    def _failed(self, call: int, error: BaseException) -> None:
        if call in self._keep:
            self._upstream.kept = error
        if isinstance(error, Refused):
            self._end({"event": "refused", "call": call, "value": scalar(error.answer)})
        else:
            self._end({"event": "raised", "call": call, "error": error})

    def _end(self, event: dict[str, Any]) -> None:
        self._ended.add(event["call"])
        self._events.append({**event, "at": self._mover.elapsed()})

    def told(self, event: dict[str, Any]) -> dict[str, Any]:
        """Return an event as it is sent: describing an error is dear, and most are dropped."""
        error = event.get("error")
        if error is None:
            return event
        described = self.describe_error(error, self._upstream.raised.get(event["call"]))
        return {**event, "error": described}

    def describe_error(
        self, error: BaseException, original: BaseException | None
    ) -> dict[str, Any]:
        """Describe an exception by its types, and whether it is the one that was raised."""
        kinds = [kind for kind in type(error).__mro__ if kind is not object][:_MOST_BASES]
        cause = error.__cause__
        # The error that was ours to raise has none that the candidate gave it.
        numbers, instants = ({}, {}) if error is original else _attributes(error)
        return {
            "type": text(type(error).__name__),
            "bases": [text(kind.__name__) for kind in kinds],
            "dedicated": [text(k.__name__) for k in kinds if self._owns(k.__module__)],
            "message": text(error),
            "same": error is original,
            "cause_changed": error is original and cause is not None,
            "depth": sum(1 for _ in traceback.walk_tb(error.__traceback__)),
            "numbers": numbers,
            "instants": instants,
        }

    # --- many calls -------------------------------------------------------------------

    async def poll(self, wrapped: Wrapped, request: dict[str, Any]) -> dict[str, Any]:
        """Call at growing steps of virtual time until the protected function is entered."""
        call, waited, rejected = request["call"], 0.0, 0
        step, growth, last_rejected = request["step"], request["growth"], None
        while waited < request["most"]:
            delta = max(step, waited * growth)
            await self._mover.advance(delta)
            waited = round(waited + delta, 9)
            seen = len(self._events)
            self._ended.discard(call)
            self.start(wrapped, request)
            await self._mover.settle()
            if self._upstream.entered(call):
                return {"rejected": rejected, "low": last_rejected, "high": waited}
            if call not in self._ended:
                break  # neither running nor rejected: it waits inside the breaker
            rejected, last_rejected = rejected + 1, waited
            del self._events[seen:]
        return {"rejected": rejected, "low": last_rejected, "high": None}

    async def repeat(self, wrapped: Wrapped, request: dict[str, Any]) -> dict[str, Any]:
        """Make `times` calls of each of `orders` in turn, answered here; count the endings."""
        counts = {"ran": 0, "returned": 0, "raised": 0, "kept_out": 0}
        pattern: list[str] = []
        for number_ in range(request["times"]):
            period = request["periods"][min(number_, len(request["periods"]) - 1)]
            if period:
                await self._mover.advance(period)
            marks = ""
            for order in request["orders"]:
                marks += await self._once(wrapped, request, order, counts)
            if marks not in pattern:
                pattern.append(marks)
        return {**counts, "patterns": pattern[:20]}

    async def _once(
        self, wrapped: Wrapped, request: dict[str, Any], order: dict[str, Any], counts: Any
    ) -> str:
        call = request["call"]
        self._upstream.answer_here(call, order)
        seen = len(self._events)
        self.start(wrapped, request)
        task = self._tasks.pop(call, None)
        if task is not None:
            await task
        else:
            await self._mover.settle()
        ran = self._upstream.ran_here(call)
        ended = [e for e in self._events[seen:] if e.get("call") == call]
        del self._events[seen:]
        returned = bool(ended) and ended[-1]["event"] == "returned"
        counts["ran"] += ran
        counts["kept_out"] += not ran
        counts["returned" if returned else "raised"] += 1
        if ended and ended[-1]["event"] == "raised":
            name = f"!{text(type(ended[-1]['error']).__name__)}"
            counts[name] = counts.get(name, 0) + 1
        return ("R" if returned else "E") if ran else "x"

    # --- decorators -------------------------------------------------------------------

    def describe_decorated(
        self, wrapped: Wrapped, surface: dict[str, Any], form: str
    ) -> dict[str, Any]:
        """Decorate a function with a name and a docstring, and look at what came back."""
        runs: list[int] = []

        async def fetch_page(url: str = "") -> str:
            """Fetch one page."""
            runs.append(1)
            return url

        def read_page(url: str = "") -> str:
            """Read one page."""
            runs.append(1)
            return url

        original: Any = fetch_page if form == "async" else read_page
        decorate = surfaces.member(wrapped.target, surface["name"])
        made = (decorate() if surface.get("parentheses") else decorate)(original)
        ran = len(runs)
        if inspect.iscoroutine(made):
            made.close()
        return {
            "ran": ran,
            "coroutine_function": inspect.iscoroutinefunction(made),
            "name": scalar(getattr(made, "__name__", None)),
            "doc": scalar(getattr(made, "__doc__", None)),
            "unwraps": getattr(made, "__wrapped__", None) is original,
        }


def _attributes(error: BaseException) -> tuple[dict[str, float], dict[str, float]]:
    """Return the public attributes of an exception that are a number, and those that are a date."""
    numbers: dict[str, float] = {}
    instants: dict[str, float] = {}
    for name in _public_names(error)[:_MOST_ATTRIBUTES]:
        try:
            value = getattr(error, name)
        except BaseException:  # noqa: BLE001, S112  a property that raises tells nothing
            continue
        for found, read in ((numbers, number), (instants, seconds_from_now)):
            if (seconds := read(value)) is not None:
                found[name] = seconds
    return numbers, instants


def _public_names(error: BaseException) -> list[str]:
    try:
        return [name for name in dir(error) if not name.startswith("_")]
    except BaseException:  # noqa: BLE001  `__dir__` is the candidate's, and may raise anything
        return []
