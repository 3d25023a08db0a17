"""Situations about listeners: what they are told, and what they may do meanwhile."""

from collections.abc import Iterator

import msgspec

from grader.binding.model import Surface
from grader.driver.breaker import Breaker
from grader.driver.call import Call
from grader.driver.lab import Lab
from grader.history import CallSeen
from grader.specification import scenario
from spec_tests.scenarios.stories import close, due, first_period


class Raising(msgspec.Struct, frozen=True, kw_only=True):
    """A breaker whose listener raises, from before the trip until after the recovery."""

    tripping_without: CallSeen
    """The call that trips a breaker whose listener does not raise."""
    tripping: CallSeen
    """The same with the listener that raises."""
    after_trip: CallSeen
    probes: tuple[CallSeen, ...]
    """Good calls once the open period is over."""
    state: str | None
    """The state after them."""


@scenario
def listener_that_raises(lab: Lab) -> Raising:
    """Let a listener raise whatever it is told, over a trip and a recovery."""
    period = first_period(lab)
    quiet = lab.breaker_with_listener()
    without = [quiet.fail() for _ in range(quiet.threshold)]
    lab.listeners(raises=True)
    breaker = lab.breaker_with_listener()
    tripping = [breaker.fail() for _ in range(breaker.threshold)]
    after_trip = breaker.succeed()
    breaker.wait(due(period))
    return Raising(
        tripping_without=without[-1],
        tripping=tripping[-1],
        after_trip=after_trip,
        probes=close(breaker),
        state=breaker.state(),
    )


class Looking(msgspec.Struct, frozen=True, kw_only=True):
    """A trip at which the listener does something with the breaker that tells it."""

    doing: str
    """`reads the state and the metrics`, `makes a call`, or what it awaits."""
    tripping: CallSeen
    inner: CallSeen | None = None
    """The call that the listener made."""


@scenario
def listener_that_looks(lab: Lab) -> tuple[Looking, ...]:
    """Let a listener read state and metrics at a trip, and make a call at another."""
    if lab.binding.hearing is None:
        return ()
    # A thread that waits for itself can be seen; the loop's own thread takes all with it.
    surface = lab.binding.surface("sync") or lab.binding.surfaces[0]
    looking = [_reads(lab, surface)]
    if surface.mode == "sync" and surface.style != "decorate":
        looking.append(_calls(lab, surface))
    waiting = lab.binding.surface("async")
    if waiting is not None and lab.binding.hearing.shape != "object":
        looking += _awaiting(lab, waiting)
    return tuple(looking)


def _reads(lab: Lab, surface: Surface) -> Looking:
    breaker = _one_before_the_trip(lab, surface)
    accessors = (lab.binding.state, lab.binding.metrics)
    paths = [[*a.path] for a in accessors if a is not None and not a.target and not a.flags]
    lab.listeners(breaker=breaker.handle, read=paths)
    return Looking(doing="reads the state and the metrics", tripping=breaker.fail(surface=surface))


def _calls(lab: Lab, surface: Surface) -> Looking:
    breaker = _one_before_the_trip(lab, surface)
    inner = Call(lab, surface, "return")
    lab.listeners(
        breaker=breaker.handle, inner=inner.number, surface=surface.data, form=surface.form
    )
    tripping = breaker.fail(surface=surface)
    return Looking(doing="makes a call", tripping=tripping, inner=inner.seen)


def _awaiting(lab: Lab, surface: Surface) -> Iterator[Looking]:
    """Await the metrics, then a call, where listeners may be coroutine functions."""
    metrics = lab.binding.metrics
    if metrics is not None and not metrics.target:
        breaker = _one_before_the_trip(lab, surface, shape="coroutine")
        lab.listeners(breaker=breaker.handle, read=[[*metrics.path]], awaited=True)
        tripping = breaker.fail(surface=surface)
        if lab.heard:
            yield Looking(doing="awaits the metrics", tripping=tripping)
    if surface.style != "decorate":
        breaker = _one_before_the_trip(lab, surface, shape="coroutine")
        inner = Call(lab, surface, "return")
        lab.listeners(
            breaker=breaker.handle, inner=inner.number, surface=surface.data, form=surface.form
        )
        tripping = breaker.fail(surface=surface)
        if lab.heard:
            yield Looking(doing="awaits a call", tripping=tripping, inner=inner.seen)


def _one_before_the_trip(lab: Lab, surface: Surface, shape: str = "") -> Breaker:
    breaker = lab.breaker_with_listener(shape)
    lab.heard.clear()
    for _ in range(breaker.threshold - 1):
        breaker.fail(surface=surface)
    return breaker
