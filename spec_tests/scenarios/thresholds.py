"""Situations about thresholds and configuration."""

import contextlib
from collections.abc import Callable

import msgspec

from grader.binding.model import Argument, Constructor, Expression
from grader.conversation.failures import NotOffered
from grader.driver.breaker import Breaker
from grader.driver.lab import Lab, Refused
from grader.driver.settings import LEFT_OUT
from grader.history import CallSeen, OpenPeriod
from grader.specification import scenario
from spec_tests.scenarios.stories import due, first_period

_MOST_FAILURES = 40


class TripCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many failures it took to trip."""

    configured: int | None
    """None where it was left at its default."""
    failures: int | None
    """None: it never rejected within 40 failures."""
    calls: tuple[CallSeen, ...]
    opened: int | None = None
    """After how many failures it first said that it is open."""


class TripCounts(msgspec.Struct, frozen=True, kw_only=True):
    """Trip counts at several settings."""

    configurable: bool
    unreadable: bool
    """The constructor takes settings by names that cannot be read from its signature."""
    by_rate: bool
    """It counts a rate: the threshold is the least number of calls."""
    counts: tuple[TripCount, ...]


@scenario
def trip_counts(lab: Lab) -> TripCounts:
    """Let all calls fail, at several thresholds, until one is rejected."""
    by_rate = lab.binding.by_rate
    configurable = "threshold" in lab.binding.parameters or (
        by_rate and bool({"minimum_calls", "window_size"} & set(lab.binding.parameters))
    )
    wanted = (2, 3) if configurable else (None,)
    counts = [_count(lab.breaker(threshold=LEFT_OUT if n is None else n), n) for n in wanted]
    if configurable:
        counts.append(_count_many(lab))
    return TripCounts(
        configurable=configurable,
        unreadable=lab.binding.constructor.open_ended,
        by_rate=by_rate,
        counts=tuple(counts),
    )


def _count_many(lab: Lab) -> TripCount:
    """Count at the highest threshold: twelve, or five where those may not fit in what it keeps."""
    if "threshold" in lab.binding.parameters and not (
        lab.binding.by_rate or lab.offers("window_size")
    ):
        with contextlib.suppress(Refused):
            return _count(lab.breaker(threshold=12), 12)
    return _count(lab.breaker(threshold=5), 5)


def _count(breaker: Breaker, configured: int | None) -> TripCount:
    calls: list[CallSeen] = []
    opened: int | None = None
    for _ in range(_MOST_FAILURES):
        if opened is None and breaker.state() == "open":
            opened = len(calls)
        calls.append(breaker.fail())
        if not calls[-1].admitted:
            break
    rejected = calls[-1].rejected
    return TripCount(
        configured=configured,
        failures=len(calls) - 1 if rejected else None,
        calls=tuple(calls),
        opened=opened,
    )


class Overlapping(msgspec.Struct, frozen=True, kw_only=True):
    """Calls that ran at once: one succeeded, then as many failed as the threshold."""

    threshold: int
    calls: tuple[CallSeen, ...]
    after: CallSeen


@scenario
def overlapping_failures(lab: Lab) -> Overlapping | None:
    """Let calls run at once, one more than the threshold: one succeeds, then the others fail.

    None where no threshold can be set, and where calls do not overlap.
    """
    if not lab.offers("threshold"):
        return None
    breaker = lab.breaker()
    success, *failures = calls = breaker.queue(breaker.threshold + 1)
    if not all(call.seen.running for call in calls):
        return None
    success.succeed()
    for call in failures:
        call.fail()
    return Overlapping(
        threshold=breaker.threshold,
        calls=tuple(call.seen for call in calls),
        after=breaker.succeed(),
    )


class Traffic(msgspec.Struct, frozen=True, kw_only=True):
    """Healthy traffic with isolated failures."""

    cycles: int
    successes_between: int
    patterns: tuple[str, ...]
    """Distinct cycles that were seen: E a failure that ran, R a success that ran, x kept out."""
    kept_out: int


@scenario
def occasional_failures(lab: Lab) -> Traffic:
    """One failure, then fifty successes, over and over, each cycle longer than a failure window."""
    successes, cycles = 50, 9
    breaker = _hardly_recovering(lab)
    orders = [{"raise": lab.binding.failure}, *([{"return": 1}] * successes)]
    surface = breaker.surface()
    reply = lab.ask(
        "repeat",
        breaker=breaker.handle,
        surface=surface.data,
        form=surface.form,
        call=0,
        times=cycles,
        orders=orders,
        periods=[70.0],
    )
    told = reply.value
    return Traffic(
        cycles=cycles,
        successes_between=successes,
        patterns=tuple(told["patterns"]),
        kept_out=told["kept_out"],
    )


def _hardly_recovering(lab: Lab) -> Breaker:
    """Return a breaker that would stay open for the whole traffic, as long as it may be set.

    A short period shows as well: the successes that follow a failure at once are kept out.
    """
    cap = lab.settings().get("cap")
    lengths = [1e6, *([float(cap)] if isinstance(cap, (int, float)) else []), 3_600.0, 600.0]
    for base in lengths:
        with contextlib.suppress(Refused):
            return lab.breaker(base=base, window_time=LEFT_OUT)
    return lab.breaker(window_time=LEFT_OUT)


class Periods(msgspec.Struct, frozen=True, kw_only=True):
    """The first open period at two settings."""

    configurable: bool
    ten: OpenPeriod
    """With a base of 10 s."""
    twenty: OpenPeriod
    """With a base of 20 s."""


@scenario
def two_bases(lab: Lab) -> Periods:
    """Measure the first open period with 10 s and with 20 s."""
    return Periods(
        configurable=lab.offers("base"),
        ten=first_period(lab, base=10.0),
        twenty=first_period(lab, base=20.0),
    )


class Zero(msgspec.Struct, frozen=True, kw_only=True):
    """What an explicit zero did, beside the default."""

    parameter: str
    refused: str
    """The error that construction raised; empty where it was accepted."""
    with_zero: float | None
    """Failures to trip, or seconds of the first open period; None: never within the limit."""
    default: float | None


@scenario
def zeros(lab: Lab) -> tuple[Zero, ...]:
    """Set the threshold and the open period to zero."""
    seen = []
    if lab.offers("threshold"):
        seen.append(_zero_threshold(lab))
    if lab.offers("base"):
        seen.append(_zero_period(lab))
    if not seen:
        raise NotOffered("neither the threshold nor the open period can be set")
    return tuple(seen)


def _zero_threshold(lab: Lab) -> Zero:
    try:
        default = _count(lab.breaker(threshold=LEFT_OUT), None).failures
    except Refused:
        default = None  # there is none
    name = lab.binding.parameters["threshold"]
    try:
        zero = lab.breaker(threshold=0)
    except Refused as refused:
        return Zero(parameter=name, refused=str(refused), with_zero=None, default=default)
    return Zero(parameter=name, refused="", with_zero=_count(zero, 0).failures, default=default)


def _zero_period(lab: Lab) -> Zero:
    name = lab.binding.parameters["base"]
    try:
        default = first_period(lab, base=LEFT_OUT).high
    except Refused:
        default = None  # there is none
    try:
        zero = lab.breaker(base=0.0)
    except Refused as refused:
        return Zero(parameter=name, refused=str(refused), with_zero=None, default=default)
    zero.fails(zero.threshold)
    zero.wait(0.001)
    if zero.fail().admitted:
        return Zero(parameter=name, refused="", with_zero=0.0, default=default)
    period, _ = zero.open_period()
    return Zero(parameter=name, refused="", with_zero=period.high, default=default)


class Wedge(msgspec.Struct, frozen=True, kw_only=True):
    """More successes asked for than probes admitted at once."""

    refused: str
    calls: tuple[CallSeen, ...]
    state: str | None
    later: tuple[CallSeen, ...]


@scenario
def wedge(lab: Lab) -> Wedge:
    """Three successes to close, one probe at a time: ten good calls over time."""
    if not lab.offers("successes") or not (lab.offers("limit") or lab.offers("permitted")):
        raise NotOffered("limit and success threshold cannot both be set")
    period = first_period(lab)
    try:
        breaker = lab.breaker(limit=1, permitted=1, successes=3)
    except Refused as refused:
        return Wedge(refused=str(refused), calls=(), state=None, later=())
    breaker.trip()
    calls = []
    for _ in range(10):
        breaker.wait(due(period))
        calls.append(breaker.succeed())
    state = breaker.state()
    later = tuple(breaker.succeed() for _ in range(4))
    return Wedge(refused="", calls=tuple(calls), state=state, later=later)


class SharedConfig(msgspec.Struct, frozen=True, kw_only=True):
    """A configuration object that two breakers share."""

    before: OpenPeriod
    """First open period of a breaker built first."""
    after: OpenPeriod
    """The same of another, built from the same object after the first one went through rounds."""
    trips_before: int
    trips_after: int | None


@scenario
def shared_config(lab: Lab) -> SharedConfig:
    """Use one configuration object for two breakers, the second after the first had its rounds."""
    built = lab.binding.constructor
    path = _configuration(built)
    if built.finish or not path:
        raise NotOffered("there is no configuration object")
    settings = lab.settings()
    expression = built.expression(settings)
    first = _with(expression, path, lambda inner: {**inner, "keep": "shared"})
    one = lab.build_expression(first, settings)
    one.trip()
    before, _ = one.open_period()
    for _ in range(3):
        one.open_period()
    again = _with(expression, path, lambda _inner: {"$kept": "shared"})
    two = lab.build_expression(again, settings)
    count = _count(two, settings.get("threshold"))
    after, _ = two.open_period()
    return SharedConfig(
        before=before, after=after, trips_before=one.threshold, trips_after=count.failures
    )


def _configuration(built: Constructor) -> tuple[Argument, ...]:
    """Return the arguments that lead to a configuration, which may be that of a circuit inside."""
    nested = [(a, a.nested) for a in built.arguments if a.nested is not None and not a.left_out]
    for argument, inner in nested:
        if inner.is_configuration:
            return (argument,)
    for argument, inner in nested:
        if path := _configuration(inner):
            return (argument, *path)
    return ()


def _with(
    expression: Expression,
    path: tuple[Argument, ...],
    change: Callable[[Expression], Expression],
) -> Expression:
    """Return a copy of the expression in which the argument at the end of a path was changed."""
    if not path:
        return change(expression)
    argument, *rest = path
    if "$keyed" in expression:  # of a breaker with many circuits, what builds it stands inside
        return {**expression, "$keyed": _with(expression["$keyed"], path, change)}
    args, kwargs = list(expression["args"]), dict(expression["kwargs"])
    if argument.positional:
        args[0] = _with(args[0], tuple(rest), change)
    else:
        kwargs[argument.name] = _with(kwargs[argument.name], tuple(rest), change)
    return {**expression, "args": args, "kwargs": kwargs}
