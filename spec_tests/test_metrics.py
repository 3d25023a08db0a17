"""Metrics: that they exist, and that they are right."""

import itertools

from grader.history import Metrics, tell_all
from grader.specification import (
    ATTESTED,
    MUST,
    SHOULD,
    blocked_unless,
    not_offered_unless,
    recorded,
    requirement,
)
from spec_tests.scenarios.metrics import (
    AfterRejections,
    Entry,
    Ledger,
    MetricsWalk,
    Outcome,
    Sizes,
    grows,
)
from spec_tests.scenarios.metrics_details import Latency, Moments, Snapshot
from spec_tests.scenarios.states import Trip

COUNTS = ("successes", "failures", "rejections", "transitions")


def missing(said: Metrics) -> list[str]:
    """Return the names of the counts that are not there."""
    return [name for name in COUNTS if getattr(said, name) is None]


def truth(entry: Entry) -> str:
    """Return the true accounts in words."""
    return f"{entry.succeeded} succeeded, {entry.failed} failed, {entry.rejected} were rejected"


@requirement("me-exists", MUST, source="the question, AZ, FOW", known=ATTESTED)
def test_a_program_can_read_the_counts(ledger: Ledger) -> None:
    """A program can read the counts of successes, failures, rejections and transitions."""
    said = ledger.last.said
    assert not said.broken, f"reading the metrics raised {said.broken}"
    assert not missing(said), f"no count of {', '.join(missing(said))} ({said.tell()})"
    assert ledger.state_readable or said.state is not None, "the current state cannot be read"


@requirement("me-exact", MUST, source="the definition", known=ATTESTED)
def test_the_counts_are_exact(ledger: Ledger) -> None:
    """After a scripted run the counts are exactly what happened, in all or since a new state."""
    said = ledger.last.said
    outcomes = ("successes", "failures", "rejections")
    absent = [name for name in outcomes if getattr(said, name) is None]
    blocked_unless(not absent, "me-exists", f"no count of {', '.join(absent)}")
    wrong = first_wrong(ledger)
    assert wrong is None, f"{wrong.moment} {truth(wrong)}; the metrics say {wrong.said.tell()}"
    if ledger.excluded is not None:
        moved = _moved(ledger.excluded, "rejections")
        assert moved == 0, f"a call whose error is excluded moved the rejections by {moved:g}"


def first_wrong(ledger: Ledger) -> Entry | None:
    """Return the first entry whose counts are not what happened, or None.

    Accounts may begin anew whenever the state changes, and their total may hold rejections.
    """
    wrong = [_first_wrong(ledger, with_rejections=held) for held in (True, False)]
    return next((entry for entry in wrong if entry is not None), None) if all(wrong) else None


def _first_wrong(ledger: Ledger, *, with_rejections: bool) -> Entry | None:
    begun = [0]  # the entries since which the accounts may have been kept
    for number, entry in enumerate(ledger.entries):
        if ledger.window is not None and entry.succeeded + entry.failed > ledger.window:
            if _exceeds(entry):
                return entry
            continue  # what fell out of a window is no longer counted
        starts = range(begun[0], number + 1)
        bases = [ledger.entries[n] for n in starts if n in begun or ledger.entries[n].turning]
        fitting = [base for base in bases if _fits(entry, base, with_rejections=with_rejections)]
        if not fitting:
            return entry
        begun = [ledger.entries.index(base) for base in fitting]
    return None


def _exceeds(entry: Entry) -> bool:
    pairs = (
        (entry.said.successes, entry.succeeded),
        (entry.said.failures, entry.failed),
        (entry.said.rejections, entry.rejected),
    )
    return any(counted is not None and counted > happened for counted, happened in pairs)


def _fits(entry: Entry, base: Entry, *, with_rejections: bool) -> bool:
    said = entry.said
    succeeded, failed = entry.succeeded - base.succeeded, entry.failed - base.failed
    rejected = entry.rejected - base.rejected
    counted = (said.successes, said.failures, said.rejections)
    if entry.succeeded + entry.failed + entry.rejected == 0 and any(n is None for n in counted):
        return True
    total = succeeded + failed + (rejected if with_rejections else 0)
    exact = counted == (succeeded, failed, rejected)
    return exact and (said.total is None or said.total == total)


def _moved(seen: Outcome, name: str) -> float:
    return (getattr(seen.after, name) or 0) - (getattr(seen.before, name) or 0)


@requirement("me-rejected-apart", MUST, source="R4J", known=ATTESTED)
def test_rejections_are_not_failures(
    trip: Trip, ledger: Ledger, rejections_then_failures: AfterRejections
) -> None:
    """Rejections are not counted as failures and do not feed the failure threshold."""
    blocked_unless(trip.rejects, "st-open-rejects", "it never rejects a call")
    failures = {e.moment: e.said.failures for e in ledger.entries}
    before, after = failures["after the failures that trip it"], failures["after five rejections"]
    blocked_unless(before is not None, "me-exists", "no count of failures")
    assert before == after, f"five rejections moved the count of failures from {before} to {after}"
    seen = rejections_then_failures
    blocked_unless(seen.probe.succeeded, "st-recovers-by-itself", f"the probe {seen.probe.tell()}")
    blocked_unless(
        seen.state_after_probe in (None, "closed"),
        "st-probe-success-closes",
        f"after the probe it is {seen.state_after_probe}",
    )
    assert seen.after.succeeded, (
        f"five rejections, a recovery and {len(seen.failures)} failures"
        f" ({tell_all(seen.failures)}); the next call {seen.after.tell()}"
    )
    assert all(call.succeeded for call in seen.beside_a_probe), (
        "callers were rejected beside a probe, which then succeeded; the next calls:"
        f" {tell_all(seen.beside_a_probe)}"
    )


@requirement("me-invariants", MUST, source="the definition", known=ATTESTED)
def test_counts_never_contradict_each_other(metrics_walk: MetricsWalk) -> None:
    """Counts are never negative, never fall within one state, and agree with each other."""
    before: Metrics | None = None
    always_broken = all(said.broken for said in metrics_walk.said)
    blocked_unless(not always_broken, "me-exists", "reading the metrics always raised")
    first = metrics_walk.said[0].broken
    blocked_unless(not first, "me-empty", f"of a new breaker, reading the metrics raised {first}")
    steps = ("the start", *metrics_walk.steps)
    lifetime = True
    for number, (step, said) in enumerate(zip(steps, metrics_walk.said, strict=True)):
        assert not said.broken, f"after {step} reading the metrics raised {said.broken}"
        for name in ("total", *COUNTS):
            now, then = getattr(said, name), getattr(before, name, None)
            assert now is None or now >= 0, f"after {step} {name} is {now:g}"
            if now is None or then is None or now >= then or metrics_walk.windowed:
                continue
            begun_anew = metrics_walk.may_have_turned(number - 1) and _begins(said)
            assert begun_anew, f"{name} fell from {then:g} to {now:g} after {step}"
            lifetime = False
        outcomes = (said.successes or 0) + (said.failures or 0)
        assert said.total is None or outcomes <= said.total, (
            f"after {step} outcomes exceed the total: {said.tell()}"
        )
        for path, value in said.everything.items():
            if path.lower().endswith("rate") and isinstance(value, (int, float)):
                assert 0 <= value <= 100, f"after {step} {path} is {value:g}"
        before = said
    last = metrics_walk.said[-1].transitions
    assert last is None or last >= metrics_walk.trips or not lifetime, (
        f"it tripped {metrics_walk.trips} times and counts {last:g} transitions"
    )


def _begins(said: Metrics) -> bool:
    """Whether all accounts may just have begun, with the call that was made last."""
    return sum((said.successes or 0, said.failures or 0, said.rejections or 0)) <= 1


@requirement("me-empty", MUST, source="the definition", known=ATTESTED)
def test_the_metrics_of_a_new_breaker_can_be_read(ledger: Ledger) -> None:
    """The metrics of a breaker that was never called can be read: no rate divides by zero."""
    said = ledger.entries[0].said
    always_broken = all(entry.said.broken for entry in ledger.entries)
    blocked_unless(not always_broken, "me-exists", "reading the metrics always raised")
    assert not said.broken, f"reading the metrics of a new breaker raised {said.broken}"
    broken = [path for path in said.everything if path.endswith("!")]
    assert not broken, (
        f"on a new breaker {broken[0].rstrip('!')} raises {said.everything[broken[0]]}"
    )


@requirement("me-bounded", MUST, source="the definition", known=ATTESTED)
def test_the_storage_of_metrics_is_bounded(many_calls: Sizes) -> None:
    """What a breaker keeps does not grow with the number of calls."""
    before, after = many_calls.objects[-2:]
    assert not grows(before, after), (
        f"it keeps {before} objects after {many_calls.calls[-2]} calls and {after} after"
        f" {many_calls.calls[-1]}"
    )


@requirement("me-async-outcomes", MUST, source="the definition", known=ATTESTED)
def test_asynchronous_outcomes_are_counted(asynchronous_outcomes: tuple[Outcome, ...]) -> None:
    """Asynchronous successes and failures are counted, and a cancellation is no rejection."""
    names = ("successes", "failures")
    last = asynchronous_outcomes[-1].after
    absent = [name for name in names if getattr(last, name) is None]
    blocked_unless(not absent, "me-exists", f"no count of {', '.join(absent)}")
    first = asynchronous_outcomes[0].before.broken
    blocked_unless(not first, "me-empty", f"of a new breaker, reading the metrics raised {first}")
    for seen in asynchronous_outcomes:
        if not seen.call.admitted:
            continue
        moved = (_moved(seen, "successes"), _moved(seen, "failures"))
        told = f"{moved[0]:+g} successes and {moved[1]:+g} failures"
        if seen.what == "cancelled":
            assert sum(moved) in (0, 1), f"one cancelled asynchronous call counts as {told}"
        else:
            expected = (1, 0) if seen.what == "succeeded" else (0, 1)
            assert moved == expected, f"one asynchronous call {seen.what} and counts as {told}"
        rejections = _moved(seen, "rejections")
        assert rejections == 0, (
            f"one asynchronous call {seen.what} and moves the rejections by {rejections:g}"
        )


@requirement("me-lifetime", SHOULD, source="the definition", known=ATTESTED)
def test_closing_keeps_the_totals(ledger: Ledger) -> None:
    """Totals are those of a lifetime: closing the circuit does not set them back."""
    moments = {entry.moment: entry for entry in ledger.entries}
    before, after = moments["after five rejections"].said, ledger.last.said
    outcomes = ("successes", "failures", "rejections")
    absent = [name for name in outcomes if getattr(before, name) is None]
    blocked_unless(not absent, "me-exists", f"no count of {', '.join(absent)}")
    if ledger.windowed:
        fell = [n for n in outcomes if (getattr(after, n) or 0) < (getattr(before, n) or 0)]
        recorded(f"counts of a window: {'they' if fell else 'none'} fell when it closed")
    wrong = first_wrong(ledger)
    blocked_unless(wrong is None, "me-exact", f"wrong {wrong.moment if wrong else ''}")
    for name in outcomes:
        then, now = getattr(before, name), getattr(after, name)
        assert (now or 0) >= then, f"closing the circuit took {name} from {then:g} to {now or 0:g}"


@requirement("me-timestamps", SHOULD, source="AZ", known=ATTESTED)
def test_moments_are_set_and_in_order(moments: tuple[Moments, ...]) -> None:
    """The moments that the metrics tell are unset before they come, then set, and never go back."""
    not_offered_unless(moments, "no moment is told")
    for moment in moments:
        before, after = BRACKETS[moment.kind]
        _check_moment(moment, before, after)
    recorded(f"it tells {', '.join(moment.name for moment in moments)}")


BRACKETS = {
    "last failure": ("at the start", ("after a failure", "after the trip")),
    "last success": ("after a rejection", ("after the recovery",)),
    "last state change": (None, ("after the trip", "after the recovery")),
    "opened": ("at the start", ("after the trip", "after another trip")),
}
"""By kind: until when it is not set, and when it is set, each time later than before."""


def _check_moment(moment: Moments, before: str | None, after: tuple[str, ...]) -> None:
    read = moment.readings
    if before is not None:
        assert read[before] is None, f"{moment.name} is set {before}"
    set_at = [when for when in after if when in read]
    for when in set_at:
        assert read[when] is not None, f"{moment.name} is not set {when}"
    for one, other in itertools.pairwise(set_at):
        moved = (read[other] or 0) - (read[one] or 0)
        assert moved > 0, f"{moment.name} {other} is {moved:+.4g} s from what it was {one}"
    known = [(when, value) for when, value in read.items() if value is not None]
    for (_, then), (when, now) in itertools.pairwise(known):
        assert now >= then, f"{moment.name} went back by {then - now:.4g} s {when}"


@requirement("me-latency", SHOULD, source="AKKA", known=ATTESTED)
def test_latencies_are_those_of_calls_that_ran(latencies: tuple[Latency, ...]) -> None:
    """Latencies are those of calls that ran: in order, never negative, not moved by rejections."""
    told = [seen for seen in latencies if seen.after_calls is not None and not _is_setting(seen)]
    not_offered_unless(told, "no latency is told")
    by_kind: dict[str, list[Latency]] = {}
    for seen in told:
        by_kind.setdefault(seen.kind, []).append(seen)
        after = seen.after_calls or 0
        assert after > 0, f"after calls of 2, 1 and 3 s {seen.name} is {after:g}"
        assert seen.after_rejections == seen.after_trip, (
            f"five rejections moved {seen.name} from {seen.after_trip} to {seen.after_rejections}"
        )
    for one, other in (("least", "average"), ("average", "most"), ("percentile", "most")):
        for low in by_kind.get(one, ()):
            for high in by_kind.get(other, ()):
                assert (low.after_calls or 0) <= 1.001 * (high.after_calls or 0), (
                    f"{low.name} is {low.after_calls:g} and {high.name} {high.after_calls:g}"
                )
    for seen in by_kind.get("most", ()):
        in_a_unit = any(0.95 <= (seen.after_calls or 0) / (3 * unit) <= 1.05 for unit in UNITS)
        assert in_a_unit, f"after calls of 2, 1 and 3 s {seen.name} is {seen.after_calls:g}"


def _is_setting(seen: Latency) -> bool:
    return bool(seen.new) and seen.new == seen.after_calls == seen.after_trip


UNITS = (1, 1e3, 1e6, 1e9)
"""Seconds, milliseconds, microseconds and nanoseconds, in one second."""


@requirement("me-snapshot", SHOULD, source="interlock", known=ATTESTED)
def test_what_a_method_hands_out_is_a_snapshot(snapshots: Snapshot) -> None:
    """What a metrics method hands out does not change later, and writing to it changes nothing."""
    seen = snapshots
    if not seen.method and (seen.changed or seen.hurt):
        recorded(f"{seen.accessor} is an attribute, and live")
    assert not seen.changed, (
        f"what {seen.accessor}() had handed out changed with later calls: {', '.join(seen.changed)}"
    )
    assert not seen.hurt, (
        f"writing to what {seen.accessor}() handed out changed the breaker's own count of"
        f" {', '.join(seen.hurt)}"
    )
    recorded(f"a snapshot, {'ready' if seen.json else 'not ready'} for JSON")
