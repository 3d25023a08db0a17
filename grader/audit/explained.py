"""Explanations of mutants that nothing has to notice, from one file to read."""

import tomllib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec

from grader.answers import text
from grader.audit.mutants import Mutant
from grader.defects import FOLDER
from grader.errors import InputError

KINDS = ("equivalent", "permitted", "unseen", "unjudged")
FILE = FOLDER / "mutants" / "explained.toml"


class Explanation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why no requirement has to notice some mutants of one piece of code."""

    function: str
    """Qualified name; empty at the top of a file."""
    before: str
    """The code as it stands, on one line, without what spaces and breaks it has."""
    after: tuple[str, ...]
    """What mutants make of it."""
    kind: Literal["equivalent", "permitted", "unseen", "unjudged"]
    """Equivalent: no caller can see a difference. Permitted: a correct breaker may do that.
    Unseen: the grader says of some requirements that it could not see. Unjudged: it is worse than
    the reference in something that no requirement is about."""
    because: str
    file: str = "circuit_breaker.py"
    alone: bool = False
    """Looked at by itself: together with another explained one it would be noticed."""

    @property
    def by_itself(self) -> bool:
        """Whether its mutants cannot be looked at in one breaker with others."""
        return self.alone or self.kind == "unseen"

    @property
    def keys(self) -> list[tuple[str, str, str, str]]:
        """Keys of the mutants that it is about."""
        return [(self.file, self.function, self.before, after) for after in self.after]


def load(path: Path = FILE) -> tuple[Explanation, ...]:
    """Return the explanations; raises InputError, in one line, where the file is no good."""
    try:
        data = tomllib.loads(text.read(path))
        found = msgspec.convert(data.get("explained", []), tuple[Explanation, ...])
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise InputError(f"{path}: {error}") from error
    times = Counter(key for explanation in found for key in explanation.keys)
    for key, count in times.items():
        if count > 1:
            raise InputError(f"{path}: explained {count} times: {key[2]!r} as {key[3]!r}")
    for explanation in found:
        if not explanation.because.strip():
            raise InputError(f"{path}: {explanation.before!r}: `because` is empty")
    return found


def of(mutant: Mutant, explanations: Sequence[Explanation]) -> Explanation | None:
    """Return what explains a mutant."""
    return next((e for e in explanations if mutant.key in e.keys), None)


def stale(explanations: Sequence[Explanation], present: Sequence[Mutant]) -> list[str]:
    """Return a line for each explanation of a mutant that is not there any more."""
    keys = {mutant.key for mutant in present}
    return [
        f"explained, and no such mutant any more: in {key[1] or key[0]}, {key[2]!r} as {key[3]!r}"
        for explanation in explanations
        for key in explanation.keys
        if key not in keys
    ]
