"""Runs the usage example of an answer: imports it, calls into it, or runs it as a program.

Which part of it is run, and with which arguments, the trusted side decides.
"""

import _thread
import asyncio
import gc
import importlib.util
import inspect
import json
import logging
import re
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

from . import network, surfaces
from .expressions import Builder
from .loader import Sources
from .loop import Mover
from .upstream import Upstream
from .wire import text

_BODY = re.compile(r"9\d{15}")
_DEEPEST = 4
_MOST_ENTRIES = 60
_READ = ("text", "content", "body", "data", "json", "payload", "result", "value", "_body")
_OPENS = ("start", "connect", "open", "setup", "initialize", "init", "startup")
_CLOSES = ("aclose", "close", "shutdown", "stop", "disconnect", "cleanup", "close_session")
_FIRST_NUMBER = 1_000_000


class Examples:
    """The example of one worker."""

    def __init__(  # noqa: PLR0913  the parts of a worker that it works with
        self,
        *,
        upstream: Upstream,
        builder: Builder,
        sources: Sources,
        receive: Callable[[], None],
        mover: Mover,
        note: Callable[[dict[str, Any]], None],
    ) -> None:
        self._upstream = upstream
        self._builder = builder
        self._sources = sources
        self._receive = receive
        self._mover = mover
        self._ended: set[int] = set()
        self._note = note
        self._asked = 0
        self._objects: dict[str, Any] = {}
        self._arguments: dict[str, Any] = {}
        self._tasks: list[asyncio.Task[Any]] = []
        self._clients: list[Any] = []

    def connect(self, _request: dict[str, Any]) -> None:
        """Put every HTTP client on the scripted network."""
        network.install(self._ask)
        _note_clients(self._clients.append)

    def _ask(self, client: str, host: str) -> dict[str, Any]:
        """Call up for a request that leaves, and return what shall become of it."""
        self._asked += 1
        visit = self._upstream.arrive(_FIRST_NUMBER + self._asked, (client, host), {})
        if not self._upstream.scheduler.is_main_thread():
            return visit.stay_in_thread()
        # A blocking client on the loop's own thread: nobody else can read the answer.
        while visit.order is None:
            self._receive()
        return visit.order

    # --- starting ---------------------------------------------------------------------

    def load(self, request: dict[str, Any]) -> None:
        """Import a module in a thread, as a script at its end may want to run a loop."""
        self._in_thread(request["call"], lambda: self._import(request["module"], "", request))

    def run(self, request: dict[str, Any]) -> None:
        """Run a module as a program."""
        self._in_thread(
            request["call"], lambda: self._import(request["module"], "__main__", request)
        )

    def _import(self, module: str, name: str, request: dict[str, Any]) -> bool:
        before = list(logging.getLogger().handlers), logging.getLogger().level
        continued = request["continues"]
        if name or continued:
            self._execute(module, name or module, continued)
        else:
            importlib.import_module(module)
        root = logging.getLogger()
        return (list(root.handlers), root.level) != before

    def _execute(self, module: str, name: str, continued: list[str]) -> None:
        spec = importlib.util.find_spec(module)
        if spec is None or spec.loader is None:
            raise ModuleNotFoundError(module)
        made = importlib.util.module_from_spec(spec)
        for earlier in continued:
            names = vars(sys.modules[earlier]) if earlier in sys.modules else {}
            vars(made).update({k: v for k, v in names.items() if not k.startswith("__")})
        vars(made)["__name__"] = name
        sys.modules[name] = made
        code = spec.loader.get_code(module)  # type: ignore[attr-defined]
        exec(code, vars(made))  # noqa: S102  it is what importing does

    async def build(self, request: dict[str, Any]) -> None:
        """Build an object that makes requests, and enter it where it is entered."""
        made = await surfaces.settle(self._build(request["expression"]))
        self._objects[request["handle"]] = made
        if hasattr(made, "__aenter__"):
            made = await made.__aenter__()
        elif hasattr(made, "__enter__"):
            made = made.__enter__()
        else:
            await self._open(made)
        self._objects[f"{request['handle']}*"] = made

    async def _open(self, made: Any) -> None:
        for name in _OPENS:
            method = getattr(made, name, None)
            if inspect.ismethod(method) and not inspect.signature(method).parameters:
                await surfaces.settle(method())
                return

    def prepare(self, request: dict[str, Any]) -> None:
        """Run a part of the example that makes what a call needs, beside its module."""
        space = dict(vars(sys.modules[request["module"]]))
        exec(compile(request["source"], "example", "exec", dont_inherit=True), space)  # noqa: S102
        self._objects[f"{request['handle']}*"] = types.SimpleNamespace(**space)

    def call(self, request: dict[str, Any]) -> None:
        """Call a function or a method; it is under way when the worker has settled."""
        owner, name = request["owner"], request["name"]
        target = self._objects[f"{owner}*"] if owner else sys.modules[request["module"]]
        function = surfaces.member(target, name)
        args = [self._argument(entry) for entry in request["args"]]
        kwargs = {name: self._argument(entry) for name, entry in request["kwargs"].items()}
        if request["coroutine"]:
            self._in_task(request["call"], lambda: function(*args, **kwargs))
        else:
            self._in_thread(request["call"], lambda: function(*args, **kwargs))

    def _argument(self, expression: Any) -> Any:
        """Build an argument once: a breaker that is handed in has to stay the same."""
        if not isinstance(expression, dict):
            return expression
        key = json.dumps(expression)
        if key not in self._arguments:
            self._arguments[key] = self._build(expression)
        return self._arguments[key]

    def _build(self, expression: Any) -> Any:
        """Build an object, and first the HTTP clients that it is given, which are ours."""
        for name, made in _clients_in(expression):
            own = len(self._clients)
            self._builder.build({**made, "keep": name})
            del self._clients[own:]
        return self._builder.build(expression)

    # --- ending -----------------------------------------------------------------------

    def _in_task(self, call: int, function: Callable[[], Any]) -> None:
        self._tasks.append(asyncio.get_running_loop().create_task(self._task(call, function)))

    async def _task(self, call: int, function: Callable[[], Any]) -> None:
        try:
            value = await surfaces.settle(function())
            if inspect.isasyncgen(value):
                value = [entry async for entry in value]
            seen = await _read(value)
        except BaseException as error:  # noqa: BLE001  reported, whatever it is
            self._end({"event": "raised", "call": call, "error": error})
        else:
            self._end({"event": "returned", "call": call, **seen})

    def _in_thread(self, call: int, function: Callable[[], Any]) -> None:
        loop = asyncio.get_running_loop()

        def body() -> None:
            try:
                value = function()
                if inspect.isawaitable(value):
                    loop.call_soon_threadsafe(self._in_task, call, lambda: value)
                    return
                seen = {"what": _body_in(value, 0), "value": _kind(value)}
            except BaseException as error:  # noqa: BLE001  reported, whatever it is
                self._end({"event": "raised", "call": call, "error": error})
            else:
                self._end({"event": "returned", "call": call, **seen})

        _thread.start_new_thread(body, ())

    def _end(self, event: dict[str, Any]) -> None:
        self._ended.add(event["call"])
        self._note({**event, "at": self._upstream.scheduler.clock.elapsed()})

    async def wait_for(self, request: dict[str, Any]) -> None:
        """Let time pass until a call has ended, or longer than can be waited."""
        call = request["call"]
        await self._mover.advance_until(lambda: call in self._ended, request["most"])

    def clients(self, _request: dict[str, Any]) -> int:
        """Tell how many HTTP clients have been made so far."""
        return len(self._clients)

    async def close(self, request: dict[str, Any]) -> dict[str, Any]:
        """Close what was built as its users would, and tell which HTTP clients stay open."""
        way = await self._close(request["handle"]) if request["handle"] else "none needed"
        gc.collect()
        still_open = [client for client in self._clients if not _is_closed(client)]
        public = way == "" and _reachable_by_name(self._objects.get(request["handle"]), still_open)
        return {"way": way, "open": len(still_open), "made": len(self._clients), "public": public}

    async def _close(self, handle: str) -> str:
        made = self._objects[handle]
        if hasattr(made, "__aexit__"):
            await made.__aexit__(None, None, None)
            return "async with"
        if hasattr(made, "__exit__"):
            made.__exit__(None, None, None)
            return "with"
        for name in _CLOSES:
            method = getattr(made, name, None)
            if callable(method):
                await surfaces.settle(method())
                return name
        return ""


def _clients_in(expression: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the name and the expression of each client that an expression is given."""
    if isinstance(expression, dict):
        if "$kept" in expression:
            yield expression["$kept"], expression["made"]
        for inner in [*expression.get("args", ()), *expression.get("kwargs", {}).values()]:
            yield from _clients_in(inner)


# --- what came back -----------------------------------------------------------------------


async def _read(value: Any) -> dict[str, Any]:
    """Return what kind of thing came back, and the served body if it is in there."""
    found = _body_in(value, 0)
    if not found and type(value).__module__.startswith("aiohttp"):
        try:
            found = _body_in(await value.read(), 0)
        except Exception:  # noqa: BLE001  its connection is given back already
            found = ""
    return {"what": found, "value": _kind(value)}


def _kind(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int)):
        return value
    return {"opaque": text(type(value).__name__)}


def _body_in(value: Any, depth: int) -> str:
    """Return the mark of a served body that is somewhere in a value, or an empty text."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, str):
        match = _BODY.search(value)
        return match.group() if match else ""
    if depth >= _DEEPEST or value is None:
        return ""
    return next((found for entry in _inside(value) if (found := _body_in(entry, depth + 1))), "")


def _inside(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from list(value.values())[:_MOST_ENTRIES]
    elif isinstance(value, (list, tuple, set, frozenset)):
        yield from list(value)[:_MOST_ENTRIES]
    elif not isinstance(value, (int, float, type)):
        for name in _READ:
            try:
                entry = getattr(value, name)
                if callable(entry) and not inspect.iscoroutinefunction(entry) and name == "json":
                    entry = entry()
            except Exception:  # noqa: BLE001, S112  what cannot be read holds nothing
                continue
            if not callable(entry):
                yield entry
        yield from list(getattr(value, "__dict__", {}).values())[:_MOST_ENTRIES]


# --- HTTP clients and whether they are closed ---------------------------------------------

_KINDS = (("httpx", "AsyncClient"), ("httpx", "Client"), ("aiohttp", "ClientSession"))


def _note_clients(note: Callable[[Any], None]) -> None:
    for module, name in _KINDS:
        kind = getattr(sys.modules.get(module), name, None)
        if kind is not None:
            _note_made(kind, note)


def _note_made(kind: Any, note: Callable[[Any], None]) -> None:
    real = kind.__init__

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
        real(self, *args, **kwargs)
        note(self)

    kind.__init__ = __init__


def _is_closed(client: Any) -> bool:
    return bool(getattr(client, "is_closed", getattr(client, "closed", True)))


def _reachable_by_name(owner: Any, clients: list[Any]) -> bool:
    public = [v for k, v in getattr(owner, "__dict__", {}).items() if not k.startswith("_")]
    return any(entry is client for entry in public for client in clients)
