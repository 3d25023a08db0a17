"""Robustness: late results, clocks that are set, memory, clean imports."""

from grader.history import CallSeen, tell_all
from grader.specification import (
    ATTESTED,
    INFORMATIVE,
    MUST,
    SHOULD,
    blocked_unless,
    not_offered_unless,
    recorded,
    requirement,
)
from spec_tests.scenarios.importing import Watched
from spec_tests.scenarios.late_results import LateFailure, LateSuccess, OldFailure
from spec_tests.scenarios.metrics import Sizes, grows
from spec_tests.scenarios.robustness import Generators, Kept, Named, WallStep


@requirement("ro-stale-success", MUST, source="AKKA, POL, ARR, ray#65068, maverick-mcp#272")
def test_a_late_success_does_not_close_an_open_circuit(late_success: LateSuccess) -> None:
    """The success of a call that was admitted earlier does not close an open circuit."""
    seen = late_success
    assert seen.after.turned_away, (
        "a slow call began, others tripped the breaker, then the slow one succeeded:"
        f" the next call {seen.after.tell()}"
        + (f" and the state was {seen.state}" if seen.state is not None else "")
    )


@requirement("ro-stale-failure", MUST, source="POL, AKKA, aiox-core#469")
def test_a_late_failure_changes_nothing_while_open(late_failure: LateFailure) -> None:
    """A late failure neither extends the open period nor counts as a trip nor grows the backoff."""
    seen = late_failure
    assert seen.probe.admitted, (
        f"the open period is {seen.period.tell()}; a slow call failed halfway through it, and"
        f" when 1.2 of it had passed since the trip the next call {seen.probe.tell()}"
    )
    before, after = seen.transitions
    assert before == after, (
        f"a late failure while open: the count of transitions went from {before:g} to {after:g}"
    )
    without = seen.next_without
    blocked_unless(
        without.high is not None,
        "st-recovers-by-itself",
        f"after a failed probe it stayed open for {without.tell()}",
    )
    most = without.high or without.low
    assert seen.next.within(0.95 * without.low, 1.05 * most), (
        f"after a failed probe it is open for {without.tell()}, but for {seen.next.tell()}"
        " where a late failure had come in between"
    )


@requirement("ro-stale-generation", INFORMATIVE, source="GOB")
def test_what_a_failure_from_before_a_recovery_does(
    failure_from_before_a_recovery: OldFailure,
) -> None:
    """A result of an older closed period is ignored after a recovery."""
    seen = failure_from_before_a_recovery
    blocked_unless(
        all(call.succeeded for call in seen.recovered),
        "st-probe-success-closes",
        f"good calls after the open period: {tell_all(seen.recovered)}",
    )
    if seen.after.turned_away:
        recorded("a failure that was admitted before a recovery counts after it")
    recorded("a failure that was admitted before a recovery is ignored after it")


@requirement("ro-monotonic", SHOULD, source="fabfuel#31, pybreaker, purgatory")
def test_setting_the_wall_clock_does_not_change_the_open_period(
    wall_clock_steps: tuple[WallStep, ...],
) -> None:
    """Setting the wall clock back or forward does not change the open period."""
    unset, *steps = wall_clock_steps
    blocked_unless(unset.early.turned_away, "st-not-early", f"early, the call {unset.early.tell()}")
    blocked_unless(
        unset.due.admitted, "st-recovers-by-itself", f"in time, the call {unset.due.tell()}"
    )
    for seen in steps:
        step = f"set {'back' if seen.seconds < 0 else 'forward'} by an hour after the trip"
        assert seen.early.turned_away, (
            f"the open period is {seen.period.tell()} and the wall clock was {step}:"
            f" after {seen.early_at:.4g} s the call {seen.early.tell()}"
        )
        assert seen.due.admitted, (
            f"the open period is {seen.period.tell()} and the wall clock was {step}:"
            f" after {seen.due_at:.4g} s the call {seen.due.tell()}"
        )


@requirement("ro-fresh-error", MUST, source="POL, purgatory", known=ATTESTED)
def test_each_rejection_raises_a_fresh_exception(ten_rejections: tuple[CallSeen, ...]) -> None:
    """Each rejection raises an exception of its own: its traceback does not grow."""
    blocked_unless(
        all(call.turned_away for call in ten_rejections),
        "st-open-rejects",
        f"ten calls while open: {tell_all(ten_rejections)}",
    )
    depths = [call.error.depth for call in ten_rejections if call.error is not None]
    not_offered_unless(depths, "a rejection is an answer, not an exception")
    assert max(depths[5:], default=0) <= max(depths[:5]), (
        f"the frames in the tracebacks of ten rejections: {', '.join(map(str, depths))}"
    )


@requirement("ro-bounded", SHOULD, source="fabfuel", known=ATTESTED)
def test_nothing_is_kept_of_calls_and_rejections(what_is_kept: Kept, many_calls: Sizes) -> None:
    """Memory is constant over calls and rejections, and a failed call's variables are let go."""
    for what, numbers, objects in (
        ("calls", many_calls.calls, many_calls.objects),
        ("rejections", what_is_kept.rejections, what_is_kept.objects),
    ):
        assert not grows(objects[-2], objects[-1]), (
            f"after {numbers[-2]:,} {what} it kept {objects[-2]:,} objects, after"
            f" {numbers[-1]:,} it kept {objects[-1]:,}"
        )
    assert not what_is_kept.payload_alive, (
        "a local variable of a protected call that failed was alive after the call: the breaker"
        " keeps its exception, and with it the frames"
    )


@requirement("ro-kwargs", SHOULD, source="interlock")
def test_keyword_arguments_of_any_name_arrive(keyword_names: tuple[Named, ...]) -> None:
    """Keyword arguments that are called `func`, `name`, `timeout` or `self` reach the function."""
    ordinary, *taken = keyword_names
    blocked_unless(
        ordinary.call.keywords == {ordinary.keyword: 7},
        "st-initial-closed",
        f"a keyword argument {ordinary.keyword!r}: the call {ordinary.call.tell()}",
    )
    lost = [
        f"{seen.keyword!r}: the call {seen.call.tell()}"
        for seen in taken
        if seen.call.keywords != {seen.keyword: 7}
    ]
    assert not lost, f"keyword arguments that did not reach the function: {'; '.join(lost)}"


@requirement("ro-clean-import", SHOULD, source="the standard library, 3.12", known=ATTESTED)
def test_it_gives_no_warnings(watched_import: Watched, watched_life: Watched) -> None:
    """Importing it changes nothing else and warns of nothing; using it warns of no deprecation."""
    blocked_unless(not watched_import.error, "de-imports", watched_import.error)
    changed = [what for what in watched_import.changed if what != "the root logger"]
    told = (*watched_import.warnings, *watched_import.deprecated)
    assert not told, f"it gives warnings: {'; '.join(told[:3])}"
    assert not changed, f"importing it changed {', '.join(changed)}"
    in_use = [entry for entry in watched_life.warnings if "Deprecat" in entry or "Future" in entry]
    assert not in_use, f"in use it gives warnings: {'; '.join(in_use[:3])}"


@requirement("ro-generators", INFORMATIVE, source="fabfuel, pybreaker", known=ATTESTED)
def test_what_becomes_of_generator_functions(generator_functions: Generators) -> None:
    """Generator functions and asynchronous generator functions can be protected."""
    seen = generator_functions
    recorded(f"of a generator function {seen.plain}; of an asynchronous one {seen.asynchronous}")
