"""The laboratory that scenarios are written with: it builds breakers and moves time.

A scenario reads like a story: build a breaker, let calls fail, wait, look.
How a call is made through the candidate's API is the binding's business.
"""

import random
from typing import Any

import msgspec

from grader.binding.hearing import change_of, with_ear
from grader.binding.model import Binding, Constructor
from grader.conversation.failures import CandidateFailure, NotOffered, Unknown
from grader.conversation.messages import ErrorSeen, Event, Reply, UpCall
from grader.conversation.worker import Order, Worker
from grader.driver.breaker import Breaker
from grader.driver.call import Call
from grader.driver.settings import settings_for
from grader.driver.tracing import Trace
from grader.timeline import Timeline

_OF_EXCEPTIONS = frozenset({"ignored", "counted", "failure_predicate"})
_MOVES_TIME = ("advance", "poll", "step_wall")


class Refused(Exception):  # noqa: N818  it tells what the constructor did
    """The candidate's constructor raised."""

    def __init__(self, error: ErrorSeen) -> None:
        super().__init__(str(error))
        self.error = error


class Lab:
    """One worker, with one candidate bound in it."""

    def __init__(self, worker: Worker, binding: Binding, *, seed: int) -> None:
        self.worker = worker
        self.binding = binding
        self.random = random.Random(seed)
        self.now = 0.0
        """Virtual seconds since the worker started."""
        self.cut_off_ran = False
        """A function that is cut off in the answer has run."""
        self.real_time = ""
        """Why its time cannot be moved (see `grader.driver.certify`); empty where it can."""
        self.blocking: list[str] = []
        """Blocking calls that were seen on a thread with an event loop."""
        self.growth: float | None = None
        """What a failed probe multiplies the open period by at most, once that was measured."""
        self.heard: list[tuple[str, str]] = []
        """Changes of state that listeners were told of: before (or ``) and after."""
        self._calls: dict[int, Call] = {}
        self._trace = Trace()
        self._breakers = 0
        worker.answer = self._answer
        self.luck(binding.luck)

    # --- building ---------------------------------------------------------------------

    def settings(self, **settings: Any) -> dict[str, Any]:
        """Return the settings of a breaker: the defaults, the binding's, then these."""
        return settings_for(self.binding, settings)

    def breaker(self, **settings: Any) -> "Breaker":
        """Build a breaker; settings are concepts such as `threshold`, `base`, `cap`, `limit`.

        Raises Refused where the candidate's constructor raises.
        """
        return self.build(self.binding.constructor, self.settings(**settings))

    def another(self, **settings: Any) -> "Breaker":
        """Build a breaker that is used together with those there are; else as `breaker` does."""
        wanted = self.settings(**settings)
        expression = self.binding.constructor.expression(wanted)
        return self.build_expression(expression, wanted, beside=True)

    def build(self, constructor: Constructor, settings: dict[str, Any]) -> "Breaker":
        """Build a breaker with exactly these settings."""
        own = constructor is self.binding.constructor
        return self.build_expression(constructor.expression(settings), settings, counted=own)

    def build_expression(
        self,
        expression: Any,
        settings: dict[str, Any],
        *,
        beside: bool = False,
        counted: bool = True,
    ) -> "Breaker":
        """Build a breaker from an expression; *beside*: the earlier ones are still needed.

        *counted*: with what counts for it beside it, if there is such a thing.
        """
        self._breakers += 1
        handle = f"b{self._breakers}"
        arguments: dict[str, Any] = {"breaker": handle, "expression": expression}
        surface = self.binding.surfaces[0] if self.binding.surfaces else None
        if surface is not None and surface.style == "decorate":
            arguments["decorate"] = {**surface.data, "form": surface.form}
        if beside:
            arguments["beside"] = True
        if counted and (collector := self.binding.collector) is not None:
            arguments["expression"] = {**expression, "keep": collector.BREAKER}
            arguments["collector"] = collector.expressions()
        reply = self.request("build", **arguments)
        if reply.error is not None:
            raise Refused(reply.error)
        return Breaker(self, handle, settings)

    def breaker_with_listener(self, shape: str = "", **settings: Any) -> "Breaker":
        """Build a breaker with a listener; what it is told of goes to `heard`.

        `shape` is what the listener is, where that is not as the binding has it.

        Raises NotOffered where there is no way to give it one, Refused as `breaker` does.
        """
        hearing = self.binding.hearing
        if hearing is None:
            raise NotOffered("it takes no listener")
        if shape:
            hearing = msgspec.structs.replace(hearing, shape=shape)
        wanted = self.settings(**settings)
        expression = self.binding.constructor.expression(wanted)
        if hearing.via == "parameter":
            return self.build_expression(with_ear(expression, hearing), wanted)
        breaker = self.build_expression(expression, wanted)
        reply = self.request(
            "attach",
            breaker=breaker.handle,
            name=hearing.name,
            ear=hearing.ear(),
            method=hearing.via == "method",
            event=hearing.event,
            decorates=hearing.decorates,
        )
        if reply.error is not None:
            raise Refused(reply.error)
        return breaker

    def listeners(self, *, raises: bool = False, **meanwhile: Any) -> None:
        """Have listeners raise from now on, or read or call at the next event."""
        self.request("listeners", raises=raises, **meanwhile)

    def build_outside(self, expression: Any, settings: dict[str, Any]) -> "tuple[Reply, Breaker]":
        """Build a breaker in a thread in which no event loop runs."""
        self._breakers += 1
        handle = f"b{self._breakers}"
        reply = self.request("build_outside", breaker=handle, expression=expression)
        return reply, Breaker(self, handle, settings)

    def offers(self, concept: str) -> bool:
        """Whether the candidate has a parameter for a concept, and can act on it."""
        if concept in _OF_EXCEPTIONS and self.binding.surfaces and self.binding.surfaces[0].untold:
            return False
        return concept in self.binding.parameters

    def kind(self, concept: str) -> str:
        """Return in what form the candidate takes a setting (see `Argument`), or the empty text."""
        argument = self.binding.constructor.setter(concept)
        return "" if argument is None else argument.kind

    # --- time -------------------------------------------------------------------------

    def luck(self, value: float | None) -> None:
        """Let what is drawn at random fall at this share of its range; None: anywhere."""
        self.worker.request("luck", value=value)

    def wait(self, seconds: float) -> None:
        """Let virtual time pass."""
        self.request("advance", seconds=seconds)

    # --- the conversation -------------------------------------------------------------

    def request(self, op: str, **arguments: Any) -> Reply:
        """Ask the worker, and take note of what happened meanwhile.

        Raises Unknown where that would move a time which the candidate does not go by.
        """
        if self.real_time and (op in _MOVES_TIME or any(arguments.get("periods", ()))):
            raise Unknown(f"it sees real time: {self.real_time}")
        reply = self.worker.request(op, **arguments)
        self.now = reply.now
        self._trace.requested(op, arguments, self.now)
        for event in reply.events:
            self._happened(event)
        return reply

    def ask(self, op: str, **arguments: Any) -> Reply:
        """Do as `request`, for what has no meaning unless it works.

        Raises CandidateFailure where the candidate raised in the middle of it.
        """
        reply = self.request(op, **arguments)
        if reply.error is not None:
            failure = CandidateFailure(f"the candidate raised {reply.error}")
            failure.of = "resource" if reply.error.type == "MemoryError" else "crash"
            raise failure
        return reply

    def _happened(self, event: Event) -> None:
        if event.event == "cut":
            self.cut_off_ran = True
        elif event.event == "heard":
            hearing = self.binding.hearing
            change = hearing and change_of(event.what, hearing, self.binding.state_words)
            self.heard += [change] if change else []
        elif event.event == "blocking":
            self.blocking.append(event.what)
        elif event.call in self._calls:
            self._calls[event.call].happened(event)

    def _answer(self, up: UpCall) -> Order | None:
        call = self._calls.get(up.up)
        return {"return": None} if call is None else call.entered(up)

    def looked(self, handle: str, state: str | None) -> str | None:
        """Note the state that was read of a breaker, and return it."""
        self._trace.looked(handle, self.now, state)
        return state

    def note(self, breaker: "Breaker") -> None:
        """Note a breaker with its settings, for its timeline."""
        self._trace.built(breaker.handle, breaker.settings)

    def timelines(self) -> tuple[Timeline, ...]:
        """Return what was done with each breaker so far."""
        return self._trace.timelines(self._calls, set(self.binding.parameters))

    def enlist(self, call: Call) -> int:
        """Give a call its number; no other laboratory with the same worker gives it again."""
        self.worker.calls += 1
        self._calls[self.worker.calls] = call
        return self.worker.calls
