"""Which of the numbers in a breaker's metrics counts what, told by their names."""

import fnmatch
import re
from typing import Any

from grader.binding import vocabulary as v
from grader.binding.state import state_of

# On the breaker itself these are streaks that a success sets back, not totals.
_STREAKS = {"failurecount", "successcount", "failures", "successes", "failcounter", "attempts"}
_LENGTH = "#"
_GUESSED = 1_000  # the rank of a name that stands in no list
ALL = "*"
"""Stands for anything in the last name of a path: `transitions.*` adds up what is counted by state,
`tally.*->*` what is counted by change of state among others."""
_EDGE = re.compile(r"^\w+ ?(->|→|>) ?\w+$")
_OPENING = re.compile(r"^((?:on_)?)open$")
_EDGE_OF_STATES = re.compile(r"^([a-z_]+)_to_([a-z_]+)$")


def find_counts(flat: dict[str, Any], *, of_breaker: bool = False) -> dict[str, str]:
    """Return concept → path of its count in `flat`.

    Where one name stands in several places, the place that has most of the counts is taken: what
    stands beside the breaker's own fields may be a streak. `of_breaker`: the numbers stand on
    the breaker itself, where `failure_count` certainly is one.
    """
    by_place: dict[str, dict[str, tuple[int, str]]] = {}
    for path, value in flat.items():
        opened = [("transitions", _GUESSED, path)] if _is_count_of_opening(path, flat) else []
        for concept, rank, where in (*_meanings(path, value), *opened):
            counted = where.removesuffix(f".{ALL}").removesuffix(f".{_LENGTH}")
            place, _, last = counted.removesuffix(".value").rpartition(".")
            if of_breaker and not place and _may_be_a_streak(last, rank):
                continue
            found = by_place.setdefault(place, {})
            if concept not in found or (rank, where) < found[concept]:
                found[concept] = (rank, where)
    counts: dict[str, str] = {}
    for place in sorted(by_place, key=lambda p: (-len(set(by_place[p]) - {"state"}), p.count("."))):
        for concept, (_, where) in by_place[place].items():
            counts.setdefault(concept, where)
    return counts


def _may_be_a_streak(name: str, rank: int) -> bool:
    guessed = rank == _GUESSED and "total" not in name.lower()
    return guessed or v.normal(name) in _STREAKS


def _meanings(path: str, value: object) -> list[tuple[str, int, str]]:
    """Return (concept, rank, path) for everything that an entry may count."""
    head, _, last = path.rpartition(".")
    if head and last == "value":  # a counter object, named by what holds it
        head, _, last = head.rpartition(".")
    if isinstance(value, str):
        rank = v.match(last, v.COUNTS["state"])
        return [] if rank is None else [("state", rank, path)]
    if type(value) not in (int, float):
        return []
    container = v.match(head.rpartition(".")[2], v.COUNTS["transitions"]) if head else None
    if container is not None:
        # A list of transitions is counted by its length, a mapping of counts by their sum.
        return [("transitions", container, path if last == _LENGTH else f"{head}.{ALL}")]
    if last == _LENGTH or v.is_time(last):
        return []
    if edge := _edge(last):
        return [
            ("transitions", _GUESSED, f"{head}.{ALL}{edge}{ALL}" if head else f"{ALL}{edge}{ALL}")
        ]
    ranks = ((concept, v.match(last, words)) for concept, words in v.COUNTS.items())
    listed = [(c, rank, path) for c, rank in ranks if rank is not None and c != "state"]
    guess = None if listed or type(value) is float else v.resembles_count(last)
    return listed if guess is None else [(guess, _GUESSED, path)]


def _is_count_of_opening(path: str, flat: dict[str, Any]) -> bool:
    """Whether it is `open` among counts of events, of which `close` is another one.

    Beside `closed` it may be anything by state, such as seconds or calls.
    """
    head, _, last = path.rpartition(".")
    told = _OPENING.match(last)
    if told is None:
        return False
    other = f"{head}.{told[1]}close" if head else f"{told[1]}close"
    return type(flat[path]) is int and type(flat.get(other)) is int


def _edge(name: str) -> str:
    """Return what stands between two states in the name of a count; empty for any other name."""
    if told := _EDGE.match(name):
        return told.group(1)
    told = _EDGE_OF_STATES.match(name.lower())
    return "_to_" if told and all(state_of(part) for part in told.groups()) else ""


def read_count(flat: dict[str, Any], path: str) -> float | None:
    """Return the count at a path; None where it is no number.

    One that is absent among others is zero: a Counter has no entry for what never happened.
    """
    if ALL in path.rpartition(".")[2]:
        entries = [value for key, value in flat.items() if fnmatch.fnmatchcase(key, path)]
        numbers = [n for n in entries if type(n) in (int, float)]
        return float(sum(numbers))
    if path not in flat and f"{path}!" not in flat and "" not in flat:
        return 0.0
    value = flat.get(path)
    return float(value) if type(value) in (int, float) else None  # type: ignore[arg-type]
