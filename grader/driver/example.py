"""Plays the usage example of an answer against a scripted upstream.

Each request that leaves for the network calls up, so it is counted here; what was
served carries a mark that nobody could know before, so what comes back is known too.
"""

import json
import secrets

import msgspec

from grader.binding.examples import Code, Way
from grader.conversation.messages import Event, Reply, UpCall
from grader.conversation.worker import Order, Worker
from grader.history import ExampleCall

_LONGEST_CALL = 700.0
"""Virtual seconds: longer than any client's own time-out, retries and all."""
_LONGEST_PROGRAM = 300.0
_FAULTS = ("refused", "silent")


class NotDriven(Exception):  # noqa: N818  it tells that a way led nowhere
    """A part of the example could not be imported or made."""


class Closing(msgspec.Struct, frozen=True, kw_only=True):
    """What the worker answers after closing."""

    way: str
    open: int
    made: int
    public: bool


class Stage:
    """One worker with the example in it, and its upstream."""

    def __init__(self, worker: Worker, code: Code, implementation: list[str]) -> None:
        self._worker = worker
        self._code = code
        self._implementation = implementation
        self._plan = "200"
        self._served: set[str] = set()
        self._latest = ""
        self._ended: dict[int, Event] = {}
        self._calls = 0
        self._objects = 0
        self._now = 0.0
        self.shape = "texts"
        """What the served body is made of: `texts`, `numbers`, or a `list`."""
        self.arrived = 0
        """How many requests have left so far."""
        self.cut_off_ran = False
        self.sent_at_import: list[str] = []
        """Modules that sent requests while they were imported."""
        self.logging_at_import: list[str] = []
        """Modules that reconfigured the root logger while they were imported."""
        worker.answer = self._answer
        worker.request("example", do="connect")

    # --- the upstream -----------------------------------------------------------------

    def _answer(self, _up: UpCall) -> Order:
        self.arrived += 1
        if self._plan in _FAULTS:
            return {self._plan: True}
        if self._plan != "200":
            return {"status": int(self._plan), "body": '{"error": "out of order"}'}
        # Digits, so that an example may take it for a number as well.
        self._latest = str(9 * 10**15 + secrets.randbelow(10**15))
        self._served.add(self._latest)
        return {"status": 200, "body": json.dumps(self._body_of(self._latest))}

    def _body_of(self, mark: str) -> object:
        """Return a body in the shape that the example reads."""
        leaf: object = mark if self.shape != "numbers" else int(mark)
        body: dict[str, object] = {"mark": mark, "id": 1}
        for path in sorted(self._code.keys, key=len):
            place = body
            for key in path[:-1]:
                inner = place.get(key)
                if not isinstance(inner, dict):
                    inner = place[key] = {}
                place = inner
            place.setdefault(path[-1], leaf)
        return [body] if self.shape == "list" else body

    # --- the conversation -------------------------------------------------------------

    def _do(self, op: str, **arguments: object) -> Reply:
        reply = self._worker.request(op, **arguments)
        self._now = reply.now
        for event in reply.events:
            if event.event == "cut":
                self.cut_off_ran = True
            elif event.event in {"returned", "raised"} and event.call is not None:
                self._ended[event.call] = event
        return reply

    def wait(self, seconds: float) -> None:
        """Let virtual time pass."""
        self._do("advance", seconds=seconds)

    def _until_ended(self, call: int, most: float) -> None:
        """Let time pass until a call has ended."""
        if call not in self._ended:
            self._do("example", do="wait_for", call=call, most=most)

    # --- what is played ---------------------------------------------------------------

    def load(self) -> None:
        """Import the implementation and the example; raises NotDriven where that fails."""
        modules = [(name, ()) for name in self._implementation] + list(self._code.modules)
        for module, continues in modules:
            before = self.arrived
            event = self._run("load", module, continues)
            if self.arrived > before:
                self.sent_at_import.append(module)
            if event is None:
                continue  # a script that goes on and on; what it defines before is there
            if event.event == "raised":
                raise NotDriven(f"importing {module} raised {event.error}")
            if event.value is True:
                self.logging_at_import.append(module)

    def program(self, way: Way, plan: str) -> tuple[int, Event | None]:
        """Run a module as a program; return the requests that left, and how it ended."""
        self._plan = plan
        before = self.arrived
        continues = dict(self._code.modules).get(way.module, ())
        event = self._run("run", way.module, continues)
        return self.arrived - before, event

    def _run(self, do: str, module: str, continues: tuple[str, ...]) -> Event | None:
        self._calls += 1
        self._do("example", do=do, call=self._calls, module=module, continues=list(continues))
        self._until_ended(self._calls, _LONGEST_PROGRAM)
        return self._ended.get(self._calls)

    def make(self, way: Way, owner: object = None) -> str:
        """Make what the calls of a way need, and return its handle."""
        self._objects += 1
        handle = f"e{self._objects}"
        if way.kind == "method":
            reply = self._do("example", do="build", handle=handle, expression=owner or way.owner)
        elif way.kind == "part":
            reply = self._do(
                "example", do="prepare", handle=handle, module=way.module, source=way.source
            )
        else:
            return ""
        if reply.error is not None:
            raise NotDriven(f"{way.told}: making it raised {reply.error}")
        return handle

    def call(self, way: Way, handle: str, plan: str, *, elsewhere: bool = False) -> ExampleCall:
        """Make one call, the upstream following a plan: a status, `refused` or `silent`."""
        before, started = self.arrived, self._now
        call, refused = self._start(way, handle, plan, elsewhere=elsewhere)
        at_once = self.arrived - before
        if refused:
            return ExampleCall(at_once=at_once, requests=at_once, error=refused)
        self._until_ended(call, _LONGEST_CALL)
        return self._seen(call, at_once, self.arrived - before, self._now - started)

    def calls_together(self, way: Way, handle: str, plan: str, count: int) -> list[ExampleCall]:
        """Make several calls in one moment, and return when all have ended.

        Whose request is whose is not seen: all are told of the first.
        """
        before, started = self.arrived, self._now
        calls = [self._start(way, handle, plan)[0] for _ in range(count)]
        at_once = self.arrived - before
        for call in calls:
            self._until_ended(call, _LONGEST_CALL)
        sent = self.arrived - before
        ends = [e.at for call in calls if (e := self._ended.get(call)) and e.at is not None]
        waited = [round(end - started, 6) for end in ends]
        first = self._seen(calls[0], at_once, sent, waited[0] if waited else 0.0)
        others = [self._seen(c, 0, 0, w) for c, w in zip(calls[1:], waited[1:], strict=False)]
        return [first, *others]

    def _start(
        self, way: Way, handle: str, plan: str, *, elsewhere: bool = False
    ) -> tuple[int, str]:
        """Start a call; return its number and, where it could not be made, the error."""
        self._plan = plan
        self._calls += 1
        reply = self._do(
            "example",
            do="call",
            call=self._calls,
            owner=handle,
            module=way.module,
            name=way.name,
            args=list(way.elsewhere if elsewhere else way.args),
            kwargs=way.kwargs,
            coroutine=way.coroutine,
        )
        return self._calls, "" if reply.error is None else str(reply.error)

    def _seen(self, call: int, at_once: int, requests: int, waited: float) -> ExampleCall:
        event = self._ended.get(call)
        return ExampleCall(
            at_once=at_once,
            requests=requests,
            waited=round(waited, 6),
            how=event.event if event is not None else "",
            body=self._body(event),
            error=str(event.error) if event is not None and event.error is not None else "",
        )

    def _body(self, event: Event | None) -> str:
        if event is None or not event.what:
            return ""
        if event.what == self._latest:
            return "served"
        return "earlier" if event.what in self._served else "made up"

    def clients(self) -> int:
        """Return how many HTTP clients have been made so far."""
        reply = self._do("example", do="clients")
        return reply.value_as(int)

    def close(self, handle: str) -> Closing | None:
        """Close what was made, as its users would."""
        reply = self._do("example", do="close", handle=handle)
        return None if reply.error is not None else reply.value_as(Closing)
