"""Explores in which order two threads can take their steps, one schedule after the other.

Under stress a lost update shows once in a hundred thousand calls or never. So one thread is
stopped before each step of its call that may be seen by others, the second makes its whole
call, or as much of it as locks allow, and the first goes on: every schedule with one switch,
which is all that a read before and a write after it need to go wrong. Only one thread runs at
any time, so each schedule is the same in every run.

What counts as right is not known here: the outcome of each schedule is compared with that of
the same calls made one after the other, and both are told.
"""

import _thread
import dis
import linecache
import sys
import types
from collections.abc import Callable
from typing import Any

from . import surfaces
from .clock import NANOSECONDS
from .expressions import Builder
from .scheduler import Scheduler, Turn, Waiter
from .upstream import error_class
from .wire import flatten, scalar, text

_LONGEST_LINE = 100
_THREADS = 2
# What may write to an object that another thread sees, or begins to hold a lock.
_WRITES = (
    *("CALL", "BEFORE_WITH", "STORE_ATTR", "STORE_SUBSCR", "STORE_SLICE", "STORE_GLOBAL"),
    *("STORE_DEREF", "DELETE_ATTR", "DELETE_SUBSCR"),
)
_STEPS = frozenset(number for name, number in dis.opmap.items() if name.startswith(_WRITES))

Outcome = dict[str, Any]


def _run_it(fetch: Callable[[], None]) -> None:
    """Be what is decorated, once for all calls."""
    fetch()


class _Round:
    """One breaker, and what two threads make of it."""

    def __init__(self, target: Any) -> None:
        self.wrapped = surfaces.Wrapped(target)
        self.log: list[str] = []
        self.ended = 0

    def most_inside(self) -> int:
        """Return how many calls were inside the protected function at once."""
        inside = most = 0
        for step in self.log:
            inside += 1 if step == "in" else -1
            most = max(most, inside)
        return most


class _Stop:
    """Stops a thread before one step of the candidate's code, counted from its start."""

    def __init__(self, scheduler: Scheduler, folder: str, at: int) -> None:
        self._scheduler = scheduler
        self._folder = folder
        self._left = at
        self.waiter: Waiter | None = None
        self.where = ""
        self._thread = 0

    def trace(self, frame: types.FrameType, event: str, _argument: Any) -> Any:
        """Be the trace function of the thread."""
        if not frame.f_code.co_filename.startswith(self._folder):
            return None
        frame.f_trace_opcodes = True
        if event == "opcode" and frame.f_code.co_code[frame.f_lasti] in _STEPS:
            self.step(frame)
        return self.trace

    def inside(self) -> None:
        """Be told that the protected function runs, which is a step as well.

        Not where it runs in another thread, such as that of a pool, beside the steps of this one.
        """
        if _thread.get_ident() == self._thread:
            self.step(sys._getframe(1))  # noqa: SLF001

    def begin(self) -> None:
        """Trace the calling thread."""
        self._thread = _thread.get_ident()
        sys.settrace(self.trace)

    def step(self, frame: types.FrameType) -> None:
        """Count a step; stop before the one that was asked for."""
        self._left -= 1
        if self._left >= 0 or self.waiter is not None:
            return
        sys.settrace(None)
        line = linecache.getline(frame.f_code.co_filename, frame.f_lineno).strip()
        name = frame.f_code.co_name
        self.where = f"line {frame.f_lineno}, in {name}: {text(line)[:_LONGEST_LINE]}"
        with self._scheduler.lock:
            self.waiter = self._scheduler.begin()
        self._scheduler.wait(self.waiter)


class _Stay:
    """Stops a thread inside its protected function."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self.waiter: Waiter | None = None

    def inside(self) -> None:
        """Be told that the protected function runs."""
        with self._scheduler.lock:
            self.waiter = self._scheduler.begin()
        self._scheduler.wait(self.waiter)


class Explorer:
    """Plays the same two calls in every order with one switch."""

    def __init__(
        self, scheduler: Scheduler, builder: Builder, folder: str, request: dict[str, Any]
    ) -> None:
        self._scheduler = scheduler
        self._builder = builder
        self._folder = folder
        self._request = request

    def explore(self) -> dict[str, Any]:
        """Return the outcome in sequence, the first that differs, and how far it was looked."""
        round_ = self._begin()
        self._run(round_)
        self._run(round_)
        told: dict[str, Any] = {"sequence": self._outcome(round_), "schedules": 0}
        turn = self._scheduler.turn = Turn()
        try:
            for at in range(self._request["most"]):
                stop, round_ = self._play(at, turn)
                if stop.waiter is None:
                    return {**told, "exhausted": True}
                told["schedules"] += 1
                if round_.ended < _THREADS:
                    return {**told, "stuck": stop.where}
                outcome = self._outcome(round_)
                if outcome != told["sequence"]:
                    return {**told, "differing": outcome, "switched": stop.where}
        finally:
            self._scheduler.turn = None
        return told

    def _play(self, at: int, turn: Turn) -> tuple[_Stop, _Round]:
        """Stop the first thread before a step, let the second run, then the first go on."""
        round_ = self._begin()
        stop = _Stop(self._scheduler, self._folder, at)

        def first() -> None:
            stop.begin()
            try:
                self._run(round_, stop)
            finally:
                sys.settrace(None)

        self._start(first, turn)
        if stop.waiter is not None:
            stay = _Stay(self._scheduler) if self._request["stay"] else None
            self._start(lambda: self._run(round_, stay), turn)
            self._go_on(stop.waiter)
            if stay is not None and stay.waiter is not None:
                self._go_on(stay.waiter)
        return stop, round_

    def _go_on(self, waiter: Waiter) -> None:
        with self._scheduler.lock:
            self._scheduler.wake(waiter)
        self._scheduler.wait_until_quiet()

    def _start(self, run: Callable[[], None], turn: Turn) -> None:
        def in_turn() -> None:
            turn.take()
            try:
                run()
            finally:
                turn.give()

        _thread.start_new_thread(in_turn, ())
        self._scheduler.wait_until_quiet()

    def _begin(self) -> _Round:
        round_ = _Round(self._builder.build(self._request["expression"]))
        if self._request["surface"]["style"] == "decorate":
            round_.wrapped.get(self._request["surface"], "sync", _run_it)
        for _ in range(self._request["before"]):
            self._call(round_, self._request["order_before"])
        if self._request["wait"]:
            with self._scheduler.lock:
                clock = self._scheduler.clock
                clock.move_to(clock.now + round(self._request["wait"] * NANOSECONDS))
        round_.log.clear()
        return round_

    def _run(self, round_: _Round, at: _Stop | _Stay | None = None) -> None:
        self._call(round_, self._request["order"], at)
        round_.ended += 1

    def _call(self, round_: _Round, planned: str, at: _Stop | _Stay | None = None) -> None:
        """Make one call; what comes of it is for the outcome to tell."""
        surface = self._request["surface"]
        error = None if planned == "return" else error_class(planned)("failure")

        def fetch(*_args: Any, **_kwargs: Any) -> None:
            round_.log.append("in")
            if at is not None:
                at.inside()
            round_.log.append("out")
            if error is not None:
                raise error

        try:
            if surface["style"] == "decorate":
                decorated = round_.wrapped.get(surface, "sync", _run_it)
                surfaces.call_sync(round_.wrapped, surface, decorated, (fetch,), {})
            else:
                surfaces.call_sync(round_.wrapped, surface, fetch, (), {})
        except (Exception, surfaces.Refused):  # noqa: S110, BLE001  failures are no news
            pass

    def _outcome(self, round_: _Round) -> Outcome:
        outcome: Outcome = {}
        for name in self._request["outcome"]:
            if name == "inside":
                outcome[name] = round_.most_inside()
            elif name == "rejects":
                before = len(round_.log)
                self._call(round_, "return")
                outcome[name] = len(round_.log) == before
            elif name in self._request["counts"]:
                outcome[name] = self._count(round_, self._request["counts"][name])
        return outcome

    def _count(self, round_: _Round, path: str) -> Any:
        value: Any = round_.wrapped.target
        for name in self._request["metrics"]:
            value, _ = surfaces.asked(value, name, round_.wrapped.target)
        return scalar(flatten(value, round_.wrapped.target).get(path))
