"""Two runs side by side: what improved and what regressed, row by row."""

from typing import Any

import msgspec

from grader.results import CandidateResult, Results
from grader.verdicts import Verdict, worth


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One requirement of one candidate whose verdict is another one."""

    requirement: str
    before: Verdict
    after: Verdict
    evidence: str
    """Of the run in which it is worse."""
    better: int
    """1: it improved; -1: it regressed; 0: another verdict that costs the same."""


class CandidateChange(msgspec.Struct, frozen=True, kw_only=True):
    """A candidate that is in both runs."""

    candidate: CandidateResult
    before: CandidateResult
    changes: tuple[Change, ...]

    @property
    def improved(self) -> tuple[Change, ...]:
        """What costs less than before."""
        return tuple(change for change in self.changes if change.better > 0)

    @property
    def regressed(self) -> tuple[Change, ...]:
        """What costs more than before."""
        return tuple(change for change in self.changes if change.better < 0)

    @property
    def other(self) -> tuple[Change, ...]:
        """What has another verdict that costs the same."""
        return tuple(change for change in self.changes if change.better == 0)

    @property
    def difference(self) -> float | None:
        """How the score moved; None where one of the runs has none."""
        now, then = self.candidate.score, self.before.score
        return None if now is None or then is None else round(now - then, 2)


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """A run held against an earlier one."""

    candidates: tuple[CandidateChange, ...]
    """Those of both runs in which anything changed."""
    unchanged: int
    added: tuple[str, ...]
    gone: tuple[str, ...]
    notes: tuple[str, ...]
    """What makes the two runs hard to compare: another specification, seed or tier."""


def compare(after: Results, before: Results) -> Comparison:
    """Hold a run against an earlier one; candidates are matched by their ids."""
    then = {candidate.id: candidate for candidate in before.candidates}
    both = [
        CandidateChange(candidate=now, before=then[now.id], changes=_changes(now, then[now.id]))
        for now in after.candidates
        if now.id in then
    ]
    changed = tuple(change for change in both if change.changes or change.difference)
    now_ids = {candidate.id for candidate in after.candidates}
    return Comparison(
        candidates=changed,
        unchanged=len(both) - len(changed),
        added=tuple(c.name for c in after.candidates if c.id not in then),
        gone=tuple(c.name for c in before.candidates if c.id not in now_ids),
        notes=_notes(after, before),
    )


def _changes(now: CandidateResult, then: CandidateResult) -> tuple[Change, ...]:
    changes = []
    for row, finding in now.requirements.items():
        earlier = then.requirements.get(row)
        if earlier is None or earlier.verdict is finding.verdict:
            continue
        better = worth(finding.verdict) - worth(earlier.verdict)
        changes.append(
            Change(
                requirement=row,
                before=earlier.verdict,
                after=finding.verdict,
                evidence=earlier.evidence if better > 0 else finding.evidence,
                better=(better > 0) - (better < 0),
            )
        )
    return tuple(changes)


def _notes(after: Results, before: Results) -> tuple[str, ...]:
    pairs = (
        ("specification", before.specification, after.specification),
        ("seed", before.seed, after.seed),
        ("isolation tier", before.isolation, after.isolation),
        ("Python", before.python, after.python),
        ("weights", _weights(before), _weights(after)),
    )
    return tuple(
        f"another {name}" if name == "weights" else f"{name} was {then}, is {now}"
        for name, then, now in pairs
        if then != now
    )


def _weights(results: Results) -> dict[str, Any]:
    """Return the weights of a run without the name that they go by."""
    return {key: value for key, value in results.rubric.items() if key != "name"}
