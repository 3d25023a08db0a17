"""Plays a short story of calls, to see which numbers of a breaker's metrics move with what."""

from collections.abc import Iterator, Sequence
from typing import Any

from grader.binding.model import Accessor
from grader.binding.movements import TRIPS, Moment, find_by_movement
from grader.driver.breaker import MOST_FAILURES, Breaker
from grader.driver.lab import Lab
from grader.driver.settings import DEFAULTS

_DUE = 1.05


def counts_by_movement(
    lab: Lab, places: Sequence[Accessor], known: dict[str, str]
) -> tuple[Accessor, dict[str, str]] | None:
    """Return the place whose numbers tell most of what is not `known`, and their paths."""
    # A share that successes before the failures leave within reach.
    breaker = lab.breaker(**({"rate": 0.7} if lab.offers("rate") else {}))
    before = [_read(lab, breaker, place) for place in places]
    told: list[list[Moment]] = [[] for _ in places]
    for happened in _story(lab, breaker):
        for place, moments in zip(places, told, strict=True):
            moments.append(Moment(happened, _read(lab, breaker, place)))
    found = [
        (place, find_by_movement(start, moments, known))
        for place, start, moments in zip(places, before, told, strict=True)
        if moments
    ]
    return max((f for f in found if f[1]), key=lambda f: _merit(f[1]), default=None)


def _merit(counts: dict[str, str]) -> tuple[int, int]:
    """Return how many there are, and how near they lie: what lies deep may be the inner works."""
    return len(counts), -sum(path.count(".") for path in counts.values())


def _read(lab: Lab, breaker: Breaker, place: Accessor) -> dict[str, Any]:
    reply = lab.request("read", breaker=breaker.handle, target=place.target, path=place.path)
    return reply.value if reply.error is None and isinstance(reply.value, dict) else {}


def _story(lab: Lab, breaker: Breaker) -> Iterator[dict[str, int]]:
    """Play the story and yield what happened, step by step; it ends where a call goes astray.

    A success stands between failures, so that a streak is no count, and a recovery near the
    end, so that what is set back when the circuit closes is none either.
    """
    for call, concept in (
        (breaker.succeed, "successes"),
        (breaker.fail, "failures"),
        (breaker.succeed, "successes"),
    ):
        if not call().admitted:
            return
        yield {concept: 1}
    failures = 0
    while not (last := breaker.fail()).rejected:
        failures += 1
        if failures > MOST_FAILURES or not last.admitted:
            return
    yield {"failures": failures, "transitions": 1, TRIPS: 1, "rejections": 1}
    if breaker.succeed().rejected:
        yield {"rejections": 1}
    if not lab.offers("base"):
        return
    lab.wait(_DUE * DEFAULTS["base"])
    if breaker.succeed().succeeded:
        yield {"successes": 1, "transitions": 2}
    if breaker.fail().admitted:
        yield {"failures": 1}
