"""Situations about coroutines that are easily lost, and about one event loop after another."""

import msgspec

from grader.binding.model import Surface
from grader.conversation.failures import Blocked, NotOffered
from grader.conversation.messages import LoopRun, LoopRuns, Unawaited
from grader.driver.lab import Lab
from grader.history import CallSeen
from grader.specification import scenario
from spec_tests.scenarios.asynchronous import Form
from spec_tests.scenarios.stories import due, first_period

HIDDEN = {"lambda": "a lambda that returns a coroutine", "object": "an object with async __call__"}


@scenario
def hidden_coroutines(lab: Lab) -> tuple[Form, ...]:
    """Call what is no coroutine function and returns a coroutine: succeed, then fail until N."""
    surface = lab.binding.surface(mode="async", style="call")
    if surface is None and lab.binding.surface(mode="async") is None:
        raise Blocked("as-awaited", "there is no asynchronous way of making a call")
    if surface is None or surface.coroutine:
        raise NotOffered("no asynchronous call takes a function")
    return tuple(_form(lab, surface, form) for form in HIDDEN)


def _form(lab: Lab, surface: Surface, form: str) -> Form:
    success = lab.breaker().succeed(surface=surface, form=form)
    breaker = lab.breaker()
    failures: list[CallSeen] = []
    for _ in range(breaker.threshold):
        failures.append(breaker.fail(surface=surface, form=form))
        if not failures[-1].ended:
            break
    after = breaker.succeed(surface=surface, form=form)
    return Form(form=form, success=success, failures=tuple(failures), after=after)


class Loops(msgspec.Struct, frozen=True, kw_only=True):
    """One breaker in one event loop after another."""

    callers: int
    """How many called at once, while closed and when the open period was over."""
    runs: tuple[LoopRun, ...]
    afterwards: str = ""
    """Calls of another breaker that opened in an event loop which ended, its open period over."""


@scenario
def several_loops(lab: Lab) -> Loops:
    """Use a breaker in three event loops, one after the other, with callers at once in each."""
    surface = lab.binding.surface(mode="async")
    if surface is None:
        raise Blocked("as-awaited", "there is no asynchronous way of making a call")
    callers = 3
    reply = lab.ask(
        "several_loops",
        expression=lab.binding.constructor.expression(lab.settings()),
        surface=surface.data,
        failure=lab.binding.failure,
        runs=3,
        callers=callers,
        period=due(first_period(lab)),
    )
    told = reply.value_as(LoopRuns)
    return Loops(callers=callers, runs=told.runs, afterwards=told.afterwards)


class LeftBehind(msgspec.Struct, frozen=True, kw_only=True):
    """What rejected calls left behind."""

    way: str
    found: Unawaited


@scenario
def rejected_coroutines(lab: Lab) -> tuple[LeftBehind, ...]:
    """Reject calls of coroutine functions, in every asynchronous way there is.

    The last call comes when the open period is over, and may well be admitted.
    """
    surfaces = [s for s in lab.binding.surfaces if s.mode == "async"]
    if not surfaces:
        raise Blocked("as-awaited", "there is no asynchronous way of making a call")
    period = due(first_period(lab))
    breaker = lab.breaker()
    seen = []
    for surface in {s.style: s for s in reversed(surfaces)}.values():
        reply = lab.ask(
            "unawaited",
            breaker=breaker.handle,
            surface=surface.data,
            failure=lab.binding.failure,
            waits=(0.0, 0.0, period),
        )
        seen.append(LeftBehind(way=str(surface), found=reply.value_as(Unawaited)))
    return tuple(seen)
