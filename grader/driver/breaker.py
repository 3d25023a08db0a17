"""The handle of one breaker of the candidate: calls through it, and what it shows."""

from typing import TYPE_CHECKING, Any

from grader.binding.model import Accessor, Surface
from grader.binding.state import as_state
from grader.conversation.failures import Blocked, NotOffered
from grader.driver.call import Call
from grader.driver.looking import read_metrics
from grader.history import CallSeen, Metrics, OpenPeriod

if TYPE_CHECKING:
    from grader.driver.lab import Lab

KEPT = "the kept error"
"""How a call ends that shall raise the error that was kept (see `grader.worker.upstream`)."""
MOST_FAILURES = 25
"""A breaker that takes more before it rejects is taken for one that never does."""


class Breaker:
    """One breaker of the candidate."""

    def __init__(self, lab: "Lab", handle: str, settings: dict[str, Any]) -> None:
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
        reply = self.lab.request(
            "call",
            breaker=self.handle,
            surface=chosen.data,
            call=call.number,
            form=form or chosen.form,
            args=list(args),
            kwargs=keywords or {},
            keep=keep,
        )
        if reply.error is not None:
            call.was_not_made(reply.error)
        return call

    def succeed(self, **how: Any) -> CallSeen:
        """Make a call that succeeds; return what came of it."""
        return self.call(planned="return", **how).seen

    def fail(self, error: str | None = None, **how: Any) -> CallSeen:
        """Make a call that fails; return what came of it."""
        return self.call(planned=error or self.lab.binding.failure, **how).seen

    def fails(self, times: int, surface: Surface | None = None) -> tuple[CallSeen, ...]:
        """Make several calls that fail, one after the other."""
        return tuple(self.fail(surface=surface) for _ in range(times))

    def burst(self, callers: int, surface: Surface | None = None) -> list[Call]:
        """Start several calls in one tick; their functions stay parked."""
        surface = surface or self.surface()
        calls = [Call(self.lab, surface, None) for _ in range(callers)]
        self.lab.request(
            "burst",
            breaker=self.handle,
            surface=surface.data,
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
            surface=surface.data,
            form=surface.form,
            call=outer.number,
            inner=inner.number,
        )
        return outer, inner

    def queue(self, callers: int, surface: Surface | None = None) -> list[Call]:
        """Start several calls, each settled before the next; their functions stay parked."""
        return [self.call(surface=surface) for _ in range(callers)]

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
        binding = self.lab.binding
        wanted: int = self.settings.get("threshold", 3)  # left out where it was refused
        if not binding.ignores_threshold and (self.lab.offers("threshold") or binding.by_rate):
            return wanted + (binding.trips_at or 3) - 3
        return binding.trips_at or wanted

    def forget(self) -> None:
        """Let what it remembers of earlier calls fall out of a window of time or of calls."""
        if "rate" not in self.lab.binding.parameters:
            return
        window = self.settings.get("window_time")
        if "window_time" in self.lab.binding.parameters and window is not None:
            self.wait(1.05 * float(window))

    def trip(self, surface: Surface | None = None) -> tuple[CallSeen, ...]:
        """Let it fail until the next call would be rejected; raise Blocked if that never comes.

        Leaves the breaker open with no time passed since the tripping failure.
        """
        by_rate = self.lab.binding.by_rate
        calls = self._fails_until_open(surface) if by_rate else self.fails(self.threshold, surface)
        if any(call.rejected for call in calls) or not all(call.ended for call in calls):
            raise Blocked("th-exact", f"tripping did not go as measured: {calls[-1].tell()}")
        return calls

    def _fails_until_open(self, surface: Surface | None) -> tuple[CallSeen, ...]:
        """Let it fail as often as a share of earlier calls takes, where it says when it is open."""
        calls = [self.fail(surface=surface)]
        while self.state() == "closed" and calls[-1].failed and len(calls) < MOST_FAILURES:
            calls.append(self.fail(surface=surface))
        told = self.state() is not None
        return (*calls, *(() if told else self.fails(self.threshold - 1, surface)))

    def wait(self, seconds: float) -> None:
        """Let virtual time pass."""
        self.lab.wait(seconds)

    def open_period(
        self,
        *,
        planned: str | None = None,
        most: float = 2_000.0,
        surface: Surface | None = None,
    ) -> tuple[OpenPeriod, CallSeen]:
        """Measure how long it stays open from now, by calling again and again.

        The call that is admitted in the end ends as planned: `return`, or an error's name, by
        default a failure. `most` bounds the wait, in seconds.
        """
        planned = planned or self.lab.binding.failure
        surface = surface or self.surface()
        call = Call(self.lab, surface, planned)
        base = float(self.settings.get("base") or 10.0)
        reply = self.lab.ask(
            "poll",
            breaker=self.handle,
            surface=surface.data,
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
            "read", breaker=self.handle, target=accessor.target, path=accessor.path, named=True
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
        target, _, method = name.rpartition(".")
        reply = self.lab.request("invoke", breaker=self.handle, target=target, name=method)
        return "" if reply.error is None else str(reply.error)
