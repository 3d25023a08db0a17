"""Situations about open periods that are drawn at random."""

import msgspec

from grader.conversation.failures import NotOffered
from grader.driver.lab import Lab, Refused
from grader.history import OpenPeriod
from grader.specification import scenario
from spec_tests.scenarios.backoff import BASE, CAP, rounds_of
from spec_tests.scenarios.stories import DUE, first_period


class Jitter(msgspec.Struct, frozen=True, kw_only=True):
    """Breakers under jitter, asked again and again at one instant."""

    asked_at: float
    """Seconds after the trip: the middle of what is drawn."""
    breakers: int
    changed_their_mind: int
    """How many rejected a call and admitted one later, with no time between them."""


@scenario
def jittered(lab: Lab) -> Jitter:
    """Wait until a period that is drawn may be over or not, then ask and ask."""
    if not (lab.offers("jitter") or lab.binding.jittery):
        raise NotOffered("there is no jitter")
    lab.luck(0.5)
    middle = first_period(lab, jitter=0.5).high or 0.0
    lab.luck(None)
    breakers, asked, changed = 12, 25, 0
    for _ in range(breakers):
        breaker = lab.breaker(jitter=0.5)
        breaker.trip()
        breaker.wait(middle)
        first = breaker.succeed()
        changed += first.rejected and any(breaker.succeed().admitted for _ in range(asked))
    return Jitter(asked_at=middle, breakers=breakers, changed_their_mind=changed)


class JitteredPeriods(msgspec.Struct, frozen=True, kw_only=True):
    """Open periods under jitter: with the best and the worst luck, and at random."""

    jitter: float | None
    """What was configured; None where it is built in."""
    base: float | None
    """None where it cannot be configured."""
    cap: float | None
    """None where it cannot be configured."""
    shortest: OpenPeriod
    """The first open period where what is drawn is as small as it can be."""
    longest: OpenPeriod
    """The same where it is as large."""
    slight: tuple[OpenPeriod, ...] = ()
    """The shortest and the longest with a fifth of that jitter, where that can be configured."""
    rounds: int
    """Half-open rounds under the cap, some at the least and the greatest luck, most at random."""
    after_the_cap: tuple[str, ...]
    """Distinct outcomes of the calls at 1.05 caps after each failure: x was kept out."""


LEAST, MOST = 0.0, 1 - 2**-53


@scenario
def jitter_bounds(lab: Lab) -> JitteredPeriods:
    """Measure the first open period at both ends of what is drawn; run many rounds at the cap."""
    if not (lab.offers("jitter") or lab.binding.jittery):
        raise NotOffered("there is no jitter")
    jitter = 0.5
    ends = []
    patterns: dict[str, None] = {}
    rounds = 0
    for luck, times in ((LEAST, 8), (MOST, 8), (None, 200)):
        lab.luck(luck)
        breaker = lab.breaker(jitter=jitter, base=BASE, cap=CAP)
        breaker.fails(breaker.threshold)
        if luck is not None:
            ends.append(breaker.open_period()[0])
        if lab.offers("cap"):
            patterns.update(dict.fromkeys(rounds_of(breaker, times, DUE * CAP)))
            rounds += times
    slight = _slight(lab, jitter / 5)
    lab.luck(lab.binding.luck)
    return JitteredPeriods(
        jitter=jitter if lab.offers("jitter") else None,
        base=BASE if lab.offers("base") else None,
        cap=CAP if lab.offers("cap") else None,
        shortest=ends[0],
        longest=ends[1],
        slight=slight,
        rounds=rounds,
        after_the_cap=tuple(patterns),
    )


def _slight(lab: Lab, jitter: float) -> tuple[OpenPeriod, ...]:
    """Measure both ends with less jitter; nothing where it has no size.

    A switch has none, and a whole number may not go below one.
    """
    if lab.kind("jitter") not in {"number", "percent", "range"}:
        return ()
    ends = []
    for luck in (LEAST, MOST):
        lab.luck(luck)
        try:
            breaker = lab.breaker(jitter=jitter, base=BASE, cap=CAP)
        except Refused:
            return ()
        breaker.fails(breaker.threshold)
        ends.append(breaker.open_period()[0])
    return tuple(ends)
