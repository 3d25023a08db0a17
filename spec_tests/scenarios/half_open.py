"""Situations about half-open: who is admitted, who decides, and what becomes of a slot."""

import contextlib

import msgspec

from grader.conversation.failures import NotOffered
from grader.driver.breaker import Breaker
from grader.driver.lab import Lab, Refused
from grader.driver.looking import look_at
from grader.driver.settings import LEFT_OUT
from grader.history import Burst, CallSeen, OpenPeriod
from grader.specification import scenario
from spec_tests.scenarios.stories import due, first_period, recover, tripped_and_due

CALLERS, CROWD = 12, 50
FURTHER = (5, 40)
"""How many callers come on top where a limit seems to hold, at least and at most; by the seed."""


def _limits(lab: Lab) -> tuple[int | None, ...]:
    """Return the limits to try: one, and five or else three, as some set a bound to it."""
    if not lab.offers("limit"):
        return (None,)
    try:
        lab.breaker(limit=5, permitted=5)
    except Refused:
        return (1, 3)
    return (1, 5)


def _bursts(lab: Lab, callers: int, *, in_one_tick: bool) -> tuple[Burst, ...]:
    period = first_period(lab)
    bursts = []
    for limit in _limits(lab):
        settings = {} if limit is None else {"limit": limit, "permitted": limit}
        breaker = tripped_and_due(lab, period, **settings)
        calls = breaker.burst(callers) if in_one_tick else breaker.queue(callers)
        seen = look_at(calls, limit)
        if seen.rejected and not in_one_tick:
            # Who knows this specification may hold back a dozen: a limit holds for any number.
            more = look_at([*calls, *breaker.queue(lab.random.randint(*FURTHER))], limit)
            seen = more if more.running > seen.running else seen
        bursts.append(seen)
    return tuple(bursts)


@scenario
def callers_in_a_row(lab: Lab) -> tuple[Burst, ...]:
    """A dozen callers, each settled before the next, while no probe has ended."""
    return _bursts(lab, CALLERS, in_one_tick=False)


@scenario
def callers_in_one_tick(lab: Lab) -> tuple[Burst, ...]:
    """Fifty callers in one tick of the loop."""
    return _bursts(lab, CROWD, in_one_tick=True)


@scenario
def callers_after_a_success(lab: Lab) -> Burst | None:
    """With one slot and three successes to close, a dozen callers after the first success.

    None where that cannot be set, and where it does not stay half-open.
    """
    if not (lab.offers("successes") and lab.offers("limit")):
        return None
    try:
        breaker = tripped_and_due(lab, first_period(lab), successes=3, limit=1)
    except Refused:
        return None
    if not breaker.succeed().succeeded or breaker.state() in (None, "closed"):
        return None
    return look_at(breaker.queue(CALLERS), 1)


class Successes(msgspec.Struct, frozen=True, kw_only=True):
    """Successful probes, and the state after each."""

    wanted: int
    probes: tuple[CallSeen, ...]
    states: tuple[str | None, ...]
    after_failure: CallSeen | None = None
    """The call right after the failed probe, where there was one."""


def _breaker_with_successes(lab: Lab, wanted: int, period: OpenPeriod) -> Breaker:
    if not lab.offers("successes"):
        raise NotOffered("the success threshold cannot be set")
    try:  # with room for that many probes, as some admit no more in a round
        return tripped_and_due(lab, period, successes=wanted, limit=wanted)
    except Refused:
        return tripped_and_due(lab, period, successes=wanted)


@scenario
def enough_successes(lab: Lab) -> Successes:
    """Ask for five successes to close, and let as many probes succeed one after the other.

    For three where five are refused or a round has no room for them.
    """
    period = first_period(lab)
    with contextlib.suppress(Refused):
        seen = _successes(lab, 5, period)
        if not any(call.rejected for call in seen.probes):
            return seen
    return _successes(lab, 3, period)


def _successes(lab: Lab, wanted: int, period: OpenPeriod) -> Successes:
    breaker = _breaker_with_successes(lab, wanted, period)
    probes, states = [], []
    for _ in range(wanted):
        probes.append(breaker.succeed())
        states.append(breaker.state())
    return Successes(wanted=wanted, probes=tuple(probes), states=tuple(states))


@scenario
def success_in_two_rounds(lab: Lab) -> Successes:
    """Ask for two successes: one in a round that then fails, one in the next."""
    period = first_period(lab)
    breaker = _breaker_with_successes(lab, 2, period)
    first, second, after_failure = breaker.succeed(), breaker.fail(), breaker.succeed()
    breaker.wait(4 * due(period))
    third = breaker.succeed()
    return Successes(
        wanted=2,
        probes=(first, second, third),
        states=(breaker.state(),),
        after_failure=after_failure,
    )


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """A probe that ended in one way, and what the breaker made of good calls later."""

    ending: str
    probe: CallSeen
    later: tuple[CallSeen, ...]


BEFORE = "an error before the first await"
ENDINGS = (
    *("success", "failure", "excluded", "cancellation", "KeyboardInterrupt", "GeneratorExit"),
    BEFORE,
)


@scenario
def endings(lab: Lab) -> tuple[Ending, ...]:
    """Let a probe end in every way there is, then give it time and good calls."""
    period = first_period(lab)
    return tuple(ended for name in ENDINGS if (ended := _ending(lab, name, period)) is not None)


def _ending(lab: Lab, name: str, period: OpenPeriod) -> Ending | None:
    settings: dict[str, object] = {}
    if name == "excluded":
        if not lab.offers("ignored"):
            return None
        settings |= {"ignored": ["ExcludedFailure"], "counted": LEFT_OUT}
    breaker = tripped_and_due(lab, period, **settings)
    if name == "cancellation" and breaker.surface().mode != "async":
        return None
    if name == BEFORE:
        return _ended_before_the_first_await(breaker, period)
    probe = breaker.call()
    if name == "cancellation":
        probe.cancel()
    else:
        planned = {
            "success": "return",
            "failure": lab.binding.failure,
            "excluded": "ExcludedFailure",
        }
        probe.end(planned.get(name, name))
    later = recover(breaker, period)
    if name == "success" and all(call.succeeded for call in later):
        breaker.fails(breaker.threshold)
        breaker.wait(due(period))
        later = recover(breaker, period)
    return Ending(ending=name, probe=probe.seen, later=later)


def _ended_before_the_first_await(breaker: Breaker, period: OpenPeriod) -> Ending | None:
    """Have the function raise when it is called, as one does that is given wrong arguments.

    None where the breaker takes no function, or none that is not declared with `async def`.
    """
    surface = breaker.surface()
    if surface.mode != "async" or surface.style != "call" or surface.coroutine:
        return None
    failure = breaker.lab.binding.failure
    probe = breaker.call(planned=failure, form=f"raises:{failure}").seen
    if not probe.failed:
        return None
    return Ending(ending=BEFORE, probe=probe, later=recover(breaker, period))


class Late(msgspec.Struct, frozen=True, kw_only=True):
    """Two probes of one round: one fails, the other succeeds too late."""

    together: int
    failed: CallSeen
    after_failure: CallSeen
    late: CallSeen
    after_late_success: CallSeen


@scenario
def late_loser(lab: Lab) -> Late:
    """Let one probe of a round fail, then another succeed."""
    period = first_period(lab)
    settings = {"limit": 3, "permitted": 3} if lab.offers("limit") else {}
    breaker = tripped_and_due(lab, period, **settings)
    calls = breaker.queue(3)
    running = [call for call in calls if call.seen.running]
    if len(running) < 2:
        raise NotOffered("only one probe can be in flight")
    running[0].fail()
    after_failure = breaker.succeed()
    running[1].succeed()
    return Late(
        together=len(running),
        failed=running[0].seen,
        after_failure=after_failure,
        late=running[1].seen,
        after_late_success=breaker.succeed(),
    )
