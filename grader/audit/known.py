"""Breakers whose verdicts are known, and what the whole specification says of one."""

from pathlib import Path

import msgspec

import grader
from grader import answers, scoring
from grader.archive import Archive, Histories
from grader.audit.model import Item
from grader.candidate import Candidate, Unreadable
from grader.defects import CANDIDATES, REFERENCE
from grader.errors import InputError
from grader.grading import grade
from grader.results import CandidateResult
from grader.sandbox import Tier

_TESTS = Path(grader.__file__).resolve().parent / "tests"
LIBRARIES = CANDIDATES / "libraries"
POSITIVE_CONTROL = LIBRARIES / "interlock_cb"
"""A library that is known to be right."""
CORRECT = (
    REFERENCE,
    *(_TESTS / folder for folder in ("correct", "held_back", "unusual")),
    POSITIVE_CONTROL,
)
"""Breakers that are right."""


class Looked(msgspec.Struct, frozen=True, kw_only=True):
    """What the whole specification says of a breaker."""

    result: CandidateResult
    """Without its sources."""
    histories: str
    """Its line of a file of histories."""

    def archive(self) -> Archive:
        """Return what was seen of it, to be judged again."""
        return Archive(msgspec.json.decode(self.histories, type=Histories))


def candidates(path: Path) -> list[Candidate]:
    """Return the candidates at a path, by id; raises InputError for one that cannot be used."""
    found = []
    for entry in answers.load(path):
        if isinstance(entry, Unreadable):
            raise InputError(entry.problem)
        found.append(entry)
    return sorted(found, key=lambda candidate: candidate.id)


def whole(candidate: Candidate, tier: Tier) -> Item:
    """Return the item that grades a candidate by the whole specification."""
    return Item(
        name=candidate.id,
        content=content_of(candidate),
        job=look,
        arguments=(candidate, tier),
        result=Looked,
    )


def content_of(*parts: msgspec.Struct) -> str:
    """Return what makes an item what it is, as text."""
    return "\n".join(msgspec.json.encode(part).decode() for part in parts)


def look(candidate: Candidate, tier: Tier) -> Looked:
    """Grade a candidate by the whole specification."""
    graded = grade(candidate, tier, scoring.load())
    return Looked(
        result=msgspec.structs.replace(graded.result, sources=(), seconds=0.0),
        histories=graded.histories,
    )
