"""Async: what is awaited, what overlaps, what is cancelled."""

from collections.abc import Mapping

import pytest

from grader.conversation.messages import Scalar
from grader.history import Burst, CallSeen, show, tell_all
from grader.specification import (
    ATTESTED,
    INFORMATIVE,
    MUST,
    SHOULD,
    blocked_unless,
    not_offered_unless,
    recorded,
    requirement,
    unknown_unless,
)
from spec_tests.scenarios.asynchronous import (
    FORMS,
    Awaited,
    Blocking,
    Context,
    Decorated,
    Form,
    Outside,
)
from spec_tests.scenarios.coroutines import HIDDEN, LeftBehind, Loops
from spec_tests.scenarios.lives import CALLERS, FURTHER, ExcludedProbe, Life, Lives
from spec_tests.scenarios.states import FirstCall
from spec_tests.scenarios.stories import DUE, EARLY
from spec_tests.scenarios.ways_of_calling import Mixed, SameScripts, Script


@requirement("as-awaited", MUST, source="the question, pybreaker#7")
def test_coroutine_functions_are_awaited_and_their_failures_count(
    coroutine_functions: Awaited,
) -> None:
    """Coroutine functions are awaited inside the guard, and their failures count."""
    seen = coroutine_functions
    assert seen.offered, "there is no asynchronous way of making a call"
    assert seen.success is not None and seen.success.succeeded, (  # noqa: PT018
        f"a coroutine function {seen.success.tell() if seen.success else 'was not called'}"
    )
    blocked_unless(
        seen.state != "open" or (seen.after and seen.after.rejected),
        "st-open-rejects",
        "it says that it is open, and does not reject",
    )
    assert seen.after is not None and seen.after.rejected, (  # noqa: PT018
        f"{len(seen.failures)} failing coroutines ({tell_all(seen.failures)}), and the next call"
        f" {seen.after.tell() if seen.after else 'was not made'}"
    )


@requirement("as-callable-forms", MUST, source="seen in libraries")
@pytest.mark.parametrize("form", FORMS)
def test_partials_and_bound_methods_work(form: str, callable_forms: tuple[Form, ...]) -> None:
    """A partial of a coroutine function and a bound async method work like the function itself."""
    seen = next(f for f in callable_forms if f.form == form)
    assert seen.success.succeeded, f"a {form} of a coroutine function {seen.success.tell()}"
    assert seen.after.rejected, (
        f"{len(seen.failures)} failing calls of a {form} ({tell_all(seen.failures)}), and the next"
        f" call {seen.after.tell()}"
    )


@requirement("as-callable-lambdas", SHOULD, source="interlock")
@pytest.mark.parametrize("form", list(HIDDEN))
def test_a_coroutine_that_comes_as_a_surprise_is_no_success(
    form: str, hidden_coroutines: tuple[Form, ...], coroutine_functions: Awaited
) -> None:
    """What returns a coroutine without being a coroutine function is no success before it ran."""
    seen, what = next(f for f in hidden_coroutines if f.form == form), HIDDEN[form]
    known = coroutine_functions.after
    blocked_unless(known and known.rejected, "as-awaited", "coroutine functions do not trip it")
    if seen.success.rejected:
        recorded(f"it refuses {what} with {seen.success.error and seen.success.error.type}")
    assert seen.success.succeeded, f"{what} {seen.success.tell()}"
    assert seen.after.rejected, (
        f"{len(seen.failures)} failing calls of {what} ({tell_all(seen.failures)}), and the next"
        f" call {seen.after.tell()}: they were not counted as failures"
    )


@requirement("as-concurrent", MUST, source="AZ")
def test_calls_overlap_while_closed(callers_while_closed: Burst) -> None:
    """No lock is held while a protected call is awaited: calls overlap while closed."""
    assert callers_while_closed.running == callers_while_closed.callers, (
        f"while closed, {callers_while_closed.tell()}"
    )


@requirement("as-loop-free", MUST, source="the question")
def test_nothing_blocks_the_event_loop(life_on_the_loop: Blocking) -> None:
    """No blocking call is made on the event loop's thread while it would have to wait."""
    assert not life_on_the_loop.seen, (
        f"on the event loop's thread: {'; '.join(life_on_the_loop.seen)}"
    )


@requirement("as-cancel-propagates", MUST, source="asyncio")
def test_a_cancellation_reaches_the_function_and_comes_out(cancelled_call: CallSeen) -> None:
    """A cancellation reaches the protected function and comes out as CancelledError."""
    assert cancelled_call.admitted, f"the call {cancelled_call.tell()}"
    assert cancelled_call.cancelled_inside, "the cancellation did not reach the function"
    error = cancelled_call.error
    assert error is not None and error.type == "CancelledError", (  # noqa: PT018
        f"the cancelled call {cancelled_call.tell()}"
    )


@requirement("as-outside-loop", MUST, source="the definition", known=ATTESTED)
def test_it_can_be_built_where_no_loop_runs(built_outside_a_loop: Outside) -> None:
    """It can be built where no event loop runs, as at the top of a module."""
    seen = built_outside_a_loop
    assert not seen.refused, f"built without a running loop it raised {seen.refused}"
    assert seen.call is not None and seen.call.succeeded, (  # noqa: PT018
        f"built without a running loop, a call {seen.call.tell() if seen.call else 'failed'}"
    )


@requirement("as-several-loops", SHOULD, source="seen in libraries", known=ATTESTED)
def test_it_works_in_one_event_loop_after_another(several_loops: Loops) -> None:
    """One breaker works in several event loops, one after the other, callers at once in each."""
    first, *others = several_loops.runs
    unknown_unless(first.ended, "in the very first event loop not all calls came to an end")
    usual = {error.type for error in first.errors}
    for number, run in enumerate(others, start=2):
        strange = [error for error in run.errors if error.type not in usual]
        refusals = [e for e in strange if e.own and "loop" in f"{e.type} {e.message}".lower()]
        if refusals:
            recorded(f"it refuses event loop {number} with {refusals[0].type}")
        assert not strange, (
            f"in event loop {number} a call raised {strange[0].type}: {strange[0].message}"
        )
        assert run.ended, f"in event loop {number} a call never came to an end"
    recovered = first.later.endswith("RR")
    for number, run in enumerate(others, start=2):
        assert not recovered or run.closed == first.closed, (
            f"{several_loops.callers} callers at once, while closed: {_marks(first.closed)} in the"
            f" first event loop, {_marks(run.closed)} in event loop {number}"
        )
        recovered = recovered and run.later.endswith("RR")
    came_back = several_loops.afterwards
    assert not (recovered and came_back) or "R" in came_back, (
        f"it opened in one event loop, which ended; long after the open period, of"
        f" {len(came_back)} calls in another one: {_marks(came_back)}"
    )


def _marks(marks: str) -> str:
    words = {"R": "succeeded", "E": "failed", "x": "were rejected", "!": "went wrong"}
    return ", ".join(f"{marks.count(m)} {words[m]}" for m in words if m in marks) or "none called"


@requirement("as-decorator", MUST, source="fabfuel, interlock", known=ATTESTED)
@pytest.mark.parametrize("kind", ["async", "sync"])
def test_a_decorated_function_stays_what_it_was(
    kind: str, decorated_functions: tuple[Decorated, ...], first_call: FirstCall
) -> None:
    """A decorated function keeps its kind, name, docstring and `__wrapped__`, and its arguments."""
    seen = next((d for d in decorated_functions if d.kind == kind), None)
    if seen is None:
        not_offered_unless(condition=False, explanation=f"there is no {kind} decorator")
        return
    assert seen.coroutine_function == (kind == "async"), (
        f"a decorated {kind} function is {'a' if seen.coroutine_function else 'no'} coroutine"
        " function"
    )
    assert seen.name in {"fetch_page", "read_page"}, f"its name became {seen.name!r}"
    assert seen.doc.endswith("one page."), f"its docstring became {seen.doc!r}"
    assert seen.unwraps, "`__wrapped__` does not lead back to the function"
    assert seen.call.succeeded, f"calling it: it {seen.call.tell()}"
    if first_call.call.keywords == first_call.keywords:  # else that is not the decorator's doing
        given, got = (seen.arguments, seen.keywords), (seen.call.arguments, seen.call.keywords)
        assert got == given, (
            f"called with {_told(*given)}, the decorated function received {_told(*got)}"
        )


def _told(arguments: tuple[Scalar, ...], keywords: Mapping[str, Scalar]) -> str:
    shown = [show(value) for value in arguments]
    shown += [f"{name}={show(value)}" for name, value in keywords.items()]
    return f"({', '.join(shown)})"


@requirement("as-decorator-not-run", MUST, source="seen in libraries", known=ATTESTED)
def test_decorating_does_not_call_the_function(
    decorated_functions: tuple[Decorated, ...],
) -> None:
    """Decorating a function does not call it."""
    for seen in decorated_functions:
        assert seen.ran == 0, f"decorating ran the {seen.kind} function {seen.ran} times"


@requirement("as-ctx", MUST, source="fabfuel")
def test_a_context_manager_guards_like_a_call(context_managers: Context) -> None:
    """A context manager rejects on entry while open, records outcomes, and swallows nothing."""
    seen = context_managers
    assert all(call.failed for call in seen.failures), (
        f"failing calls in the context manager: {tell_all(seen.failures)}"
    )
    assert seen.on_entry_while_open.rejected, (
        f"after {len(seen.failures)} failures inside it, entering it {_entered(seen)}"
    )
    blocked_unless(
        seen.together == len(seen.overlapping), "as-concurrent", "two calls did not overlap"
    )
    failed, succeeded = seen.overlapping
    assert failed.failed, f"of two overlapping calls the failing one {failed.tell()}"
    assert succeeded.succeeded, f"of two overlapping calls the good one {succeeded.tell()}"
    _shares_its_state(seen)
    # Where failures are counted over a time, a success between them takes nothing back.
    assert seen.after_overlap[-1].succeeded or seen.after_sequence.rejected, (
        "a failure and then a success overlapped; after one failure less than the threshold the"
        f" next call {seen.after_overlap[-1].tell()}"
    )


def _shares_its_state(seen: Context) -> None:
    beside, failures = seen.beside_calls, len(seen.failures)
    if beside is None or not beside.called.rejected:
        return
    assert beside.entered.rejected, (
        f"{failures} failing calls opened it for calls, yet its context manager"
        f" {beside.entered.tell()}"
    )
    assert beside.called_after_contexts.rejected, (
        f"{failures} failures inside its context manager opened it for that, yet a call"
        f" {beside.called_after_contexts.tell()}"
    )


def _entered(seen: Context) -> str:
    return f"{seen.on_entry_while_open.tell()} instead of being rejected"


@requirement("as-call-vs-ctx-equal", SHOULD, source="seen in libraries")
def test_every_way_of_calling_classifies_alike(
    same_scripts: SameScripts, lives: tuple[Lives, ...], excluded_probes: tuple[ExcludedProbe, ...]
) -> None:
    """Calls, decorated functions and context managers count alike, while half-open, too."""
    tripped = [after for s in same_scripts.scripts for after in s.tripped_after.values()]
    blocked_unless(any(t is not None for t in tripped), "th-exact", "no failures trip it")
    for script in same_scripts.scripts:
        assert len(set(script.tripped_after.values())) == 1, _disagreement(script)
    for played in lives:
        for other in played.lives[1:]:
            differing = _difference(played, other)
            assert not differing, differing
    assert len({seen.after.admitted for seen in excluded_probes}) < 2, (
        "a probe raised what is excluded, and a good call came much later: "
        + "; ".join(f"with {seen.way} it {seen.after.tell()}" for seen in excluded_probes)
    )
    recorded(f"{', '.join(same_scripts.ways)} agree")


def _disagreement(script: Script) -> str:
    told = (
        f"{way} {'was never rejected' if after is None else f'was rejected after {after} calls'}"
        for way, after in script.tripped_after.items()
    )
    return f"at a threshold of {script.threshold}, after {script.script}: {'; '.join(told)}"


def _difference(played: Lives, other: Life) -> str:
    """Return in words what came differently of another way than of the first, if anything."""
    first = played.lives[0]
    stages = zip(_stages(played, first), _stages(played, other), strict=False)
    for (stage, usual), (_, seen) in stages:
        if seen != usual:
            return f"{stage}: with {other.way} {seen}; with {first.way} {usual}"
    return ""


def _stages(played: Lives, life: Life) -> list[tuple[str, str]]:
    """Return what the story came to, one thing after the other, with what was seen of it."""
    come = "some time after a cancelled probe" if played.cancelled else "after the open period"
    told = [(f"{CALLERS} callers {come}", f"{life.together} ran together")]
    if life.reopened is not None:
        next_call = "it was rejected" if life.reopened else "it was not rejected"
        told.append(("their functions failed, and the next call came", next_call))
    lasts = (
        f"of the {played.period.tell()} that failed probes keep it open" if played.period else ""
    )
    if life.early is not None:
        told.append((f"a call at {EARLY:g} {lasts}", "it ran" if life.early else "it did not run"))
    if life.due is not None:
        told.append((f"a call at {DUE:g} {lasts}", "it ran" if life.due else "it did not run"))
    for rounds, together in enumerate(life.closing, start=1):
        after = f"{FURTHER} callers after {rounds} {'round' if rounds == 1 else 'rounds'}"
        told.append((f"{after} of good calls", f"{together} ran together"))
    return told


@requirement("as-no-unawaited", SHOULD, source="agri#912", known=ATTESTED)
def test_a_rejection_leaves_no_coroutine_behind(
    rejected_coroutines: tuple[LeftBehind, ...],
) -> None:
    """A rejection leaves no coroutine behind that was made and never awaited."""
    rejected = [seen for seen in rejected_coroutines if "x" in seen.found.outcomes]
    blocked_unless(rejected, "st-open-rejects", "no call was rejected")
    for seen in rejected:
        assert not seen.found.unawaited, (
            f"{seen.found.outcomes.count('x')} calls were rejected by {seen.way}:"
            f" {'; '.join(seen.found.unawaited)}"
        )


@requirement("as-mixed", INFORMATIVE, source="the definition")
def test_plain_and_asynchronous_calls_of_one_breaker(mixed_calls: tuple[Mixed, ...]) -> None:
    """Plain and asynchronous calls of one breaker may share its state."""
    told = [
        f"tripped by {m.tripped_by} calls it"
        f" {'rejects' if m.after.rejected else 'admits'} {m.called} ones"
        for m in mixed_calls
    ]
    recorded("; ".join(told))
