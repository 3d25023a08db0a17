"""Situations about robustness: clocks that jump, memory, names of arguments, generators."""

import msgspec

from grader.binding.model import Surface
from grader.conversation.failures import Blocked, NotOffered
from grader.driver.breaker import Breaker
from grader.driver.lab import Lab
from grader.history import CallSeen, OpenPeriod
from grader.specification import scenario
from spec_tests.scenarios.metrics import grows
from spec_tests.scenarios.stories import due, early, first_period


class WallStep(msgspec.Struct, frozen=True, kw_only=True):
    """An open period during which the wall clock was set, while time went on as ever."""

    seconds: float
    """By how much the wall clock was set, right after the trip; 0: not at all."""
    period: OpenPeriod
    early_at: float
    early: CallSeen
    """A call before the period was over."""
    due_at: float
    due: CallSeen
    """A call after it."""


_HOUR = 3_600.0


@scenario
def wall_clock_steps(lab: Lab) -> tuple[WallStep, ...]:
    """Trip it and let the wall clock be; trip it and set that back by an hour, and forward."""
    period = first_period(lab)
    return tuple(_with_step(lab, period, seconds) for seconds in (0.0, -_HOUR, _HOUR))


def _with_step(lab: Lab, period: OpenPeriod, seconds: float) -> WallStep:
    breaker = lab.breaker()
    breaker.trip()
    lab.request("step_wall", seconds=seconds)
    breaker.wait(early(period))
    too_early = breaker.succeed()
    breaker.wait(due(period) - early(period))
    on_time = breaker.succeed()
    lab.request("step_wall", seconds=-seconds)
    return WallStep(
        seconds=seconds,
        period=period,
        early_at=early(period),
        early=too_early,
        due_at=due(period),
        due=on_time,
    )


@scenario
def ten_rejections(lab: Lab) -> tuple[CallSeen, ...]:
    """Trip it, then let ten callers be rejected, one after the other."""
    breaker = lab.breaker()
    breaker.trip()
    return tuple(breaker.succeed() for _ in range(10))


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What a breaker keeps alive of rejections and of a failed call."""

    rejections: tuple[int, ...]
    objects: tuple[int, ...]
    """How many objects it kept alive after so many rejections."""
    failed_call_ran: bool
    payload_alive: bool
    """A local variable of a failed protected call was alive after the call."""


@scenario
def what_is_kept(lab: Lab) -> Kept:
    """Let a call fail whose function holds something, then reject thousands of callers."""
    breaker = lab.breaker()
    surface = breaker.surface()
    told = lab.ask(
        "failed_call",
        breaker=breaker.handle,
        surface=surface.data,
        failure=lab.binding.failure,
    ).value
    breaker = lab.breaker()
    breaker.trip()
    numbers, objects = [], []
    done = 0
    for total in (300, 600, 1_500, 2_000, 20_000, 25_000):  # in pairs, while it still grows
        _reject_many(breaker, total - done)
        done = total
        numbers.append(total)
        objects.append(_objects(breaker))
        if len(objects) % 2 == 0 and not grows(*objects[-2:]):
            break
    return Kept(
        rejections=tuple(numbers),
        objects=tuple(objects),
        failed_call_ran=bool(told["ran"]),
        payload_alive=bool(told["alive"]),
    )


_PORTION = 500


def _reject_many(breaker: Breaker, times: int) -> None:
    surface = breaker.surface()
    for _ in range(0, times, _PORTION):
        reply = breaker.lab.ask(
            "repeat",
            breaker=breaker.handle,
            surface=surface.data,
            form=surface.form,
            call=0,
            times=min(times, _PORTION) // 10,
            orders=[{"return": 1}] * 10,
            periods=[0],
        )
        if reply.value["ran"]:
            raise Blocked("st-open-rejects", "calls run while it is open")


def _objects(breaker: Breaker) -> int:
    accessor = breaker.lab.binding.state or breaker.lab.binding.metrics
    target = accessor.target if accessor is not None else ""
    reply = breaker.lab.ask("size", breaker=breaker.handle, target=target)
    return int(reply.value["objects"])


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """A call whose function takes a keyword argument of a certain name."""

    keyword: str
    call: CallSeen


KEYWORDS = ("verb", "func", "name", "timeout", "self")
"""The first is a name that no breaker has a use for itself."""


@scenario
def keyword_names(lab: Lab) -> tuple[Named, ...]:
    """Pass keyword arguments whose names breakers use themselves."""
    surface = _passes_arguments(lab)
    return tuple(
        Named(keyword=name, call=lab.breaker().succeed(surface=surface, keywords={name: 7}))
        for name in KEYWORDS
    )


def _passes_arguments(lab: Lab) -> Surface:
    for surface in lab.binding.surfaces:
        if surface.style in {"call", "decorate"} and not (surface.closed or surface.coroutine):
            return surface
    raise NotOffered("no way of making a call passes arguments on")


class Generators(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of generator functions, in words."""

    plain: str
    asynchronous: str


@scenario
def generator_functions(lab: Lab) -> Generators:
    """Protect a generator function and an asynchronous one, with a decorator if there is one."""
    surface = (
        lab.binding.surface(mode="sync", style="decorate")
        or lab.binding.surface(style="decorate")
        or lab.binding.surface(mode="sync", style="call")
        or _passes_arguments(lab)
    )
    breaker = lab.breaker()
    told = lab.ask("generators", breaker=breaker.handle, surface=surface.data).value
    return Generators(plain=str(told["plain"]), asynchronous=str(told["asynchronous"]))
