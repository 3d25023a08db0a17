"""What a script does to show a requirement: one short story for each.

A story is written in the vocabulary of the script: `call()` makes a call and says whether the
function ran, `period()` measures an open period, and `now` is the clock. Its last line is the
assertion that the requirement is about. What depends on the candidate (how many failures trip
it, how long it first stays open) is what was measured of it.
"""

from collections.abc import Callable

import msgspec

from grader.explain.code import NoScriptError
from grader.explain.script import Script

BASE, MULTIPLIER, CAP = 10.0, 2.0, 60.0
_BURST = 12


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What was learnt of the candidate, for the story to go by."""

    trips_at: int = 3
    """Failures that trip it, where 3 were asked for."""
    first_period: float = BASE
    """Seconds that it first stays open, where the base is `BASE`."""
    growth: float = MULTIPLIER
    """What a failed probe multiplies the open period by at most."""


Story = Callable[[Script, Measured], None]
STORIES: dict[str, Story] = {}


def story(*rows: str) -> Callable[[Story], Story]:
    """Make a function the story of these requirements."""

    def keep(told: Story) -> Story:
        STORIES.update(dict.fromkeys(rows, told))
        return told

    return keep


# --- beginnings that many stories share -----------------------------------------------------


def build(script: Script, **settings: object) -> None:
    """Build the breaker: three failures trip it, the base is ten seconds, unless said otherwise."""
    script.build(**{"threshold": 3, "base": BASE, "multiplier": MULTIPLIER, **settings})


def trip(script: Script, seen: Measured) -> None:
    """Let calls fail until it is open."""
    script.add(f'for _ in range({seen.trips_at}): await call("fail")')


def trip_and_wait(script: Script, seen: Measured) -> None:
    """Let calls fail until it is open, and the open period pass."""
    trip(script, seen)
    script.add(f"now += {due(seen)}  # the open period is over")


def due(seen: Measured, periods: float = 1.0) -> float:
    """Return after how many seconds that many first open periods are certainly over."""
    return round(1.05 * seen.first_period * periods, 3)


def settled(script: Script) -> None:
    """Let every task go as far as it gets."""
    script.add("for _ in range(9): await asyncio.sleep(0)")


def parked(script: Script, name: str, how: str = "wait") -> None:
    """Start a call whose function waits until the gate is opened."""
    script.needs_overlap()
    script.add(f'{name} = asyncio.create_task(call("{how}"))')
    settled(script)


# --- states and thresholds ------------------------------------------------------------------


@story("st-open-rejects", "as-awaited")
def _open_rejects(script: Script, seen: Measured) -> None:
    build(script)
    trip(script, seen)
    script.add('assert not await call(), "it is open, and the function ran"')


@story("th-exact", "th-trip-immediate")
def _trips_exactly(script: Script, seen: Measured) -> None:
    build(script)
    threshold = 3 if "threshold" in script.binding.parameters else seen.trips_at
    script.add(f"for number in range({threshold}):")
    script.add('    assert await call("fail"), f"after {number} failures it was open"')
    script.add(f'assert not await call(), "after {threshold} failures it was not open"')


@story("th-occasional-failures")
def _occasional_failures(script: Script, _seen: Measured) -> None:
    build(script, base=1e7)
    script.add("for cycle in range(9):")
    script.add('    assert await call("fail"), f"open after {cycle} isolated failures"')
    script.add("    for _ in range(50):")
    script.add('        assert await call(), f"open after {cycle + 1} isolated failures"')
    script.add("    now += 100")


@story("st-recovers-by-itself")
def _recovers(script: Script, seen: Measured) -> None:
    build(script)
    trip_and_wait(script, seen)
    script.add('assert await call(), "the open period is over, and the call was rejected"')


@story("st-not-early")
def _not_early(script: Script, seen: Measured) -> None:
    build(script)
    trip(script, seen)
    script.add(f"now += {0.9 * BASE}")
    script.add(f'assert not await call(), "let through after {0.9 * BASE} s of {BASE} s"')


@story("st-probe-success-closes")
def _success_closes(script: Script, seen: Measured) -> None:
    build(script, limit=1, successes=1)
    trip_and_wait(script, seen)
    script.add('assert await call(), "the probe was rejected"')
    script.add("for number in range(6):")
    script.add('    assert await call(), f"rejected {number} calls after the probe succeeded"')
    state = script.binding.state
    if state is not None and not (state.target or state.flags or script.binding.state_words):
        read = ".".join(("breaker", *state.path))
        script.add(f"state = str({read}() if callable({read}) else {read})")
        script.add('assert "clos" in state.lower(), f"after the probe succeeded it is {state}"')


@story("st-probe-failure-reopens")
def _failure_reopens(script: Script, seen: Measured) -> None:
    build(script, limit=1)
    trip_and_wait(script, seen)
    script.add('assert await call("fail"), "the probe was rejected"')
    script.add('assert not await call(), "the probe failed, and the next call was let through"')


@story("st-counters-reset")
def _counters_reset(script: Script, seen: Measured) -> None:
    build(script, limit=1, successes=1)
    trip_and_wait(script, seen)
    script.add('assert await call(), "the probe was rejected"')
    script.add(f'for _ in range({seen.trips_at - 1}): await call("fail")')
    script.add(
        f'assert await call(), "after a recovery {seen.trips_at - 1} failures opened it again"'
    )


@story("st-exactly-once")
def _exactly_once(script: Script, seen: Measured) -> None:
    build(script)
    trip_and_wait(script, seen)
    script.add("before = len(ran)", "await call()")
    script.add(
        'assert len(ran) - before == 1, f"the function ran {len(ran) - before} times in one call"'
    )


@story("st-rejections-dont-extend")
def _rejections_do_not_extend(script: Script, seen: Measured) -> None:
    build(script)
    trip(script, seen)
    # Measured by asking again and again it may be longer than it is when left alone.
    step = round(1.05 * min(seen.first_period, MULTIPLIER * BASE) / 10, 3)
    script.add("for _ in range(9):", f"    now += {step}", "    await call()")
    script.add(f"now += {step}")
    script.add('assert await call(), "rejected calls made the open period longer"')


@story("st-opened-at-trip")
def _opened_at_trip(script: Script, seen: Measured) -> None:
    build(script)
    script.add(f'for _ in range({seen.trips_at - 1}): await call("fail")')
    parked(script, "slow", "wait, fail")
    script.add(f"now += {2 * seen.first_period}", "gate.set()", "await slow  # this trips it")
    script.add(f"now += {seen.first_period / 2}")
    script.add('assert not await call(), "open for half a period, and the call was let through"')


# --- backoff ----------------------------------------------------------------------------------


def periods(script: Script, seen: Measured, number: int) -> None:
    """Measure open periods, each after one more failed probe."""
    trip(script, seen)
    script.add(f"periods = [await period() for _ in range({number})]")


@story("bo-first")
def _first(script: Script, seen: Measured) -> None:
    build(script, cap=1e9, jitter=0)
    periods(script, seen, 1)
    most = BASE * MULTIPLIER
    script.add(f"assert {0.95 * BASE} <= periods[0] <= {1.05 * most}, periods")


@story("bo-first-exact")
def _first_exact(script: Script, seen: Measured) -> None:
    build(script, cap=1e9, jitter=0)
    periods(script, seen, 1)
    script.add(f"assert {0.95 * BASE} <= periods[0] <= {1.05 * BASE}, periods")


@story("bo-grows")
def _grows(script: Script, seen: Measured) -> None:
    build(script, cap=1e9, jitter=0)
    periods(script, seen, 3)
    script.add(
        'assert 1.05 * periods[0] < periods[1] < periods[2], f"it stayed open for {periods} s"'
    )


@story("bo-geometric")
def _geometric(script: Script, seen: Measured) -> None:
    build(script, cap=1e9, jitter=0)
    periods(script, seen, 4)
    script.add("factors = [b / a for a, b in zip(periods, periods[1:])]")
    script.add(
        'assert max(factors) < 1.05 * min(factors), f"{periods} s: no constant factor, {factors}"'
    )


@story("bo-cap")
def _cap(script: Script, seen: Measured) -> None:
    build(script, cap=CAP, jitter=0)
    periods(script, seen, 8)
    script.add(f'assert max(periods) <= {1.05 * CAP}, f"open for {{periods}} s, capped at {CAP} s"')


@story("bo-reset")
def _reset(script: Script, seen: Measured) -> None:
    build(script, cap=1e9, jitter=0, limit=1, successes=1)
    periods(script, seen, 4)
    longest = 1.2 * seen.first_period * max(seen.growth, 1.0) ** 5
    script.add(f"now += {longest:g}", 'assert await call(), "the probe was rejected"')
    trip(script, seen)
    script.add("again = await period()")
    script.add('assert again < 1.05 * periods[0] + 0.2, f"first {periods[0]} s, then {again} s"')


@story("bo-overflow")
def _overflow(script: Script, seen: Measured) -> None:
    capped = "cap" in script.binding.parameters
    build(script, cap=CAP, jitter=0)
    trip(script, seen)
    script.add(f"for number in range({1_100 if capped else 25}):")
    script.add(f"    now += {1.05 * CAP if capped else 5e9}")
    script.add('    assert await call("fail"), f"stuck after {number} failed probes"')
    script.add('    assert not await call(), f"not open after {number + 1} failed probes"')


# --- half-open --------------------------------------------------------------------------------


@story("ho-limit", "ho-atomic")
def _limit(script: Script, seen: Measured) -> None:
    script.needs_overlap()
    build(script, limit=1, successes=1)
    trip_and_wait(script, seen)
    script.add(f'calls = [asyncio.create_task(call("wait")) for _ in range({_BURST})]')
    script.add("before = len(ran)")
    settled(script)
    script.add(
        f'assert len(ran) - before <= 1, f"{{len(ran) - before}} of {_BURST} ran at once, limit 1"'
    )


@story("ho-fast-reject")
def _fast_reject(script: Script, seen: Measured) -> None:
    script.needs_overlap()
    build(script, limit=1, successes=1)
    trip_and_wait(script, seen)
    script.add(f'calls = [asyncio.create_task(call("wait")) for _ in range({_BURST})]')
    settled(script)
    settled(script)
    script.add("waiting = sum(not task.done() for task in calls)")
    script.add('assert waiting <= 1, f"{waiting} callers wait, where one probe is allowed"')


@story("ho-cancel", "ho-slot-released")
def _cancelled_probe(script: Script, seen: Measured) -> None:
    build(script, limit=1, successes=1)
    trip_and_wait(script, seen)
    parked(script, "probe")
    script.add("probe.cancel()")
    settled(script)
    script.add("later = []", "for wait in (0, 1, 3, 7):")
    script.add(f"    now += {due(seen)} * wait", "    later.append(await call())")
    script.add('assert any(later), "a probe was cancelled, and it rejects for ever"')


@story("ho-late-loser")
def _late_loser(script: Script, seen: Measured) -> None:
    if "limit" not in script.binding.parameters:
        raise NoScriptError("one probe at a time is all that it lets through")
    build(script, limit=2, permitted=2, successes=2)
    trip_and_wait(script, seen)
    parked(script, "slow")
    script.add('await call("fail")  # the other probe', "gate.set()", "await slow")
    script.add('assert not await call(), "a probe failed, and the success of another closed it"')


@story("ho-success-reset")
def _success_reset(script: Script, seen: Measured) -> None:
    if "successes" not in script.binding.parameters:
        raise NoScriptError("how many successes close it cannot be set")
    build(script, limit=1, permitted=2, successes=2, cap=1e9, jitter=0)
    trip_and_wait(script, seen)
    script.add("await call()", 'await call("fail")  # open again')
    script.add(f"now += {due(seen, max(seen.growth, 1.0))}")
    script.add("await call()  # the first success of this round", 'await call("fail")')
    script.add('assert not await call(), "a success of an earlier round was counted"')


# --- exceptions, tasks, late results ------------------------------------------------------------


@story("ex-cancelled")
def _cancelled_is_no_success(script: Script, seen: Measured) -> None:
    build(script)
    script.add(f'for _ in range({seen.trips_at - 1}): await call("fail")')
    parked(script, "task")
    script.add("task.cancel()")
    settled(script)
    script.add('await call("fail")')
    script.add('assert not await call(), "a cancelled call took earlier failures back"')


@story("as-concurrent")
def _concurrent(script: Script, _seen: Measured) -> None:
    build(script)
    script.needs_overlap()
    script.add('calls = [asyncio.create_task(call("wait")) for _ in range(2)]')
    settled(script)
    script.add('assert len(ran) == 2, f"two calls at once, and {len(ran)} of them ran"')


@story("ro-stale-success")
def _stale_success(script: Script, seen: Measured) -> None:
    build(script)
    parked(script, "slow")
    trip(script, seen)
    script.add("gate.set()", "await slow  # began before the trip, and succeeds")
    script.add('assert not await call(), "a success from before the trip closed it"')


@story("ro-stale-failure")
def _stale_failure(script: Script, seen: Measured) -> None:
    build(script)
    parked(script, "slow", "wait, fail")
    trip(script, seen)
    script.add(f"now += {0.5 * seen.first_period}", "gate.set()")
    script.add("await slow  # began before the trip, and fails")
    script.add(f"now += {round(0.7 * seen.first_period, 3)}")
    script.add('assert await call(), "a failure from before the trip made it stay open longer"')
