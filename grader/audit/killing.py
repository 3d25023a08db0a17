"""Looks whether any requirement notices a mutant, the likeliest ones first."""

from collections.abc import Iterable, Sequence

import msgspec

from grader import defects, judging
from grader.audit import mutants
from grader.audit.mutants import Mutant
from grader.bench import Bench
from grader.candidate import Candidate
from grader.defects import Defect
from grader.judging import Test
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
    unknown: tuple[str, ...] = ()
    """Requirements that said unknown before that."""


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


def ordered(together: Sequence[Mutant], known: Sequence[Place]) -> list[Test]:
    """Return the tests of all requirements that can fail, in the order in which to try them.

    First the areas of those that notice a named defect near by, in them the nearest: the same for
    every run, so that the one that is named as having noticed is the same as well.
    """
    near: dict[str, int] = {}
    for mutant in together:
        for place in known:
            if place.file == mutant.file:
                away = max(place.first - mutant.line, mutant.line - place.last, 0)
                near[place.row] = min(away, near.get(place.row, _FAR))
    able = [test for test in judging.tests() if test.row.level is not Level.INFORMATIVE]
    areas: dict[str, int] = {}
    for test in able:
        away = near.get(test.row.id, _FAR)
        areas[test.row.area] = min(away, areas.get(test.row.area, _FAR))
    return sorted(
        able,
        key=lambda test: (areas[test.row.area], near.get(test.row.id, _FAR), test.place),
    )


def kill(together: Sequence[Mutant], base: Candidate, known: Sequence[Place], tier: Tier) -> Death:
    """Judge the breaker that has these mutations until a requirement does not pass."""
    candidate = mutants.build(together, base)
    unknown: dict[str, None] = {}
    tests = ordered(together, known)
    with Bench(candidate, tier) as bench:
        for judged, test in enumerate(tests, start=1):
            case = test.judge(bench, candidate.id)
            if case.verdict in KILLS:
                return Death(
                    row=case.row.id,
                    verdict=case.verdict,
                    evidence=case.evidence,
                    judged=judged,
                    unknown=tuple(unknown),
                )
            if case.verdict is Verdict.UNKNOWN:
                unknown[case.row.id] = None
    return Death(judged=len(tests), unknown=tuple(unknown))


def noticed(
    together: Sequence[Mutant], base: Candidate, known: Sequence[Place], tier: Tier
) -> dict[str, Death]:
    """Return those of some mutants that a requirement notices, expecting none.

    They are looked at together, in one breaker: where all stand, no one of them is noticed. (Two
    that hide each other would be missed.) Where one falls, they are looked at in halves.
    """
    death = kill(together, base, known, tier)
    if not death.row:
        return {}
    if len(together) == 1:
        return {together[0].id: death}
    half = len(together) // 2
    return {
        **noticed(together[:half], base, known, tier),
        **noticed(together[half:], base, known, tier),
    }


def groups(alike: Iterable[Mutant]) -> list[list[Mutant]]:
    """Put mutants into as few groups as let none touch another."""
    made: list[list[Mutant]] = []
    for mutant in alike:
        for group in made:
            if not any(mutant.touches(other) for other in group):
                group.append(mutant)
                break
        else:
            made.append([mutant])
    return made
