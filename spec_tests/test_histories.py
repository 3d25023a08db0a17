"""Histories that nobody thought of: whatever happens, the breaker does what is allowed."""

from grader.specification import MUST, recorded, requirement, unknown_unless
from spec_tests.model import judge, tell
from spec_tests.scenarios.histories import Histories, Play, wrong

AREA = "states"

FLOORS = {"open": 12, "half_open": 8, "rejected probe": 2, "late result": 2}
"""In how many histories each has to have occurred before a pass proves anything."""


@requirement("st-model", MUST, source="the definition; every rule is a row of its own")
def test_no_history_leads_outside_of_what_is_allowed(
    random_histories: Histories,
) -> None:
    """Nothing that happens, in whatever order, makes a breaker do what none may do.

    Whatever comes of calls, cancellations, late results and moves of the clock, it does what some
    circuit breaker of its settings may do. A history counts once it went wrong in two workers.
    """
    seen = random_histories
    if seen.shortest is not None and wrong(seen.shortest, seen.terms):
        unknown_unless(seen.again, f"went wrong once, and not again: {told(seen, seen.shortest)}")
        raise AssertionError(told(seen, seen.shortest))
    for odd in seen.plays:
        unknown_unless(
            not wrong(odd, seen.terms), f"went wrong, but not when tried again: {told(seen, odd)}"
        )
    # Judged again by a model that allows more: it was not looked any further then.
    unknown_unless(seen.shortest is None, "the histories ended early; grade the candidate again")
    reached = reach(seen)
    rarely = [
        f"{name} in {reached[name]}" for name in expected(seen) if reached[name] < FLOORS[name]
    ]
    unknown_unless(
        not rarely, f"not exercised, of {len(seen.plays)} histories: {', '.join(rarely)}"
    )
    recorded(
        f"of {len(seen.plays)} histories {reached['open']} were certainly open at some time,"
        f" {reached['half_open']} half-open, {reached['rejected probe']} rejected a probe and"
        f" {reached['late result']} saw a late result"
    )


def told(histories: Histories, played: Play) -> str:
    """Return a history and what was wrong with it, in words."""
    contradiction = judge(played.moments, histories.terms[played.kind]).contradiction
    steps = tell(played.moments, histories.terms[played.kind], histories.period)
    if contradiction is None:
        return (
            f"{steps}; then all calls ended, and good calls came over time: the last"
            f" {played.last}; allowed: it recovers"
        )
    return f"{steps}: {contradiction.seen}; allowed: {contradiction.rule}"


def reach(histories: Histories) -> dict[str, int]:
    """Return in how many histories each thing certainly occurred."""
    reached = [judge(p.moments, histories.terms[p.kind]).reached for p in histories.plays]
    return {name: sum(name in found for found in reached) for name in FLOORS}


def expected(histories: Histories) -> list[str]:
    """Return what has to have occurred: with no limit of its own that is known, no rejection."""
    limited = any(terms.limit <= 2 for terms in histories.terms)
    return [name for name in FLOORS if limited or name != "rejected probe"]
