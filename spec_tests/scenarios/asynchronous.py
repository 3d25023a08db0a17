"""Situations about asyncio: what is awaited, what overlaps, what is cancelled."""

import functools
from collections.abc import Callable

import msgspec

from grader.binding.model import Surface
from grader.conversation.failures import Blocked, NotOffered
from grader.driver.breaker import Breaker
from grader.driver.lab import Lab
from grader.driver.looking import look_at
from grader.history import Burst, CallSeen
from grader.specification import scenario
from spec_tests.scenarios.stories import first_period, tripped_and_due

FORMS = ("partial", "method")


def _asynchronous(lab: Lab) -> Surface:
    surface = lab.binding.surface(mode="async")
    if surface is None:
        raise Blocked("as-awaited", "there is no asynchronous way of making a call")
    return surface


class Awaited(msgspec.Struct, frozen=True, kw_only=True):
    """Coroutine functions through the breaker."""

    offered: bool
    success: CallSeen | None = None
    failures: tuple[CallSeen, ...] = ()
    state: str | None = None
    """What it says of itself after them."""
    after: CallSeen | None = None


@scenario
def coroutine_functions(lab: Lab) -> Awaited:
    """Let a coroutine function succeed, then fail until it trips."""
    surface = lab.binding.surface(mode="async")
    if surface is None:
        return Awaited(offered=False)
    breaker = lab.breaker()
    success = breaker.succeed(surface=surface)
    breaker = lab.breaker()
    failures = tuple(breaker.fail(surface=surface) for _ in range(breaker.threshold))
    return Awaited(
        offered=True,
        success=success,
        failures=failures,
        state=breaker.state(),
        after=breaker.succeed(surface=surface),
    )


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """One form of asynchronous callable through the breaker."""

    form: str
    success: CallSeen
    failures: tuple[CallSeen, ...]
    after: CallSeen


@scenario
def callable_forms(lab: Lab) -> tuple[Form, ...]:
    """Let a partial and a bound method succeed, then fail until it trips."""
    surface = _asynchronous(lab)
    seen = []
    for form in FORMS:
        success = lab.breaker().succeed(surface=surface, form=form)
        breaker = lab.breaker()
        failures = tuple(breaker.fail(surface=surface, form=form) for _ in range(breaker.threshold))
        after = breaker.succeed(surface=surface, form=form)
        seen.append(Form(form=form, success=success, failures=failures, after=after))
    return tuple(seen)


@scenario
def callers_while_closed(lab: Lab) -> Burst:
    """Five callers at once through a closed breaker."""
    _asynchronous(lab)
    return look_at(lab.breaker().queue(5), None)


class Blocking(msgspec.Struct, frozen=True, kw_only=True):
    """Blocking calls that were entered on the loop's thread."""

    seen: tuple[str, ...]


@scenario
def life_on_the_loop(lab: Lab) -> Blocking:
    """Live through trip, rejection, probes and recovery, and watch the loop's thread."""
    _asynchronous(lab)
    period = first_period(lab)
    breaker = tripped_and_due(lab, period)
    calls = breaker.queue(3)
    for call in calls:
        if call.seen.running:
            call.succeed()
    breaker.succeed()
    _overlap(breaker)
    return Blocking(seen=tuple(sorted(set(lab.blocking))))


def _overlap(breaker: Breaker) -> None:
    calls = breaker.burst(3)
    for call in calls:
        if call.seen.running:
            call.succeed()


@scenario
def cancelled_call(lab: Lab) -> CallSeen:
    """Cancel a call while its function runs."""
    return lab.breaker().call(surface=_asynchronous(lab)).cancel().seen


class Outside(msgspec.Struct, frozen=True, kw_only=True):
    """A breaker that was built where no loop runs."""

    refused: str
    call: CallSeen | None


@scenario
def built_outside_a_loop(lab: Lab) -> Outside:
    """Build a breaker in a thread without a loop, then use it in one."""
    settings = lab.settings()
    reply, breaker = lab.build_outside(lab.binding.constructor.expression(settings), settings)
    if reply.error is not None:
        return Outside(refused=str(reply.error), call=None)
    return Outside(refused="", call=breaker.succeed(surface=_asynchronous(lab)))


class Decorated(msgspec.Struct, frozen=True, kw_only=True):
    """What decorating made of a function."""

    kind: str
    """`async` or `sync`."""
    ran: int
    """How often decorating ran the function."""
    coroutine_function: bool
    name: str
    doc: str
    unwraps: bool
    call: CallSeen
    """A call of it with the arguments and keywords below."""
    arguments: tuple[str | int, ...] = ()
    keywords: dict[str, str | int] = {}


ARGUMENTS: tuple[str | int, ...] = ("page",)
KEYWORDS: dict[str, str | int] = {"per_page": 7, "flag": "yes"}


@scenario
def decorated_functions(lab: Lab) -> tuple[Decorated, ...]:
    """Decorate an asynchronous function, and a plain one where that is offered; call them."""
    seen = []
    for mode in ("async", "sync"):
        if lab.binding.constructor.around:
            continue  # an object that is built around a function does not pass for one
        ways = (s for s in lab.binding.surfaces if (s.mode, s.style) == (mode, "decorate"))
        surface = next((s for s in ways if not s.through), None)  # nor does one with such a method
        build: Callable[[], Breaker] = lab.breaker
        if surface is None and lab.binding.decorator and mode in lab.binding.decorator_modes:
            surface = Surface(style="decorate", mode=mode)
            build = functools.partial(lab.build, lab.binding.decorator, lab.settings())
        if surface is None:
            continue
        breaker = build()
        told = lab.ask("decorated", breaker=breaker.handle, surface=surface.data, form=mode).value
        call = build().call(*ARGUMENTS, planned="return", surface=surface, keywords=KEYWORDS)
        seen.append(
            Decorated(
                kind=mode,
                ran=told["ran"],
                coroutine_function=told["coroutine_function"],
                name=str(told["name"]),
                doc=str(told["doc"]),
                unwraps=told["unwraps"],
                call=call.seen,
                arguments=ARGUMENTS,
                keywords=KEYWORDS,
            )
        )
    if not seen:
        raise NotOffered("there is no decorator")
    return tuple(seen)


class BesideCalls(msgspec.Struct, frozen=True, kw_only=True):
    """A breaker that has a context manager and can be given a function to call."""

    called: CallSeen
    """A call after the failures that were to trip it, made by such calls."""
    entered: CallSeen
    """The context manager after these."""
    called_after_contexts: CallSeen
    """A call of a breaker that was tripped, or was to be, inside its context manager."""


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """A context manager around protected calls."""

    failures: tuple[CallSeen, ...]
    on_entry_while_open: CallSeen
    overlapping: tuple[CallSeen, ...]
    """Two calls that overlapped while closed: one failed, one succeeded."""
    together: int
    after_overlap: tuple[CallSeen, ...]
    """One failure less than the threshold, after the success of the overlap, and one call more."""
    after_sequence: CallSeen
    """On another breaker, the same without an overlap: the call after them."""
    beside_calls: BesideCalls | None = None
    """None where the breaker takes no function to call."""


@scenario
def context_managers(lab: Lab) -> Context:
    """Use it as a context manager: trip it, enter while open, overlap two tasks."""
    surface = lab.binding.surface(mode="async", style="context")
    if surface is None:
        surface = lab.binding.surface(mode="sync", style="context")
    if surface is None:
        raise NotOffered("there is no context manager")
    breaker = lab.breaker()
    failures = tuple(breaker.fail(surface=surface) for _ in range(breaker.threshold))
    entry = breaker.succeed(surface=surface)
    beside = _beside_calls(lab, breaker, surface)
    other = lab.breaker()
    one, two = other.call(surface=surface), other.call(surface=surface)
    together = one.seen.running + two.seen.running
    for call, planned in ((one, lab.binding.failure), (two, "return")):
        if call.seen.running:
            call.end(planned)
    fewer = tuple(other.fail(surface=surface) for _ in range(other.threshold - 1))
    third = lab.breaker()
    third.fail(surface=surface)
    third.succeed(surface=surface)
    for _ in range(third.threshold - 1):
        third.fail(surface=surface)
    return Context(
        failures=failures,
        on_entry_while_open=entry,
        overlapping=(one.seen, two.seen),
        together=together,
        after_overlap=(*fewer, other.succeed(surface=surface)),
        after_sequence=third.succeed(surface=surface),
        beside_calls=beside,
    )


def _beside_calls(lab: Lab, tripped: Breaker, context: Surface) -> BesideCalls | None:
    """Make a call where contexts have failed, then enter one where calls have."""
    calling = lab.binding.surface(mode=context.mode, style="call")
    if calling is None:
        return None
    breaker = lab.breaker()
    breaker.fails(breaker.threshold, calling)
    return BesideCalls(
        called=breaker.succeed(surface=calling),
        entered=breaker.succeed(surface=context),
        called_after_contexts=tripped.succeed(surface=calling),
    )
