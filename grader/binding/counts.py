"""Which of the numbers in a breaker's metrics counts what, told by their names."""

from typing import Any

from grader.binding import vocabulary as v

# On the breaker itself these are streaks that a success sets back, not totals.
_STREAKS = {"failurecount", "successcount", "failures", "successes", "failcounter", "attempts"}
_LISTS = "#"


def find_counts(flat: dict[str, Any], *, of_breaker: bool = False) -> dict[str, tuple[str, ...]]:
    """Return concept → paths of its count in `flat`; several paths are to be added up.

    `of_breaker`: the numbers stand on the breaker itself, where `failure_count` is a streak.
    """
    found: dict[str, tuple[str, ...]] = {}
    for concept, words in v.COUNTS.items():
        ranked: list[tuple[int, int, tuple[str, ...]]] = []
        for path in flat:
            candidate = _paths(flat, path, concept, words, of_breaker=of_breaker)
            if candidate is not None:
                rank, paths = candidate
                ranked.append((path.count("."), rank, paths))
        if ranked:
            ranked.sort(key=lambda entry: (entry[0], entry[1]))
            found[concept] = ranked[0][2]
    return found


def _paths(
    flat: dict[str, Any], path: str, concept: str, words: tuple[str, ...], *, of_breaker: bool
) -> tuple[int, tuple[str, ...]] | None:
    value = flat[path]
    head, _, last = path.rpartition(".")
    number = type(value) in (int, float)
    if concept == "state":
        rank = v.match(last, words)
        return None if rank is None or not isinstance(value, str) else (rank, (path,))
    if not number:
        return None
    if last == _LISTS:
        # A list of transitions is counted by its length.
        rank = v.match(head.rpartition(".")[2], words) if concept == "transitions" else None
        return None if rank is None else (rank, (path,))
    if of_breaker and v.normal(last) in _STREAKS:
        return None
    rank = v.match(last, words)
    if rank is not None:
        return rank, (path,)
    # A mapping of counts, such as transitions by state, is added up.
    rank = v.match(head.rpartition(".")[2], words) if concept == "transitions" and head else None
    if rank is None:
        return None
    siblings = tuple(p for p in flat if p.startswith(f"{head}.") and p.count(".") == path.count("."))
    return rank + 1, siblings
