"""Reach: how often a requirement really got to what it is about.

A pass says nothing where the situation never came about. A requirement has *reached* what it is
about with a breaker that is right where it passed, and on the way came to a decision (an
assertion, a condition under which it fails, a return that lets it stand) or recorded a choice. What
was seen of each breaker is judged again from its histories, under a tracer that counts decisions.
"""

from collections import Counter
from collections.abc import Sequence

import msgspec

from grader import judging
from grader.audit.decisions import judge_counting
from grader.audit.model import Chapter, Item, Outcomes, Setting, Table
from grader.audit.sections import correct_breakers
from grader.plugin import LIBRARY_LEAVES_OUT
from grader.verdicts import Level, Verdict

NAME = "reach"
PLACE = 4


class Reach(msgspec.Struct, kw_only=True):
    """How far one requirement got with the correct breakers; a breaker counts once for each."""

    level: Level
    reached: int = 0
    empty: int = 0
    """It passed without having come to a decision."""
    other: Counter[Verdict] = msgspec.field(default_factory=Counter)
    cases: int = 0
    """Cases that reached: a requirement may have several for each breaker."""
    decisions: int = 0


def items(setting: Setting) -> Sequence[Item]:
    """Return the correct breakers: what was seen of them is looked at."""
    return correct_breakers.items(setting)


def conclude(_: Setting, outcomes: Outcomes) -> Chapter:
    """Count."""
    reach = _counted(outcomes)
    never = [row for row, r in reach.items() if r.level is not Level.INFORMATIVE and r.reached == 0]
    rare = sum(0 < r.reached <= len(outcomes) / 10 for r in reach.values())
    return Chapter(
        name=NAME,
        title="Reach",
        looked_at=len(reach),
        unit="requirements",
        found=(
            f"{sum(r.reached > 0 for r in reach.values())} got to what they are about with at"
            f" least one of {len(outcomes)} correct breakers, {rare} with a tenth of them or fewer"
        ),
        problems=tuple(f"{row}: reached with no correct breaker" for row in never),
        notes=(
            (
                "Reached: it passed, and on the way came to a decision or recorded a choice."
                " Empty: it passed without. Cases and decisions: of all breakers together."
            ),
        ),
        tables=(_table(reach),),
    )


def _counted(outcomes: Outcomes) -> dict[str, Reach]:
    reach = {test.row.id: Reach(level=test.row.level) for test in judging.tests()}
    for name, looked in outcomes.items():
        archive = looked.archive()
        leaves_out = LIBRARY_LEAVES_OUT if looked.result.kind == "library" else frozenset()
        reached: set[str] = set()
        empty: set[str] = set()
        for test in judging.tests():
            if test.row.area in leaves_out:
                continue
            case, come_to = judge_counting(test, archive, name)
            entry = reach[test.row.id]
            if case.verdict is not Verdict.PASS:
                continue
            if come_to or case.evidence:
                reached.add(test.row.id)
                entry.cases += 1
                entry.decisions += come_to
            else:
                empty.add(test.row.id)
        for row, finding in looked.result.requirements.items():
            if row in reached:
                reach[row].reached += 1
            elif row in empty:
                reach[row].empty += 1
            else:
                reach[row].other[finding.verdict] += 1
    return reach


def _table(reach: dict[str, Reach]) -> Table:
    others = (Verdict.NOT_OFFERED, Verdict.BLOCKED, Verdict.UNKNOWN, Verdict.FAIL, Verdict.ERROR)
    columns = ("requirement", "level", "reached", "cases", "decisions", "empty")
    return Table(
        title="Correct breakers with which each requirement got there",
        columns=(*columns, *map(str, others)),
        rows=tuple(
            (
                row,
                str(r.level),
                *map(str, (r.reached, r.cases, r.decisions, r.empty)),
                *(str(r.other[verdict]) for verdict in others),
            )
            for row, r in sorted(reach.items(), key=lambda pair: pair[1].reached)
        ),
    )
