"""Recovery and exponential backoff: how long it stays open, and how that grows."""

import itertools
from collections.abc import Iterator

from grader.driver.settings import NO_CAP
from grader.history import OpenPeriod
from grader.specification import (
    MUST,
    SHOULD,
    blocked_unless,
    not_offered_unless,
    recorded,
    requirement,
)
from spec_tests.scenarios.backoff import (
    CAP,
    LIFETIME,
    Constant,
    Curve,
    FirstPeriods,
    HalfRecovered,
    LongRun,
    ManyRounds,
    Reset,
    Round,
)
from spec_tests.scenarios.jitter import Jitter, JitteredPeriods
from spec_tests.scenarios.states import FailedProbe, Trip

TOLERANCE = 0.05


def near(period: OpenPeriod, seconds: float) -> bool:
    """Whether a measured period may be this long."""
    return period.within((1 - TOLERANCE) * seconds, (1 + TOLERANCE) * seconds)


def _cap(curve: Curve) -> float | None:
    """Return the cap: what is configured, or else the period that it ends up repeating."""
    if curve.cap_configured:
        return curve.cap
    if len(curve.periods) < 2:
        return None
    last, before = curve.periods[-1].figure, curve.periods[-2]
    return last if last is not None and near(before, last) else None


def ratios(curve: Curve) -> Iterator[tuple[float, float]]:
    """Yield (lowest, highest) possible ratio of each period to the one before."""
    top = _cap(curve)
    previous = 0.0
    for place, (a, b) in enumerate(itertools.pairwise(curve.periods), start=2):
        if a.high is None or b.high is None or a.low == 0:
            return
        if top is not None and b.high >= (1 - TOLERANCE) * top:
            return
        lowest, highest = b.low / a.high, b.high / a.low
        if not curve.cap_configured and place == len(curve.periods) and highest < previous:
            return  # it may have come to a cap that no parameter sets, and nothing follows
        previous = lowest
        yield lowest, highest


def needs_reopening(failed_probes: tuple[FailedProbe, ...]) -> None:
    """Block where a failed probe does not open it again: there is no second open period."""
    for seen in failed_probes:
        blocked_unless(
            seen.next.rejected,
            "st-probe-failure-reopens",
            f"after a failed probe the next call {seen.next.tell()}",
        )


def needs_growth(growth: tuple[Curve, ...]) -> None:
    """Block where nothing grows: there is nothing to cap or to reset."""
    blocked_unless(
        all(curve.grew for curve in growth), "bo-grows", f"open periods {growth[0].tell()}"
    )


def needs_cap(capped: Curve) -> None:
    """Block where a configured cap is exceeded."""
    blocked_unless(
        not capped.cap_configured
        or all(p.low <= (1 + TOLERANCE) * capped.cap for p in capped.periods),
        "bo-cap",
        f"under a cap of {capped.cap:g} s, open periods {capped.tell()}",
    )


@requirement("bo-first", MUST, source="ARR, R4J, AKKA")
def test_the_first_open_period_follows_from_the_base_alone(growth: tuple[Curve, ...]) -> None:
    """The first open period is the configured base, or the base times the multiplier at worst."""
    curve = growth[0]
    not_offered_unless(curve.base_configured, "the open period cannot be set")
    first, base, multiplied = curve.periods[0], curve.base, curve.base * curve.multiplier
    assert near(first, base) or near(first, multiplied), (
        f"configured {base:g} s, with a threshold of {curve.threshold} the first open period is"
        f" {first.tell()}"
    )


@requirement("bo-first-exact", SHOULD, source="ARR, R4J, AKKA")
def test_the_first_open_period_is_the_base(growth: tuple[Curve, ...]) -> None:
    """The first open period is the base itself: one multiplication more is off by one."""
    not_offered_unless(growth[0].base_configured, "the open period cannot be set")
    for curve in growth:
        assert near(curve.periods[0], curve.base), (
            f"configured {curve.base:g} s, the first open period is {curve.periods[0].tell()}"
        )


def grows_up_to_the_cap(curve: Curve) -> None:
    """Assert that no period is shorter than the one before, and that only the cap ends growth.

    A cap far above the base may be out of reach where the number of steps is limited.
    """
    if curve.drawn:
        return
    for a, b in itertools.pairwise(curve.periods):
        assert b.high is None or b.high >= (1 - TOLERANCE) * a.low, (
            f"{under(curve)}open periods {curve.tell()}: shorter again"
        )
    if not curve.cap_configured or curve.cap > CAP or len(curve.periods) < 2:
        return
    before, last = curve.periods[-2:]
    stopped = last.high is not None and near(before, last.figure or 0)
    assert not stopped or (last.high or 0) >= 0.9 * curve.cap, (
        f"{under(curve)}open periods {curve.tell()}: it stops growing before the cap"
    )


def under(curve: Curve) -> str:
    """Return the configured cap in words, where it is one that periods come near to."""
    reached = curve.cap_configured and curve.cap < NO_CAP
    return f"under a cap of {curve.cap:g} s, " if reached else ""


@requirement("bo-grows", MUST, source="the question, AKKA, ARR")
def test_each_failed_probe_makes_the_next_period_longer(
    growth: tuple[Curve, ...],
    capped: Curve,
    half_recovered: HalfRecovered | None,
    failed_probes: tuple[FailedProbe, ...],
) -> None:
    """Each failed probe makes the next open period longer up to the cap, also after a success."""
    needs_reopening(failed_probes[:1])
    for curve in growth:
        # The second step of the steeper one may end at a cap that is built in.
        looked_at = 3 if curve is growth[0] or curve.cap_configured else 2
        for a, b in itertools.pairwise(curve.periods[:looked_at]):
            assert a.high is not None, f"it stayed open for {a.tell()}"
            assert b.high is None or b.low > 1.02 * a.high, (
                f"with a threshold of {curve.threshold}, open periods {curve.tell()}: no growth"
            )
    for curve in (*growth, capped):
        grows_up_to_the_cap(curve)
    seen = half_recovered
    if seen is None or not (seen.succeeded.succeeded and seen.failed.admitted):
        return
    if seen.next.rejected and seen.after.high is not None:
        assert seen.after.low > 0.95 * (seen.before.high or seen.before.low), (
            f"two successes asked for; after an open period of {seen.before.tell()} a probe"
            f" succeeded and the next one failed, and then it was open for {seen.after.tell()}"
        )


@requirement("bo-geometric", MUST, source="MON")
def test_periods_grow_by_a_constant_factor(
    growth: tuple[Curve, ...], failed_probes: tuple[FailedProbe, ...]
) -> None:
    """Each open period is a constant multiple of the one before: not linear, not compounding."""
    needs_reopening(failed_probes[:1])
    for curve in growth:
        needs_growth((curve,))
        bounds = list(ratios(curve))
        # Of the steeper one a single step may be all there is below a cap that is built in.
        least = 2 if curve is growth[0] else 1
        blocked_unless(len(bounds) >= least, "bo-grows", f"open periods {curve.tell()}")
        low = max(b[0] for b in bounds) * (1 - TOLERANCE)
        high = min(b[1] for b in bounds) * (1 + TOLERANCE)
        assert low <= high, (
            f"with a threshold of {curve.threshold}, open periods {curve.tell()}: no constant"
            " factor"
        )
        if curve.multiplier_configured:
            assert low <= curve.multiplier <= high, (
                f"configured to grow by {curve.multiplier:g}, open periods {curve.tell()}"
            )


@requirement("bo-cap", MUST, source="ARR, R4J, ENV")
def test_no_open_period_exceeds_the_cap(
    capped: Curve, growth: tuple[Curve, ...], failed_probes: tuple[FailedProbe, ...]
) -> None:
    """The open period never exceeds the configured cap."""
    not_offered_unless(capped.cap_configured, "no cap can be configured")
    needs_reopening(failed_probes[:1])
    needs_growth(growth[:1])
    for period in capped.periods:
        assert period.high is not None, f"it stayed open for {period.tell()}"
        assert period.low <= (1 + TOLERANCE) * capped.cap, (
            f"under a cap of {capped.cap:g} s, open periods {capped.tell()}"
        )


@requirement("bo-reset", MUST, source="MON, ARR, AKKA, R4J, POL")
def test_after_a_close_the_period_is_the_first_one_again(
    back_to_the_first: Reset,
    growth: tuple[Curve, ...],
    failed_probes: tuple[FailedProbe, ...],
) -> None:
    """After it has closed, the open period is the first one again."""
    needs_reopening(failed_probes[:1])
    needs_growth(growth)
    seen = back_to_the_first
    blocked_unless(
        seen.closed[0].succeeded, "st-recovers-by-itself", f"the probe {seen.closed[0].tell()}"
    )
    first = seen.first.figure or 0
    assert near(seen.again, first), (
        f"the first open period was {seen.first.tell()}; after three failed probes and a recovery"
        f" it is {seen.again.tell()}"
    )


@requirement("bo-once-per-round", MUST, source="denoland/std#7097, POL#223")
def test_failures_together_grow_the_period_once(
    failures_together: Round,
    growth: tuple[Curve, ...],
    failed_probes: tuple[FailedProbe, ...],
) -> None:
    """Probes that fail in one half-open round make the open period grow once, not once each."""
    needs_reopening(failed_probes[:1])
    needs_growth(growth)
    seen = failures_together
    not_offered_unless(seen.probes > 1, "only one probe can be in flight")
    blocked_unless(seen.after_one.figure, "bo-grows", "one failed probe did not lead to a period")
    assert near(seen.after_several, seen.after_one.figure or 0), (
        f"one failed probe makes it {seen.after_one.tell()}, {seen.probes} in one round make it"
        f" {seen.after_several.tell()}"
    )


@requirement("bo-independent-of-count", MUST, source="seen in the wild")
def test_the_first_period_does_not_depend_on_the_threshold(
    trip: Trip, periods_by_threshold: FirstPeriods
) -> None:
    """The first open period does not depend on the threshold or on the number of failures."""
    blocked_unless(trip.rejects, "st-open-rejects", "it never rejects a call")
    seen = periods_by_threshold
    middles = [period.figure or 0.0 for period in seen.periods]
    told = ", ".join(
        f"{p.tell()} with {n}" for n, p in zip(seen.thresholds, seen.periods, strict=True)
    )
    assert max(middles) <= 1.1 * min(middles), f"first open period by failure threshold: {told}"


@requirement("bo-jitter-once", MUST, source="seen in the wild")
def test_jitter_is_drawn_once_for_each_period(trip: Trip, jittered: Jitter) -> None:
    """Jitter is drawn once for each open period, not at each look: asking often does not end it."""
    blocked_unless(trip.rejects, "st-open-rejects", "it never rejects a call")
    assert not jittered.changed_their_mind, (
        f"{jittered.asked_at:.3g} s after the trip, {jittered.changed_their_mind} of"
        f" {jittered.breakers} breakers rejected a call and then admitted one at the same instant"
    )


@requirement("bo-overflow", MUST, source="POL, interlock")
def test_very_many_reopenings_do_no_harm(
    many_rounds: ManyRounds,
    capped: Curve,
    growth: tuple[Curve, ...],
    failed_probes: tuple[FailedProbe, ...],
) -> None:
    """However often it reopens, there is no overflow and it does not get stuck."""
    needs_reopening(failed_probes)
    needs_growth(growth[:1])
    needs_cap(capped)
    seen = many_rounds
    # The first one runs, whatever is made of its error, and keeps the second one out.
    strange = [pattern for pattern in seen.patterns if pattern[0] == "x" or pattern[1] != "x"]
    assert not strange, (
        f"in {seen.rounds} rounds of a failing probe and one more call, there were rounds in which"
        f" {' or '.join(in_words(pattern) for pattern in strange)}; errors:"
        f" {', '.join(sorted(seen.errors))}"
    )


def in_words(pattern: str) -> str:
    """Return what became of the probe and of the call after it."""
    words = {"E": "ran and failed", "R": "ran and succeeded", "x": "was kept out"}
    probe, after = (words[mark] for mark in pattern)
    return f"the probe {probe} and the next call {after}"


@requirement("bo-cap-offered", SHOULD, source="ARR, R4J, MON")
def test_there_is_a_cap(
    long_run: LongRun, growth: tuple[Curve, ...], failed_probes: tuple[FailedProbe, ...]
) -> None:
    """The growth of the open period can be capped, or stops at a fixed length by itself."""
    needs_reopening(failed_probes[:1])
    needs_growth(growth[:1])
    if long_run.parameter:
        return
    assert not long_run.outgrown, (
        f"no parameter caps the open period, and within {long_run.rounds} failed probes it grows"
        f" past {LIFETIME:.4g} s"
    )
    at_once, probe = long_run.at_once, long_run.probe
    blocked_unless(
        at_once is not None and at_once.rejected,
        "st-probe-failure-reopens",
        f"after {long_run.rounds} failed probes it is not open",
    )
    assert probe is not None and probe.admitted, (  # noqa: PT018
        f"no parameter caps the open period, and {long_run.waited:.4g} s after"
        f" {long_run.rounds} failed probes a call {probe.tell() if probe else 'was not made'}"
    )
    recorded("the cap is built in")


LONGEST = 3.0
"""No style of jitter makes a first period longer than this many: AWS draws up to three bases."""


@requirement("bo-jitter-bounds", SHOULD, source="AWS, R4J, AKKA, ENV")
def test_jitter_keeps_the_period_within_bounds(
    jitter_bounds: JitteredPeriods,
    capped: Curve,
    failed_probes: tuple[FailedProbe, ...],
) -> None:
    """Whatever jitter draws, the open period stays near its length and never exceeds the cap."""
    needs_reopening(failed_probes[:1])
    seen = jitter_bounds
    needs_cap(capped)
    ends = (seen.shortest, seen.longest)
    low, high = sorted(ends, key=lambda period: period.low)
    drawn = f"the first open period is drawn between {low.tell()} and {high.tell()}"
    assert all(period.high is not None for period in ends), drawn
    if seen.base is not None:
        most = LONGEST * max(seen.base, capped.periods[0].figure or 0.0)
        assert high.low <= (1 + TOLERANCE) * most, (
            f"configured {seen.base:g} s with a jitter of {seen.jitter}, {drawn}"
        )
    # What the number means differs, but it makes a difference where what it does is that large.
    pairs = [(a.figure or 0.0, b) for a, b in zip(ends, seen.slight, strict=False)]
    wide = high.low - (low.high or 0.0) > 0.3 * high.low
    assert not (wide and pairs and all(near(b, a) for a, b in pairs)), (
        f"{drawn} with a jitter of {seen.jitter}, and just so with a fifth of that"
    )
    assert not any("x" in pattern for pattern in seen.after_the_cap), (
        f"under a cap of {seen.cap:g} s, in {seen.rounds} rounds with jitter, calls at 1.05 caps"
        " after a failed probe were kept out"
    )
    recorded(drawn)


@requirement("bo-constant-ok", SHOULD, source="interlock, ENV")
def test_a_multiplier_of_one_keeps_the_period_constant(
    constant: Constant, growth: tuple[Curve, ...], failed_probes: tuple[FailedProbe, ...]
) -> None:
    """With a multiplier of one the open period stays the same, or that setting is refused."""
    if constant.refused:
        recorded(f"a multiplier of one is refused: {constant.refused}")
    needs_reopening(failed_probes[:1])
    needs_growth(growth[:1])
    first = constant.periods[0]
    assert first.figure is not None, f"with a multiplier of 1, open periods {constant.tell()}"
    assert all(near(period, first.figure) for period in constant.periods), (
        f"with a multiplier of 1, open periods {constant.tell()}"
    )
