"""Situations about the open period and how it grows."""

import contextlib
import itertools

import msgspec

from grader.conversation.failures import NotOffered
from grader.driver.breaker import Breaker
from grader.driver.lab import Lab, Refused
from grader.driver.settings import NO_CAP
from grader.history import CallSeen, OpenPeriod
from grader.specification import scenario
from spec_tests.scenarios.stories import close, first_period, tripped_and_due

BASE, MULTIPLIER, CAP = 10.0, 2.0, 60.0
OTHER_BASE, OTHER_MULTIPLIER = 9.9, 3.0
"""Just below what a breaker that looks at the time once a second or every ten can see."""
FRACTIONAL = ("number", "timedelta", "milliseconds")
"""Kinds of parameters that take a part of a second; of others it may be cut off."""
ROUNDS = 12
_PORTION = 100
LIFETIME = 5e9
"""Seconds, 158 years: a period that is not over then is never over."""


class Curve(msgspec.Struct, frozen=True, kw_only=True):
    """Open periods, each after one more failed probe."""

    threshold: int
    base: float
    multiplier: float
    cap: float
    base_configured: bool
    multiplier_configured: bool
    cap_configured: bool
    periods: tuple[OpenPeriod, ...]
    drawn: bool = False
    """Chance has a part in them that cannot be configured away."""

    def tell(self) -> str:
        """Return the periods in words."""
        return ", ".join(period.tell() for period in self.periods)

    @property
    def grew(self) -> bool:
        """Whether any period is clearly longer than the one before it."""
        pairs = zip(self.periods, self.periods[1:], strict=False)
        return any(b.high is None or b.low > 1.1 * (a.high or a.low) for a, b in pairs)


def _curve(
    lab: Lab,
    threshold: int,
    cap: float,
    rounds: int,
    numbers: tuple[float, float] = (BASE, MULTIPLIER),
) -> Curve:
    base, multiplier = numbers
    breaker = lab.breaker(threshold=threshold, base=base, multiplier=multiplier, cap=cap)
    breaker.trip()
    periods: list[OpenPeriod] = []
    for _ in range(rounds):
        period, probe = breaker.open_period()
        periods.append(period)
        if period.high is None or not probe.ended:
            break
    return Curve(
        threshold=threshold,
        base=base,
        multiplier=multiplier,
        cap=cap,
        base_configured=lab.offers("base"),
        multiplier_configured=lab.offers("multiplier"),
        cap_configured=lab.offers("cap"),
        periods=tuple(periods),
        drawn=lab.binding.jittery,
    )


@scenario
def growth(lab: Lab) -> tuple[Curve, ...]:
    """Let five probes fail one after the other, with the cap out of the way, at two thresholds.

    At the second one with another base and multiplier, where those can be told from the first.
    """
    cap = float(lab.settings()["cap"]) if "cap" in lab.settings() else NO_CAP
    return _curve(lab, 3, cap, 5), _other_curve(lab, cap)


def _other_curve(lab: Lab, cap: float) -> Curve:
    # With built-in jitter the period need not be in proportion to the base, nor to the multiplier.
    if not lab.binding.jittery:
        base = OTHER_BASE if lab.kind("base") in FRACTIONAL else BASE
        with contextlib.suppress(Refused):
            return _curve(lab, 1, cap, 5, (base, OTHER_MULTIPLIER))
    return _curve(lab, 1, cap, 5)


@scenario
def capped(lab: Lab) -> Curve:
    """Let twelve probes fail one after the other under a cap of 60 s, or the lowest it takes."""
    return _curve(lab, 3, _lowest_cap(lab), ROUNDS)


def _lowest_cap(lab: Lab) -> float:
    """Return a cap that it can be built with: some insist on room to grow."""
    for cap in (CAP, 4 * CAP):
        try:
            lab.breaker(cap=cap)
        except Refused:
            continue
        return cap
    return 16 * CAP


class Reset(msgspec.Struct, frozen=True, kw_only=True):
    """The open period before and after a recovery."""

    first: OpenPeriod
    grown: tuple[OpenPeriod, ...]
    closed: tuple[CallSeen, ...]
    again: OpenPeriod
    """The first open period after it had closed."""


@scenario
def back_to_the_first(lab: Lab) -> Reset:
    """Let three probes fail, let it close, trip it again and measure."""
    breaker = lab.breaker()
    breaker.trip()
    first, _ = breaker.open_period()
    grown = [breaker.open_period()[0] for _ in range(2)]
    _, probe = breaker.open_period(planned="return")
    closed = (probe, *(close(breaker) if breaker.state() not in (None, "closed") else ()))
    breaker.succeed()
    breaker.forget()
    breaker.trip()
    again, _ = breaker.open_period()
    return Reset(first=first, grown=tuple(grown), closed=closed, again=again)


class HalfRecovered(msgspec.Struct, frozen=True, kw_only=True):
    """A round in which a probe succeeded and the next one failed, where two had to succeed."""

    before: OpenPeriod
    """The open period before it, the third in a row."""
    succeeded: CallSeen
    failed: CallSeen
    next: CallSeen
    """The call after it: admitted where it was closed or half-open still."""
    after: OpenPeriod


@scenario
def half_recovered(lab: Lab) -> HalfRecovered | None:
    """Let two probes fail; in the next round, let one succeed and one fail; measure."""
    if not lab.offers("successes"):
        return None
    try:
        breaker = lab.breaker(successes=2, limit=2)
    except Refused:
        breaker = lab.breaker(successes=2)
    breaker.trip()
    for _ in range(2):
        breaker.open_period()
    before, succeeded = breaker.open_period(planned="return")
    failed, following = breaker.fail(), breaker.succeed()
    after, _ = breaker.open_period()
    return HalfRecovered(
        before=before, succeeded=succeeded, failed=failed, next=following, after=after
    )


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """A half-open round in which several probes failed together."""

    probes: int
    first: OpenPeriod
    after_one: OpenPeriod
    """The period that follows one failed probe, on another breaker."""
    after_several: OpenPeriod


@scenario
def failures_together(lab: Lab) -> Round:
    """Let three probes of one round fail in one tick."""
    single = lab.breaker()  # one probe at a time, so that the one decides
    single.trip()
    first, _ = single.open_period()
    after_one, _ = single.open_period()
    breaker = tripped_and_due(lab, first, limit=3)
    calls = breaker.burst(3)
    running = [call for call in calls if call.seen.running]
    breaker.end_together(running, lab.binding.failure)
    after_several, _ = breaker.open_period()
    return Round(probes=len(running), first=first, after_one=after_one, after_several=after_several)


class FirstPeriods(msgspec.Struct, frozen=True, kw_only=True):
    """First open periods at several thresholds."""

    thresholds: tuple[int, ...]
    periods: tuple[OpenPeriod, ...]


@scenario
def periods_by_threshold(lab: Lab) -> FirstPeriods:
    """Measure the first open period at thresholds of 1, 3 and 5."""
    if not (lab.offers("threshold") or lab.offers("minimum_calls")):
        raise NotOffered("the threshold cannot be set")
    thresholds = (1, 3, 5)
    periods = tuple(first_period(lab, threshold=n) for n in thresholds)
    return FirstPeriods(thresholds=thresholds, periods=periods)


class ManyRounds(msgspec.Struct, frozen=True, kw_only=True):
    """Very many half-open rounds that all fail."""

    rounds: int
    capped: bool
    patterns: tuple[str, ...]
    """Distinct rounds that were seen: E the probe ran and failed, x a call was kept out."""
    errors: dict[str, int]


@scenario
def many_rounds(lab: Lab) -> ManyRounds:
    """Let the probes of very many rounds fail, each followed by one more call."""
    is_capped = lab.offers("cap")
    rounds = 1_100 if is_capped else 25
    cap = _lowest_cap(lab)
    breaker = lab.breaker(cap=cap)
    breaker.trip()
    surface = breaker.surface()
    failing = {"raise": lab.binding.failure}
    patterns: dict[str, None] = {}
    errors: dict[str, int] = {}
    # In portions, so that no single request takes long even on a machine under load.
    for portion in range(0, rounds, _PORTION):
        told = lab.ask(
            "repeat",
            breaker=breaker.handle,
            surface=surface.data,
            form=surface.form,
            call=0,
            times=min(_PORTION, rounds - portion),
            orders=[failing, failing],
            periods=[1.05 * cap if is_capped else LIFETIME],
        ).value
        patterns.update(dict.fromkeys(told["patterns"]))
        for name, times in told.items():
            if name.startswith("!"):
                errors[name[1:]] = errors.get(name[1:], 0) + times
    return ManyRounds(rounds=rounds, capped=is_capped, patterns=tuple(patterns), errors=errors)


class LongRun(msgspec.Struct, frozen=True, kw_only=True):
    """The open period after very many failed probes, where no parameter caps it."""

    parameter: str
    """What sets the cap; then nothing else was looked at."""
    rounds: int = 0
    outgrown: bool = False
    """Some period was longer than `LIFETIME`: nothing was waited for then."""
    waited: float = 0.0
    """Seconds: a small part of what the period would be without any cap."""
    at_once: CallSeen | None = None
    """The call right after the last failed probe."""
    probe: CallSeen | None = None
    """The call after that time."""


@scenario
def long_run(lab: Lab) -> LongRun:
    """Where no parameter sets a cap, let 25 probes fail and wait less than uncapped growth."""
    if lab.offers("cap"):
        return LongRun(parameter=lab.binding.parameters["cap"])
    rounds = 25
    breaker = lab.breaker()
    breaker.trip()
    periods = [breaker.open_period()[0].high or 0.0 for _ in range(4)]
    growth = max(b / a if a else 1.0 for a, b in itertools.pairwise(periods))
    patterns = rounds_of(breaker, rounds - len(periods), LIFETIME)
    if "x" in patterns:
        return LongRun(parameter="", rounds=rounds, outgrown=True)
    waited = max(periods[-1] * growth ** (rounds - len(periods)) / 10, 2 * periods[-1])
    at_once = breaker.fail()
    breaker.wait(waited)
    return LongRun(
        parameter="", rounds=rounds, waited=waited, at_once=at_once, probe=breaker.fail()
    )


def rounds_of(breaker: Breaker, times: int, period: float) -> tuple[str, ...]:
    """Let probes fail, one after each period; return the distinct outcomes (see `ManyRounds`)."""
    surface = breaker.surface()
    told = breaker.lab.ask(
        "repeat",
        breaker=breaker.handle,
        surface=surface.data,
        form=surface.form,
        call=0,
        times=times,
        orders=[{"raise": breaker.lab.binding.failure}],
        periods=[period],
    ).value
    return tuple(told["patterns"])


class Constant(msgspec.Struct, frozen=True, kw_only=True):
    """Open periods with a multiplier of one."""

    refused: str
    """The error that construction raised; empty where it was accepted."""
    periods: tuple[OpenPeriod, ...] = ()

    def tell(self) -> str:
        """Return the periods in words."""
        return ", ".join(period.tell() for period in self.periods)


@scenario
def constant(lab: Lab) -> Constant:
    """Let three probes fail with a multiplier of one."""
    if not lab.offers("multiplier"):
        raise NotOffered("the multiplier cannot be set")
    try:
        breaker = lab.breaker(multiplier=1.0, base=BASE)
    except Refused as refused:
        return Constant(refused=str(refused))
    breaker.trip()
    return Constant(refused="", periods=tuple(breaker.open_period()[0] for _ in range(3)))
