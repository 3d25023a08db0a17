"""Reading a state: whatever a breaker calls its three states, one of three words."""

import re
from typing import Any

CLOSED, OPEN, HALF_OPEN = "closed", "open", "half_open"


_ABOUT_IT = re.compile(r"state|status|phase|mode|circuit|breaker|cb|_")
_CLASSES = {"closed": CLOSED, "open": OPEN, "opened": OPEN, "halfopen": HALF_OPEN}
"""States by the names of their classes, without what only says that it is a state."""


def as_state(flat: dict[str, Any], learnt: dict[str, str]) -> str | None:
    """Return `closed`, `open` or `half_open` for what an accessor gave, else None.

    `learnt` maps raw values to states, where the words alone do not tell.
    """
    for raw in _values(flat):
        state = learnt.get(str(raw)) or state_of(raw) or _neither(raw, learnt)
        if state is not None:
            return state
    kind = flat.get("@type")
    return learnt.get(str(kind)) or _neither(kind, learnt)


def _neither(raw: object, learnt: dict[str, str]) -> str | None:
    """Return half-open for what is neither of the two that were learnt: a number, say."""
    return HALF_OPEN if raw is not None and {CLOSED, OPEN} == set(learnt.values()) else None


def raw_state(flat: dict[str, Any]) -> str | None:
    """Return the raw value that stands for the state."""
    told = [*_values(flat), *[flat[key] for key in ("@type",) if key in flat]]
    return next((str(raw) for raw in told), None)


def word_of(flat: dict[str, Any]) -> str | None:
    """Return the state that the raw value is a word for, else None.

    The name of a class is one where it says nothing else: a `WorkerState` is not at work.
    """
    return state_of(next(iter(_values(flat)), None))


def _values(flat: dict[str, Any]) -> list[Any]:
    if "" in flat:
        return [flat[""]]
    kind = _CLASSES.get(_ABOUT_IT.sub("", str(flat.get("@type", "")).lower()))
    named = [v for k, v in flat.items() if "state" in k.rpartition(".")[2].lower()]
    other = [v for k, v in flat.items() if k.rpartition(".")[2] in {"name", "value", "status"}]
    said = [flat["@str"]] if "@str" in flat else []
    return [*([kind] if kind else []), *named, *other, *said]


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
