"""Which of the numbers in a breaker's metrics counts what, told by how they move.

Names come first (`counts`). What they do not tell, a short story of calls does: a number that
grows by one with each failure, and with nothing else, counts failures, whatever it is called.
"""

import itertools
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

CONCEPTS = ("successes", "failures", "rejections", "transitions")
TRIPS = "trips"
"""Transitions to open, among others."""


class Moment(msgspec.Struct, frozen=True):
    """One step of the story, and the metrics after it."""

    happened: dict[str, int]
    """How often each concept occurred in it."""
    flat: dict[str, Any]


def find_by_movement(
    before: dict[str, Any], moments: Iterable[Moment], known: dict[str, str]
) -> dict[str, str]:
    """Return concept → path for concepts that are not `known`, told by how the numbers moved.

    A number that a name has told already is not asked again. Where several moved alike, they
    count alike, and the one that lies least deep is taken.
    """
    moments = tuple(moments)
    found: dict[str, str] = {}
    for concept in CONCEPTS:
        if concept in known or not any(moment.happened.get(concept) for moment in moments):
            continue
        expected = _occurred(concept, moments)
        alike = _alike(expected, before, moments, known)
        if concept == "transitions" and not alike:
            # Counted by kind, in a mapping of their own, in which none may stand yet.
            heads = {path.rpartition(".")[0] for path in moments[-1].flat} - {""}
            alike = [f"{head}.*" for head in heads if _sums(head, before, moments) == expected]
            # Or it counts how often it opened alone, as many do. What recovery sets back does not.
            trips = _occurred(TRIPS, moments)
            recovered = trips != expected
            alike = alike or (_alike(trips, before, moments, known) if recovered else [])
        if alike:
            found[concept] = min(alike, key=lambda path: (path.count("."), path))
    return found


def _occurred(concept: str, moments: Iterable[Moment]) -> list[int]:
    return [moment.happened.get(concept, 0) for moment in moments]


def _alike(
    expected: list[int],
    before: dict[str, Any],
    moments: tuple[Moment, ...],
    known: dict[str, str],
) -> list[str]:
    """Return the paths of what moved as expected and is not known."""
    return [
        path
        for path in before.keys() | moments[-1].flat.keys()
        if path not in known.values() and list(_steps(path, before, moments)) == expected
    ]


def _sums(head: str, before: dict[str, Any], moments: Iterable[Moment]) -> list[float]:
    """Return how far the numbers directly below a path moved together, moment by moment."""
    totals = [
        sum(
            value
            for path, value in flat.items()
            if path.rpartition(".")[0] == head
            and not path.endswith("#")
            and type(value) in (int, float)
        )
        for flat in (before, *(moment.flat for moment in moments))
    ]
    return [after - earlier for earlier, after in itertools.pairwise(totals)]


def _steps(
    path: str, before: dict[str, Any], moments: Iterable[Moment]
) -> Iterator[int | float | None]:
    """Yield how far a number moved in each moment; None where it is no number.

    One that is absent among others is zero: a Counter has no entry for what never happened.
    """
    last = before.get(path, 0)
    for moment in moments:
        now = moment.flat.get(path, 0)
        numbers = type(now) in (int, float) and type(last) in (int, float)
        yield now - last if numbers else None
        last = now
