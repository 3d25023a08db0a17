"""Serves one scenario: takes requests, drives the candidate, tells what happened.

A request is `{"id", "op", …}`; its reply `{"id", "now", "events", "value" | "error"}` is
sent once the worker has come to rest. While a request is served the worker may
call up (`{"up": call}`); each up-call is answered with an order, or with none
where the function shall stay parked until a later `order` request.
"""

import asyncio
import contextlib
import functools
import inspect
import select
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from . import describe, listening, schedules, surfaces
from .alone import Alone
from .breakers import Breakers
from .calls import Calls
from .examples import Examples
from .generated import Generated
from .generators import describe_generators
from .holdings import holdings
from .importing import Watch
from .keeping import FailedCall
from .keepsakes import Keepsakes
from .loader import Sources
from .loop import Mover, VirtualLoop
from .luck import set_luck
from .reaching import reachable
from .scheduler import Scheduler
from .showing import show
from .timekeeping import TimeWatch, find_clocks, moved_along
from .upstream import Upstream
from .waiting import Observed
from .wire import Wire, called, flatten, scalar

Handler = Callable[[dict[str, Any]], Awaitable[Any]]


class Server:
    """One worker's side of the conversation."""

    def __init__(
        self,
        wire: Wire,
        scheduler: Scheduler,
        observed: Observed,
        sources: Sources,
        generated: Generated,
    ) -> None:
        self._wire = wire
        self._scheduler = scheduler
        self._clock = scheduler.clock
        self._sources = sources
        self._generated = generated
        self._loop = VirtualLoop(scheduler, serves=True)
        asyncio.set_event_loop(self._loop)
        self._mover = Mover(self._loop, scheduler, self._clock)
        self._mover.unanswered = self._unanswered
        self._events: list[dict[str, Any]] = []
        self._asked = 0
        self._answered: asyncio.Future[None] | None = None
        self._serving: asyncio.Task[None] | None = None
        upstream = Upstream(scheduler)
        upstream.ask, upstream.note = self._ask, self._events.append
        self._upstream = upstream
        self._breakers = Breakers(self._events.append, sources.owns)
        self._calls = Calls(upstream, self._loop, self._mover, self._events, sources.owns)
        self._time_watch = TimeWatch(sources.owns, scheduler.is_main_thread)
        self._examples = Examples(
            upstream=upstream,
            builder=self._breakers.builder,
            sources=sources,
            receive=self._readable,
            mover=self._mover,
            note=self._events.append,
        )
        self._listening = self._breakers.listening
        self._alone = Alone(self._mover, sources.owns)
        self._keepsakes = Keepsakes()
        observed.note = self._blocked
        scheduler.on_deadlock = self._deadlock
        sources.install(self._cut)

    def serve(self) -> None:
        """Serve until the driver hangs up."""
        self._loop.add_reader(self._wire.fileno(), self._readable)
        self._loop.count_own_readers()
        while True:
            try:
                self._loop.run_forever()
            except (KeyboardInterrupt, SystemExit):
                continue  # a protected call raised it inside a task of the candidate's own

    # --- the conversation -------------------------------------------------------------

    def _readable(self) -> None:
        for message in self._wire.receive():
            if "up" in message:
                self._asked -= 1
                if message.get("order") is not None:
                    self._upstream.order(message["up"], message["order"])
                if self._asked == 0 and self._answered is not None:
                    answered, self._answered = self._answered, None
                    answered.set_result(None)
            else:
                self._serving = self._loop.create_task(self._serve_one(message))

    def _ask(self, up: dict[str, Any]) -> None:
        self._asked += 1
        self._wire.send(up)

    def _unanswered(self) -> asyncio.Future[None] | None:
        if self._asked == 0:
            return None
        if self._answered is None:
            self._answered = self._loop.create_future()
        return self._answered

    async def _serve_one(self, request: dict[str, Any]) -> None:
        reply: dict[str, Any] = {"id": request["id"]}
        handler: Handler = getattr(self, f"_op_{request['op']}")
        try:
            reply["value"] = await handler(request)
        except BaseException as error:  # noqa: BLE001  whatever a candidate raises is reported
            reply["error"] = self._calls.describe_error(error, None)
        await self._mover.settle()
        reply["now"] = self._clock.elapsed()
        reply["events"] = [self._calls.told(event) for event in self._events]
        self._events.clear()
        self._wire.send(reply)

    def _blocked(self, what: str) -> None:
        self._events.append({"event": "blocking", "what": what})

    def _cut(self) -> None:
        event = {"event": "cut"}
        if event not in self._events:
            self._events.append(event)

    def _deadlock(self) -> None:
        self._wire.send({"fatal": "deadlock: the event loop's thread waits for ever"})
        self._wire._exit(1)  # noqa: SLF001

    # --- the candidate ----------------------------------------------------------------

    async def _op_load(self, request: dict[str, Any]) -> Any:
        """Import modules; the first error is the reply."""
        with _no_loop_running():
            for name in request["modules"]:
                __import__(name)

    async def _op_generated(self, _request: dict[str, Any]) -> Any:
        """Tell what was generated so far."""
        return self._generated.texts()

    async def _op_describe(self, request: dict[str, Any]) -> Any:
        return describe.describe_modules(self._sources.owns, request["start"])

    async def _op_build(self, request: dict[str, Any]) -> Any:
        """Build a breaker, and decorate its first function where that is the surface."""
        made = self._breakers.make(request["expression"], beside=request.get("beside", False))
        wrapped = self._breakers.add(request["breaker"], await _made(made))
        if "collector" in request:
            wrapped.collector = self._breakers.builder.build(request["collector"])[-1]
        if (surface := request.get("decorate")) is not None:
            self._calls.protected(wrapped, surface, surface["form"], 0)

    async def _op_build_outside(self, request: dict[str, Any]) -> Any:
        """Build a breaker in a thread without an event loop."""
        make = functools.partial(self._breakers.make, request["expression"])
        made = await self._loop.run_in_executor(None, make)
        self._breakers.add(request["breaker"], await _made(made))

    async def _op_show(self, request: dict[str, Any]) -> Any:
        """Run a script, which has a clock and event loops of its own, in a thread."""
        return await self._loop.run_in_executor(None, show, request["source"])

    async def _op_inspect(self, request: dict[str, Any]) -> Any:
        return describe.describe_value(self._breakers.target(request), self._sources.owns)

    async def _op_read(self, request: dict[str, Any]) -> Any:
        """Read what an accessor leads to, flattened to scalars; `named`: what it is called too."""
        target = value = self._breakers.target(request)
        for name in request["path"]:
            value = await self._mover.complete(surfaces.asked(value, name, target)[0])
        flat = flatten(value, target)
        return {**flat, **called(value)} if request.get("named") and "" not in flat else flat

    async def _op_keep(self, request: dict[str, Any]) -> Any:
        """Keep what an accessor leads to, by a name."""
        target = self._breakers.target(request)
        return await self._keepsakes.keep(request["name"], target, request["path"])

    async def _op_look_again(self, request: dict[str, Any]) -> Any:
        """Read what was kept."""
        return self._keepsakes.look(request["name"])

    async def _op_spoil(self, request: dict[str, Any]) -> Any:
        """Write into what was kept."""
        self._keepsakes.spoil(request["name"])

    async def _op_invoke(self, request: dict[str, Any]) -> Any:
        """Call a method of the breaker, such as its reset."""
        method = surfaces.member(self._breakers.target(request), request["name"])
        args = [self._breakers.builder.build(entry) for entry in request.get("args", ())]
        return scalar(await self._mover.complete(method(*args)))

    # --- listeners --------------------------------------------------------------------

    async def _op_attach(self, request: dict[str, Any]) -> Any:
        """Give a breaker a listener after it was built."""
        ear = self._listening.ear(request["ear"])
        target = self._breakers[request["breaker"]].target
        if not request["method"]:
            listening.hold(target, request["name"], ear)
            return
        given = surfaces.member(target, request["name"])
        await listening.attach(given, ear, request["event"], decorates=request["decorates"])

    async def _op_listeners(self, request: dict[str, Any]) -> Any:
        """Have listeners raise from now on, or read or call at the next event."""
        self._listening.raises = request["raises"]
        if (paths := request.get("read")) is not None:
            target = self._breakers[request["breaker"]].target
            read = listening.read_awaited if request.get("awaited") else listening.read
            self._listening.meanwhile = functools.partial(read, target, paths)
        if (inner := request.get("inner")) is not None:
            wrapped = self._breakers[request["breaker"]]
            self._listening.meanwhile = self._calls.inside({**request, "inner": inner}, wrapped)

    # --- calls ------------------------------------------------------------------------

    async def _op_call(self, request: dict[str, Any]) -> Any:
        self._calls.start(self._breakers[request["breaker"]], request)

    async def _op_nest(self, request: dict[str, Any]) -> Any:
        """Start a call whose function makes another one before it ends."""
        self._calls.nest(self._breakers[request["breaker"]], request)

    async def _op_burst(self, request: dict[str, Any]) -> Any:
        """Start several calls in one tick."""
        for call in request["calls"]:
            self._calls.start(self._breakers[request["breaker"]], {**request, "call": call})

    async def _op_order(self, request: dict[str, Any]) -> Any:
        return [self._upstream.order(call, request["order"]) for call in request["calls"]]

    async def _op_cancel(self, request: dict[str, Any]) -> Any:
        return self._calls.cancel(request["call"])

    async def _op_poll(self, request: dict[str, Any]) -> Any:
        """Call again and again, at growing steps of time, until the function runs."""
        return await self._calls.poll(self._breakers[request["breaker"]], request)

    async def _op_repeat(self, request: dict[str, Any]) -> Any:
        """Make many calls that are answered inside the worker."""
        return await self._calls.repeat(self._breakers[request["breaker"]], request)

    async def _op_explore(self, request: dict[str, Any]) -> Any:
        """Play two calls of two threads in every order with one switch."""
        folder = str(self._sources.folder)
        return schedules.Explorer(
            self._scheduler, self._breakers.builder, folder, request
        ).explore()

    async def _op_several_loops(self, request: dict[str, Any]) -> Any:
        """Use a new breaker in one `asyncio.run` after another."""
        build = functools.partial(self._breakers.builder.build, request["expression"])
        return await self._alone.several_loops(build, request)

    async def _op_unawaited(self, request: dict[str, Any]) -> Any:
        """Make calls, and tell which coroutines nobody awaited."""
        return await self._alone.unawaited(self._breakers[request["breaker"]], request)

    async def _op_advance(self, request: dict[str, Any]) -> Any:
        await self._mover.advance(request["seconds"])

    async def _op_step_wall(self, request: dict[str, Any]) -> Any:
        """Step the wall clock alone."""
        self._clock.wall_offset += round(request["seconds"] * 1e9)
        self._clock.move_to(self._clock.now)

    async def _op_watch_time(self, request: dict[str, Any]) -> Any:
        """Begin to note which clocks the candidate reads, or tell which it read."""
        return self._time_watch.begin() if request["begin"] else self._time_watch.end()

    async def _op_find_clocks(self, request: dict[str, Any]) -> Any:
        """Tell where the candidate keeps clocks, and whether each moves as the worker's does."""
        clocks = find_clocks(self._sources.owns, self._breakers.target(request))
        before = [_read(clock.read) for clock in clocks]
        await self._mover.advance(request["seconds"])
        told = []
        for clock, then in zip(clocks, before, strict=True):
            frozen = moved_along(then, _read(clock.read), request["seconds"])
            told.append({**clock._asdict(), "frozen": frozen})
            told[-1].pop("read")
        return told

    async def _op_really_wait(self, request: dict[str, Any]) -> Any:
        """Let real time pass, and no virtual time."""
        select.select([], [], [], request["seconds"])

    async def _op_luck(self, request: dict[str, Any]) -> Any:
        set_luck(request["value"])

    async def _op_decorated(self, request: dict[str, Any]) -> Any:
        """Tell what decorating made of a function."""
        return self._calls.describe_decorated(
            self._breakers[request["breaker"]], request["surface"], request["form"]
        )

    async def _op_generators(self, request: dict[str, Any]) -> Any:
        """Tell what becomes of generator functions."""
        wrapped = self._breakers[request["breaker"]]
        return await describe_generators(wrapped, request["surface"])

    async def _op_failed_call(self, request: dict[str, Any]) -> Any:
        """Make a failing call, and tell whether what it had in its hands is still alive."""
        surface = request["surface"]
        call = FailedCall(self._breakers[request["breaker"]], surface, request["failure"])
        if surface["mode"] == "async":
            await self._loop.create_task(call.in_task())
        else:
            await self._loop.run_in_executor(None, call.in_thread)
        return call.told()

    async def _op_watch(self, request: dict[str, Any]) -> Any:
        """Begin to take note of what is set in motion and warned of, or end and tell it."""
        if request["on"]:
            self._watch = Watch(self._sources.folder)
            return self._watch.start()
        return self._watch.stop()

    async def _op_holds(self, request: dict[str, Any]) -> Any:
        """Tell what a breaker keeps, its private attributes too."""
        return holdings(self._breakers.target(request), self._sources.owns)

    # --- the usage example ------------------------------------------------------------

    async def _op_example(self, request: dict[str, Any]) -> Any:
        """Do one of the things that `Examples` can do."""
        return await surfaces.settle(getattr(self._examples, request["do"])(request))

    async def _op_size(self, request: dict[str, Any]) -> Any:
        """Count the objects that a breaker keeps alive."""
        return reachable(self._breakers.target(request), self._sources.owns)


def _read(clock: Callable[[], Any]) -> Any:
    try:
        return clock()
    except Exception:  # noqa: BLE001  what cannot be read is not seen to move either
        return None


async def _made(value: Any) -> Any:
    """Return what was built; a registry may hand its breakers out to those who await them."""
    return await value if inspect.iscoroutine(value) else value


@contextlib.contextmanager
def _no_loop_running() -> Iterator[None]:
    """Import as Python does: an example at the end of a module may call `asyncio.run`."""
    loop = asyncio.get_running_loop()
    asyncio._set_running_loop(None)  # noqa: SLF001
    try:
        yield
    finally:
        asyncio._set_running_loop(loop)  # noqa: SLF001
        asyncio.set_event_loop(loop)
