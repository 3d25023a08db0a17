"""What to mend first: the failures of one candidate by their root, the most costly first."""

from collections.abc import Iterable, Mapping

import msgspec

from grader.results import CandidateResult, Finding, Results
from grader.scoring import Rubric, score
from grader.verdicts import Level, Verdict

_AGAINST = frozenset({Verdict.FAIL, Verdict.ERROR, Verdict.BLOCKED})


class Mistake(msgspec.Struct, frozen=True, kw_only=True):
    """One root cause, and everything that goes wrong because of it."""

    row: str
    """The requirement that shows it; empty where what stood in the way is no requirement."""
    cause: str
    """What stood in the way, in words, where there is no such row."""
    finding: Finding | None
    points: float
    """What the score, 0 to 10, would gain if this were mended, with all that depends on it."""
    also: tuple[str, ...]
    """Rows that fail because of it, and could not be looked at by themselves."""


class Feedback(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a candidate's author is told."""

    candidate: CandidateResult
    mistakes: tuple[Mistake, ...]
    holds: int
    """How many of the scored requirements hold."""
    judged: int
    """How many were scored; what is not offered, waived or merely recorded is not among them."""
    areas: dict[str, tuple[int, int]]
    """Area → how many of its scored requirements hold, and how many there are."""
    untested: tuple[str, ...]
    """Rows that the grader could not observe."""


def feedback(candidate: CandidateResult, results: Results) -> Feedback:
    """Return what to tell about a candidate of a run."""
    scored = {row: f for row, f in candidate.requirements.items() if _is_scored(f)}
    areas: dict[str, tuple[int, int]] = {}
    for row, finding in scored.items():
        area = results.requirements[row].area
        held, count = areas.get(area, (0, 0))
        areas[area] = held + (finding.verdict is Verdict.PASS), count + 1
    return Feedback(
        candidate=candidate,
        mistakes=_mistakes(candidate, scored, results),
        holds=sum(held for held, _ in areas.values()),
        judged=len(scored),
        areas={area: areas[area] for area in candidate.areas if area in areas},
        untested=tuple(row for row, f in scored.items() if f.verdict is Verdict.UNKNOWN),
    )


def _is_scored(finding: Finding) -> bool:
    counts = finding.level is not Level.INFORMATIVE and not finding.waived
    return counts and finding.verdict is not Verdict.NOT_OFFERED


def _mistakes(
    candidate: CandidateResult, scored: Mapping[str, Finding], results: Results
) -> tuple[Mistake, ...]:
    groups: dict[str, list[str]] = {}
    for row, finding in scored.items():
        if finding.verdict in _AGAINST:
            groups.setdefault(_root(row, candidate.requirements), []).append(row)
    found = [
        Mistake(
            row=root if root in candidate.requirements else "",
            cause="" if root in candidate.requirements else root,
            finding=candidate.requirements.get(root),
            points=_gained(candidate, {*rows, root}, results),
            also=tuple(row for row in rows if row != root),
        )
        for root, rows in groups.items()
    ]
    return tuple(sorted(found, key=lambda mistake: (-mistake.points, mistake.row, mistake.cause)))


def _root(row: str, findings: Mapping[str, Finding]) -> str:
    """Return the row, or the words, at the end of what a row is blocked by."""
    passed = {row}
    while findings[row].verdict is Verdict.BLOCKED and findings[row].because:
        because = findings[row].because
        if because not in findings:
            return because
        if findings[because].verdict not in _AGAINST:
            break
        if because in passed:  # they stand in each other's way: one of them, always the same
            return min(passed)
        row = because
        passed.add(row)
    return row


def _gained(candidate: CandidateResult, mended: Iterable[str], results: Results) -> float:
    rubric = msgspec.convert(results.rubric, Rubric)
    passed = {
        row: msgspec.structs.replace(candidate.requirements[row], verdict=Verdict.PASS, share=1.0)
        for row in mended
        if row in candidate.requirements
    }
    after = score({**candidate.requirements, **passed}, results.requirements, rubric).score
    return round(max((after or 0.0) - (candidate.score or 0.0), 0.0), 2)
