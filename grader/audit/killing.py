"""Looks whether any requirement notices a mutant, the likeliest ones first."""

from collections.abc import Iterable, Sequence

import msgspec

from grader import defects
from grader.audit import judging, mutants
from grader.audit.judging import Test
from grader.audit.mutants import Mutant
from grader.bench import Bench
from grader.candidate import Candidate
from grader.defects import Defect
from grader.plugin import Case
from grader.sandbox import Tier
from grader.verdicts import Level, Verdict

KILLS = frozenset({Verdict.FAIL, Verdict.ERROR, Verdict.BLOCKED})
"""Verdicts that count against a mutant: what costs a candidate points whatever is assumed.

`unknown` is none of them: there the grader did not see, and `score_high` lets it pass.
"""
_FAR = 10_000


class Place(msgspec.Struct, frozen=True):
    """Lines of the reference that a named defect changes, and the requirement that notices."""

    row: str
    file: str
    first: int
    last: int


class Death(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a mutant."""

    row: str = ""
    """The requirement that noticed; empty: all stood, it survived."""
    verdict: str = ""
    evidence: str = ""
    judged: int
    """How many tests were needed."""


def places(known: Iterable[Defect], base: Candidate) -> tuple[Place, ...]:
    """Return what the named defects tell of where which requirement looks."""
    texts = {file.path: file.delivered for file in base.files}
    main = defects.main_file(base)
    found = []
    for defect in known:
        for change in defect.replace:
            text = texts.get(change.file or main, "")
            at = text.find(change.old) if change.old else -1
            if at >= 0:
                first = text.count("\n", 0, at) + 1
                last = first + change.old.count("\n")
                found.append(Place(defect.kills, change.file or main, first, last))
    return tuple(found)


def ordered(mutant: Mutant, known: Sequence[Place]) -> list[Test]:
    """Return the tests of all requirements that can fail, in the order in which to try them.

    First those that notice a named defect near by, then as the specification goes: the same for
    every run, so that the one that is named as having noticed is the same as well.
    """
    near: dict[str, int] = {}
    for place in known:
        if place.file == mutant.file:
            away = max(place.first - mutant.line, mutant.line - place.last, 0)
            near[place.row] = min(away, near.get(place.row, _FAR))
    able = [test for test in judging.tests() if test.row.level is not Level.INFORMATIVE]
    return sorted(able, key=lambda test: (near.get(test.row.id, _FAR), test.place))


def kill(mutant: Mutant, base: Candidate, known: Sequence[Place], tier: Tier) -> Death:
    """Judge a mutant until a requirement does not pass."""
    candidate = mutants.build(mutant, base)
    judged = 0
    with Bench(candidate, tier) as bench:
        for test in ordered(mutant, known):
            case = test.judge(bench, candidate.id)
            judged += 1
            if kills(case):
                return Death(
                    row=case.row.id, verdict=case.verdict, evidence=case.evidence, judged=judged
                )
    return Death(judged=judged)


def kills(case: Case) -> bool:
    """Whether a verdict counts against a mutant."""
    return case.verdict in KILLS
