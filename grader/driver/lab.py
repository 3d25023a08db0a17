"""The handles that scenarios are written with: a laboratory, breakers and calls.

A scenario reads like a story: build a breaker, let calls fail, wait, look.
How a call is made through the candidate's API is the binding's business.
"""

import random
from typing import Any

from grader.binding.hearing import change_of, with_ear
from grader.binding.model import Accessor, Binding, Constructor, Surface
from grader.binding.state import as_state
from grader.conversation.failures import Blocked, CandidateFailure, NotOffered, Unknown
from grader.conversation.messages import ErrorSeen, Event, Reply, UpCall
from grader.conversation.worker import Order, Worker
from grader.driver.call import Call
from grader.driver.looking import read_metrics
from grader.driver.tracing import Trace
from grader.history import CallSeen, Metrics, OpenPeriod
from grader.timeline import Timeline

# Far beyond every period of a scenario, so that it does not matter unless it is the point.
NO_CAP = 1e9
NO_TIMEOUT = 1e9
KEPT = "the kept error"
"""How a call ends that shall raise the error that was kept (see `grader.worker.upstream`)."""
DEFAULTS: dict[str, Any] = {
    "threshold": 3,
    "base": 10.0,
    "multiplier": 2.0,
    "cap": NO_CAP,
    "limit": 1,
    "successes": 1,
    "jitter": 0,
    "exponential": True,
    "call_timeout": NO_TIMEOUT,
    "window_time": NO_TIMEOUT,
}
_OF_EXCEPTIONS = frozenset({"ignored", "counted", "failure_predicate"})
_MOVES_TIME = ("advance", "poll", "step_wall")


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

    def build(self, constructor: Constructor, settings: dict[str, Any]) -> "Breaker":
        """Build a breaker with exactly these settings."""
        return self.build_expression(constructor.expression(settings), settings)

    def build_expression(self, expression: Any, settings: dict[str, Any]) -> "Breaker":
        """Build a breaker from an expression."""
        self._breakers += 1
        handle = f"b{self._breakers}"
        arguments: dict[str, Any] = {"breaker": handle, "expression": expression}
        surface = self.binding.surfaces[0] if self.binding.surfaces else None
        if surface is not None and surface.style == "decorate":
            arguments["decorate"] = {**surface.data(), "form": surface.form}
        reply = self.request("build", **arguments)
        if reply.error is not None:
            raise Refused(reply.error)
        return Breaker(self, handle, settings)

    def breaker_with_listener(self, **settings: Any) -> "Breaker":
        """Build a breaker with a listener; what it is told of goes to `heard`.

        Raises NotOffered where there is no way to give it one, Refused as `breaker` does.
        """
        hearing = self.binding.hearing
        if hearing is None:
            raise NotOffered("it takes no listener")
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
        """Give a call its number."""
        number = len(self._calls) + 1
        self._calls[number] = call
        return number


def settings_for(binding: Binding, settings: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of a breaker: the defaults, the binding's, then these."""
    wanted = {**DEFAULTS, **binding.settings, **settings}
    threshold = wanted.get("threshold")
    if "rate" in binding.parameters and "threshold" not in binding.parameters:
        for concept in ("minimum_calls", "window_size"):
            wanted.setdefault(concept, threshold)
        wanted.setdefault("rate", 1.0)
    # A round has to have room for as many probes as may run at once.
    counts = [wanted.get(c) for c in ("successes", "limit")]
    wanted.setdefault("permitted", max((c for c in counts if isinstance(c, int)), default=1))
    if "counted" in binding.parameters and binding.failure == "ServiceFailure":
        wanted.setdefault("counted", ["ServiceFailure"])
    return {k: v for k, v in wanted.items() if v is not _LEFT_OUT}


class _LeftOut:
    """A setting that shall not be passed at all."""


_LEFT_OUT: Any = _LeftOut()
LEFT_OUT = _LEFT_OUT


class Refused(Exception):  # noqa: N818  it tells what the constructor did
    """The candidate's constructor raised."""

    def __init__(self, error: ErrorSeen) -> None:
        super().__init__(str(error))
        self.error = error


class Breaker:
    """One breaker of the candidate."""

    def __init__(self, lab: Lab, handle: str, settings: dict[str, Any]) -> None:
        self.lab = lab
        self.handle = handle
        self.settings = settings
        lab.note(self)

    # --- calls ------------------------------------------------------------------------

    def call(
        self,
        *args: Any,
        planned: str | None = None,
        surface: Surface | None = None,
        form: str | None = None,
        keywords: dict[str, Any] | None = None,
        keep: bool = False,
    ) -> Call:
        """Start a call; without a plan its function stays parked until it is told how to end.

        `args` and `keywords` are for the protected function, `form` is one of its forms. What it
        raises can be raised again by a later call that is planned to end with `KEPT`: `keep`.
        """
        chosen = surface or self.surface()
        call = Call(self.lab, chosen, planned)
        self.lab.request(
            "call",
            breaker=self.handle,
            surface=chosen.data(),
            call=call.number,
            form=form or chosen.form,
            args=list(args),
            kwargs=keywords or {},
            keep=keep,
        )
        return call

    def succeed(self, **how: Any) -> CallSeen:
        """Make a call that succeeds; return what came of it."""
        return self.call(planned="return", **how).seen

    def fail(self, error: str | None = None, **how: Any) -> CallSeen:
        """Make a call that fails; return what came of it."""
        return self.call(planned=error or self.lab.binding.failure, **how).seen

    def fails(self, times: int) -> tuple[CallSeen, ...]:
        """Make several calls that fail, one after the other."""
        return tuple(self.fail() for _ in range(times))

    def burst(self, callers: int, surface: Surface | None = None) -> list[Call]:
        """Start several calls in one tick; their functions stay parked."""
        surface = surface or self.surface()
        calls = [Call(self.lab, surface, None) for _ in range(callers)]
        self.lab.request(
            "burst",
            breaker=self.handle,
            surface=surface.data(),
            calls=[call.number for call in calls],
            form=surface.form,
        )
        return calls

    def nest(self, surface: Surface) -> tuple[Call, Call]:
        """Make a call whose function makes another one through the same breaker; both return."""
        outer, inner = (Call(self.lab, surface, "return") for _ in range(2))
        self.lab.request(
            "nest",
            breaker=self.handle,
            surface=surface.data(),
            form=surface.form,
            call=outer.number,
            inner=inner.number,
        )
        return outer, inner

    def queue(self, callers: int) -> list[Call]:
        """Start several calls, each settled before the next; their functions stay parked."""
        return [self.call() for _ in range(callers)]

    def end_together(self, calls: list[Call], planned: str) -> None:
        """Let several parked functions end in one tick."""
        if calls:
            order = calls[0].order(planned, beside=calls[1:])
            self.lab.request("order", calls=[c.number for c in calls], order=order)

    def surface(self) -> Surface:
        """Return the surface that calls are made through by default."""
        if not self.lab.binding.surfaces:
            raise Blocked("de-breaker", "no way of making a call was found")
        return self.lab.binding.surfaces[0]

    # --- stories that many scenarios share --------------------------------------------

    @property
    def threshold(self) -> int:
        """How many failures trip it."""
        wanted: int = self.settings["threshold"]
        if self.lab.offers("threshold") or self.lab.offers("rate"):
            return wanted + (self.lab.binding.trips_at or 3) - 3
        return self.lab.binding.trips_at or wanted

    def forget(self) -> None:
        """Let what it remembers of earlier calls fall out of a window of time or of calls."""
        if "rate" not in self.lab.binding.parameters:
            return
        window = self.settings.get("window_time")
        if "window_time" in self.lab.binding.parameters and window is not None:
            self.wait(1.05 * float(window))

    def trip(self) -> tuple[CallSeen, ...]:
        """Let it fail until the next call would be rejected; raise Blocked if that never comes.

        Leaves the breaker open with no time passed since the tripping failure.
        """
        calls = self.fails(self.threshold)
        if any(call.rejected for call in calls) or not all(call.ended for call in calls):
            raise Blocked("th-exact", f"tripping did not go as measured: {calls[-1].tell()}")
        return calls

    def wait(self, seconds: float) -> None:
        """Let virtual time pass."""
        self.lab.wait(seconds)

    def open_period(
        self, *, planned: str | None = None, most: float = 2_000.0
    ) -> tuple[OpenPeriod, CallSeen]:
        """Measure how long it stays open from now, by calling again and again.

        The call that is admitted in the end ends as planned: `return`, or an error's name, by
        default a failure. `most` bounds the wait, in seconds.
        """
        planned = planned or self.lab.binding.failure
        surface = self.surface()
        call = Call(self.lab, surface, planned)
        base = float(self.settings.get("base") or 10.0)
        reply = self.lab.ask(
            "poll",
            breaker=self.handle,
            surface=surface.data(),
            form=surface.form,
            call=call.number,
            step=(base or 10.0) / 50,
            growth=0.02,
            most=most,
        )
        told = reply.value if isinstance(reply.value, dict) else {}
        low, high = told.get("low"), told.get("high")
        period = OpenPeriod(low=float(low or 0.0), high=None if high is None else float(high))
        return period, call.seen

    # --- looking ----------------------------------------------------------------------

    def state(self) -> str | None:
        """Return `closed`, `open` or `half_open`; None where it cannot be read."""
        accessor = self.lab.binding.state
        if accessor is None:
            return None
        if accessor.flags:
            return self.lab.looked(self.handle, self._flagged_state(accessor))
        reply = self.lab.request(
            "read", breaker=self.handle, target=accessor.target, path=accessor.path
        )
        if not isinstance(reply.value, dict):
            return None
        state = as_state(reply.value, self.lab.binding.state_words)
        return self.lab.looked(self.handle, state)

    def _flagged_state(self, accessor: Accessor) -> str | None:
        for state, name in accessor.flags.items():
            told = self.lab.request(
                "read", breaker=self.handle, target=accessor.target, path=[name]
            )
            if isinstance(told.value, dict) and told.value.get("") is True:
                return state
        return None

    def metrics(self) -> Metrics:
        """Read the metrics."""
        accessor = self.lab.binding.metrics
        if accessor is None:
            raise Blocked("me-exists", "no metrics were found")
        reply = self.lab.request(
            "read", breaker=self.handle, target=accessor.target, path=accessor.path
        )
        return read_metrics(reply, self.lab.binding)

    def holds(self) -> dict[str, Any]:
        """Return the plain values that it keeps, private ones too, by dotted path."""
        reply = self.lab.ask("holds", breaker=self.handle)
        return reply.value if isinstance(reply.value, dict) else {}

    def reset(self) -> str:
        """Reset it by hand; return the error that this raised, if any.

        Raises NotOffered where there is no way to.
        """
        return self._by_hand(self.lab.binding.reset, "there is no manual reset")

    def force_open(self) -> str:
        """Open it by hand; return the error that this raised, if any.

        Raises NotOffered where there is no way to.
        """
        return self._by_hand(self.lab.binding.force_open, "it cannot be opened by hand")

    def _by_hand(self, name: str, otherwise: str) -> str:
        if not name:
            raise NotOffered(otherwise)
        reply = self.lab.request("invoke", breaker=self.handle, name=name)
        return "" if reply.error is None else str(reply.error)
