"""From verdicts to a score out of ten: pure functions.

Within an area the score is the mean over its rows, weighted by level; over the
areas it is the mean weighted by the rubric. What a row contributes:

| verdict       | to `score`                      | to `score_high` |
|---------------|---------------------------------|-----------------|
| pass          | 1                               | 1               |
| fail          | the share of its cases passed   | the same        |
| error         | 0                               | 0               |
| blocked       | 0, whatever its level           | 0               |
| unknown       | 0                               | 1               |
| not offered   | out of the denominator          | the same        |

Informative rows never count, nor do waived ones, nor rows that have no finding: a run with
`-k`, or a library that is not judged on http, is scored on what was asked of it.

Sums are exactly rounded (`math.fsum`), so the order of the findings cannot
show in a score, and rounding happens once, at the end, to two decimals.
10.00 is kept for a candidate of which every counted row passed: 9.996 is
written 9.99, because a reader takes ten for "nothing was found".
"""

import math
from collections.abc import Iterable, Mapping

import msgspec

from grader.errors import GraderError
from grader.results import Area, Finding, Requirement
from grader.scoring.rubric import Rubric
from grader.verdicts import Known, Verdict

_FULL = 10.0
_LESS_THAN_FULL = 9.99


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """What one candidate gets, ready to be put into its `CandidateResult`."""

    score: float | None
    """0..10 with unknown counted as failed; None where no row counts."""
    score_high: float | None
    """The same with unknown counted as passed; never below `score`."""
    as_delivered: float | None
    """`score` for an answer that is whole and imports as it stands, else 0."""
    attested: float | None
    """Points of `score` from rows that only the worker vouches for; None where no row counts."""
    areas: dict[str, Area]
    """The areas with at least one counted row, in the rubric's order."""


class _Row(msgspec.Struct, frozen=True):
    """One counted row: its weight inside its area, and the two ways to count it."""

    area: str
    weight: float
    low: float
    high: float
    attested: bool


def score(
    findings: Mapping[str, Finding],
    requirements: Mapping[str, Requirement],
    rubric: Rubric,
    *,
    delivered_whole: bool = True,
) -> Score:
    """Score one candidate's findings.

    `delivered_whole` says that nothing was cut off and that everything parses
    and imports as it stands. Raises `GraderError` for a finding or an area that
    the specification or the rubric does not have: that is our mistake.
    """
    rows = [
        row
        for identifier, finding in findings.items()
        if (row := _row(identifier, finding, requirements, rubric)) is not None
    ]
    areas = _areas(rows, rubric)
    counted = [row for row in rows if rubric.areas[row.area] > 0]
    if not counted:
        return Score(score=None, score_high=None, as_delivered=None, attested=None, areas=areas)
    low = _out_of_ten(
        _mean((area.weight, area.score) for area in areas.values()),
        flawless=all(row.low == 1 for row in counted),
    )
    high = _out_of_ten(
        _mean((area.weight, area.high) for area in areas.values()),
        flawless=all(row.high == 1 for row in counted),
    )
    return Score(
        score=low,
        score_high=high,
        as_delivered=low if delivered_whole else 0.0,
        attested=min(low, round(_FULL * _attested(rows, areas), 2)),
        areas=areas,
    )


def _attested(rows: list[_Row], areas: Mapping[str, Area]) -> float:
    """Return the part of the score, 0..1, that comes of attested rows."""
    return _mean(
        (
            area.weight,
            _mean((r.weight, r.low if r.attested else 0.0) for r in rows if r.area == name),
        )
        for name, area in areas.items()
    )


def _areas(rows: list[_Row], rubric: Rubric) -> dict[str, Area]:
    return {
        name: Area(
            score=_mean((row.weight, row.low) for row in members),
            high=_mean((row.weight, row.high) for row in members),
            weight=weight,
        )
        for name, weight in rubric.areas.items()
        if (members := [row for row in rows if row.area == name])
    }


def _row(
    identifier: str, finding: Finding, requirements: Mapping[str, Requirement], rubric: Rubric
) -> _Row | None:
    """Return the row as it counts, or None where it does not."""
    requirement = requirements.get(identifier)
    if requirement is None:
        raise GraderError(f"a finding for {identifier!r}, which the specification does not have")
    if requirement.area not in rubric.areas:
        raise GraderError(f"{identifier}: the rubric has no area {requirement.area!r}")
    weight = rubric.levels[requirement.level]
    if weight == 0 or finding.waived or finding.verdict is Verdict.NOT_OFFERED:
        return None
    low, high = _worth(finding)
    return _Row(requirement.area, weight, low, high, finding.known is Known.ATTESTED)


def _worth(finding: Finding) -> tuple[float, float]:
    match finding.verdict:
        case Verdict.PASS:
            return 1.0, 1.0
        case Verdict.FAIL:
            share = _part(finding.share)
            return share, share
        case Verdict.UNKNOWN:
            return 0.0, 1.0
        case _:
            return 0.0, 0.0


def _part(share: float) -> float:
    """Return a failed row's share as it counts: inside 0..1, and below 1.

    A share of 1 on a failed row contradicts itself; the verdict wins, by the
    smallest step there is, so that such a row can never make a score flawless.
    """
    if math.isnan(share):
        return 0.0
    return min(max(share, 0.0), math.nextafter(1.0, 0.0))


def _mean(weighted: Iterable[tuple[float, float]]) -> float:
    """Return the weighted mean; 0 where nothing weighs anything."""
    pairs = list(weighted)
    total = math.fsum(weight for weight, _ in pairs)
    return math.fsum(weight * value for weight, value in pairs) / total if total else 0.0


def _out_of_ten(share: float, *, flawless: bool) -> float:
    rounded = round(_FULL * share, 2)
    if flawless:
        return _FULL
    return min(rounded, _LESS_THAN_FULL)
