"""Thresholds and configuration: when it trips, and whether settings are honoured."""

import pytest

from grader.binding.vocabulary import normal
from grader.history import tell_all
from grader.specification import (
    ATTESTED,
    MUST,
    SHOULD,
    blocked_unless,
    not_offered_unless,
    requirement,
    unknown_unless,
)
from spec_tests.scenarios.bad_settings import BASE, CAP, CASES, ENDLESS, BadSetting
from spec_tests.scenarios.states import Trip
from spec_tests.scenarios.thresholds import (
    Overlapping,
    Periods,
    SharedConfig,
    Traffic,
    TripCounts,
    Wedge,
    Zero,
)


@requirement("th-exact", MUST, source="all")
def test_it_opens_on_exactly_the_configured_failure(
    trip_counts: TripCounts, overlapping_failures: Overlapping | None
) -> None:
    """It opens on exactly the N-th failure of a run of failures, whenever those calls began."""
    for count in trip_counts.counts:
        blocked_unless(
            count.opened is None or count.failures is not None,
            "st-open-rejects",
            "it says that it is open, and does not reject",
        )
        assert count.failures is not None, (
            f"{len(count.calls)} failures in a row and nothing was rejected:"
            f" {tell_all(count.calls)}"
        )
        if count.configured is not None:
            opened = count.failures if count.opened is None else count.opened
            assert opened == count.configured, (
                f"configured to open on failure {count.configured}, it opened on failure {opened}"
            )
    seen = overlapping_failures
    assert seen is None or not all(call.failed for call in seen.calls[1:]) or seen.after.rejected, (
        f"of {seen.threshold + 1} calls at once the first succeeded and then {seen.threshold}"
        f" failed, and with that threshold the next call {seen.after.tell()}"
    )


@requirement("th-trip-immediate", MUST, source="all")
def test_the_call_after_the_tripping_failure_is_rejected(trip_counts: TripCounts) -> None:
    """The very next call after the tripping failure is rejected, not one later."""
    for count in trip_counts.counts:
        blocked_unless(count.failures is not None, "th-exact", "it never tripped")
        last = count.calls[-1]
        assert last.rejected, f"the call after the tripping failure {last.tell()}"
        if count.opened is not None:
            assert len(count.calls) == count.opened + 1, (
                f"it says that it is open after failure {count.opened}, and first rejected call"
                f" {len(count.calls)}"
            )
        assert count.configured is None or len(count.calls) <= count.configured + 1, (
            f"configured to open on failure {count.configured}, it first rejected call"
            f" {len(count.calls)}"
        )


@requirement("th-occasional-failures", MUST, source="AKKA, ARR, POL#131")
def test_isolated_failures_in_healthy_traffic_do_not_trip_it(occasional_failures: Traffic) -> None:
    """Healthy traffic with isolated failures does not open it."""
    seen = occasional_failures
    assert not seen.kept_out, (
        f"{seen.cycles} times one failure and {seen.successes_between} successes, 70 s each:"
        f" {seen.kept_out} calls were kept out"
    )


@requirement("th-configurable", MUST, source="the question")
def test_threshold_and_open_period_can_be_set(trip_counts: TripCounts, two_bases: Periods) -> None:
    """The failure threshold and the open period can be set for each breaker."""
    unknown_unless(
        trip_counts.configurable or not trip_counts.unreadable,
        "the constructor takes settings whose names its signature does not tell",
    )
    assert trip_counts.configurable, "no parameter sets the failure threshold"
    assert two_bases.configurable, "no parameter sets the open period"
    failures = {count.configured: count.failures for count in trip_counts.counts}
    blocked_unless(None not in failures.values(), "th-exact", "it never tripped")
    assert len(set(failures.values())) > 1, f"thresholds and failures to trip: {failures}"
    ten, twenty = two_bases.ten, two_bases.twenty
    assert (twenty.figure or 0) > 1.3 * (ten.figure or 0), (
        f"the first open period is {ten.tell()} with 10 s and {twenty.tell()} with 20 s"
    )


@requirement("th-falsy-honoured", MUST, source="fabfuel, aiobreaker")
def test_an_explicit_zero_is_honoured_or_refused(zeros: tuple[Zero, ...]) -> None:
    """An explicit zero is honoured or refused, and does not silently become the default."""
    for zero in zeros:
        if zero.refused:
            continue
        default = zero.default
        same = (
            zero.with_zero is not None
            and default is not None
            and default > 1
            and abs(zero.with_zero - default) <= 0.05 * default
        )
        assert not same, (
            f"{zero.parameter}=0 behaves as the default does: {zero.with_zero:g} against"
            f" {default:g}"
        )


@requirement("th-no-wedge-config", MUST, source="opossum#276")
def test_asking_for_more_successes_than_probes_does_not_wedge_it(trip: Trip, wedge: Wedge) -> None:
    """A success threshold above the probe limit is refused, or the breaker closes all the same."""
    blocked_unless(trip.rejects, "st-open-rejects", "it never rejects a call")
    if wedge.refused:
        return
    assert wedge.state in (None, "closed"), (
        f"limit 1, three successes to close, ten good calls over time: it is {wedge.state};"
        f" {tell_all(wedge.calls)}"
    )
    assert all(call.succeeded for call in wedge.later), (
        f"limit 1, three successes to close, after ten good calls over time:"
        f" {tell_all(wedge.later)}"
    )


@requirement("th-config-not-mutated", MUST, source="seen in the wild")
def test_the_callers_configuration_is_not_written_to(shared_config: SharedConfig) -> None:
    """The breaker does not write into the configuration object that it was given."""
    seen = shared_config
    blocked_unless(seen.before.high is not None, "st-recovers-by-itself", "it stayed open")
    not_offered_unless(seen.before.figure, "the open period is zero")
    assert seen.trips_after == seen.trips_before, (
        f"a second breaker with the same configuration trips at {seen.trips_after} failures"
        f" instead of {seen.trips_before}"
    )
    low, high = 0.95 * seen.before.low, 1.05 * (seen.before.high or 0)
    assert seen.after.within(low, high), (
        f"a second breaker with the same configuration is open for {seen.after.tell()},"
        f" the first one was for {seen.before.tell()}"
    )


def needs_judging(seen: BadSetting, *, clamped: bool) -> bool:
    """Whether a setting was accepted as it stands: neither refused nor brought into range."""
    not_offered_unless(seen.parameter, "no parameter could take it")
    behaves = seen.probes == 1 or (
        len(seen.periods) > 1 and seen.periods[1].low >= 0.9 * seen.periods[0].low
    )
    brought = seen.replaced and not seen.by_default
    return not (seen.refused or brought or clamped or behaves)


@requirement("th-validation", SHOULD, source="R4J, FS, ARR, POL", known=ATTESTED)
@pytest.mark.parametrize("case", CASES)
def test_a_setting_that_makes_no_sense_is_refused(
    case: str, bad_settings: dict[str, BadSetting], clamps: tuple[str, ...]
) -> None:
    """Counts below one, a negative period, a shrinking one and what is no number are refused."""
    seen = bad_settings[case]
    number = isinstance(CASES[case][1], (int, float))
    if not needs_judging(seen, clamped=number and normal(seen.parameter) in clamps):
        return
    told = f"{seen.parameter}={seen.value} was accepted"
    assert not seen.by_default, f"{told}, and silently became the default"
    if CASES[case][0] == "cap":
        unknown_unless(seen.periods, f"{told}, and it did not trip")
        period = seen.periods[0]
        assert period.low <= 1.05 * CAP, (
            f"{told} with an open period of {BASE:g} s, and it was open for {period.tell()}"
        )
        return
    if seen.probes is not None:
        assert seen.probes == 1, f"{told}, and of three callers in half-open {seen.probes} ran"
    unknown_unless(seen.kept, f"{told}; whether it is brought into range cannot be seen")
    raise AssertionError(told)


@requirement("th-nan", SHOULD, source="the definition of a number", known=ATTESTED)
@pytest.mark.parametrize("case", ENDLESS)
def test_what_is_no_finite_number_is_refused(
    case: str, endless_settings: dict[str, BadSetting]
) -> None:
    """NaN and infinity are refused for the open period and for the multiplier."""
    seen = endless_settings[case]
    if needs_judging(seen, clamped=False):
        told = f"{seen.parameter}={seen.value} was accepted"
        unknown_unless(seen.kept, f"{told}; whether it is brought into range cannot be seen")
        raise AssertionError(told)
