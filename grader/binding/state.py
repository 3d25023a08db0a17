"""Reading a state: whatever a breaker calls its three states, one of three words."""

from typing import Any

CLOSED, OPEN, HALF_OPEN = "closed", "open", "half_open"


def as_state(flat: dict[str, Any], learnt: dict[str, str]) -> str | None:
    """Return `closed`, `open` or `half_open` for what an accessor gave, else None.

    `learnt` maps raw values to states, where the words alone do not tell.
    """
    for raw in _values(flat):
        if str(raw) in learnt:
            return learnt[str(raw)]
        word = state_of(raw)
        if word is not None:
            return word
        if raw is not None and {CLOSED, OPEN} == set(learnt.values()):
            return HALF_OPEN  # numbers, say: what is neither of the two that were learnt
    return None


def raw_state(flat: dict[str, Any]) -> str | None:
    """Return the raw value that stands for the state."""
    return next((str(raw) for raw in _values(flat)), None)


def _values(flat: dict[str, Any]) -> list[Any]:
    if "" in flat:
        return [flat[""]]
    named = [v for k, v in flat.items() if "state" in k.rpartition(".")[2].lower()]
    other = [v for k, v in flat.items() if k.rpartition(".")[2] in {"name", "value", "status"}]
    return [*named, *other]


def state_of(raw: object) -> str | None:
    """Return the state that a word stands for, else None."""
    if not isinstance(raw, str):
        return None
    word = raw.lower().replace("_", "").replace("-", "").replace(" ", "")
    for state, beginnings in (
        (HALF_OPEN, ("half", "recover", "prob", "trial", "testing")),
        (CLOSED, ("clos", "work", "pass", "healthy", "normal")),
        (OPEN, ("open", "fail", "brok", "trip", "block")),
    ):
        if any(beginning in word for beginning in beginnings):
            return state
    return None
