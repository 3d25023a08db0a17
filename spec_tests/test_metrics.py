"""Metrics: that they exist, and that they are right."""

from grader.history import Metrics, tell_all
from grader.specification import ATTESTED, MUST, blocked_unless, requirement
from spec_tests.scenarios.metrics import (
    AfterRejections,
    Entry,
    Ledger,
    MetricsWalk,
    Sizes,
    grows,
)

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
    """After a scripted run the counts are exactly what happened."""
    said = ledger.last.said
    outcomes = ("successes", "failures", "rejections")
    absent = [name for name in outcomes if getattr(said, name) is None]
    blocked_unless(not absent, "me-exists", f"no count of {', '.join(absent)}")
    for entry in ledger.entries:
        counted = (entry.said.successes, entry.said.failures, entry.said.rejections)
        if None in counted and entry.succeeded + entry.failed + entry.rejected == 0:
            continue
        assert counted == (entry.succeeded, entry.failed, entry.rejected), (
            f"{entry.moment} {truth(entry)}; the metrics say {entry.said.tell()}"
        )
    totals = [(e.said.total, e.succeeded + e.failed, e.rejected) for e in ledger.entries]
    if said.total is None:
        return
    with_rejections = all(t in (None, ran + rejected) for t, ran, rejected in totals)
    without = all(t in (None, ran) for t, ran, _ in totals)
    assert with_rejections or without, (
        f"at the end {truth(ledger.last)}, and the total is {said.total:g}"
    )


@requirement("me-rejected-apart", MUST, source="R4J", known=ATTESTED)
def test_rejections_are_not_failures(
    ledger: Ledger, rejections_then_failures: AfterRejections
) -> None:
    """Rejections are not counted as failures and do not feed the failure threshold."""
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
    """Counts are never negative, never fall, and outcomes never exceed the total."""
    before: Metrics | None = None
    for step, said in zip(("the start", *metrics_walk.steps), metrics_walk.said, strict=True):
        assert not said.broken, f"after {step} reading the metrics raised {said.broken}"
        for name in ("total", *COUNTS):
            now, then = getattr(said, name), getattr(before, name, None)
            assert now is None or now >= 0, f"after {step} {name} is {now:g}"
            assert now is None or then is None or now >= then, (
                f"{name} fell from {then:g} to {now:g} after {step}"
            )
        outcomes = (said.successes or 0) + (said.failures or 0)
        assert said.total is None or outcomes <= said.total, (
            f"after {step} outcomes exceed the total: {said.tell()}"
        )
        for path, value in said.everything.items():
            if path.lower().endswith("rate") and isinstance(value, (int, float)):
                assert 0 <= value <= 100, f"after {step} {path} is {value:g}"
        before = said
    last = metrics_walk.said[-1].transitions
    assert last is None or last >= metrics_walk.trips, (
        f"it tripped {metrics_walk.trips} times and counts {last:g} transitions"
    )


@requirement("me-empty", MUST, source="the definition", known=ATTESTED)
def test_the_metrics_of_a_new_breaker_can_be_read(ledger: Ledger) -> None:
    """The metrics of a breaker that was never called can be read: no rate divides by zero."""
    said = ledger.entries[0].said
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
def test_asynchronous_outcomes_are_counted(ledger: Ledger) -> None:
    """Outcomes of asynchronous calls are counted like those of plain ones."""
    first, last = ledger.entries[0], ledger.last
    blocked_unless(
        last.said.successes is not None and last.said.failures is not None,
        "me-exists",
        "no count of successes or failures",
    )
    for name, happened in (("successes", last.succeeded), ("failures", last.failed)):
        counted = (getattr(last.said, name) or 0) - (getattr(first.said, name) or 0)
        assert counted == happened, f"{happened} {name}, and the metrics count {counted:g}"
