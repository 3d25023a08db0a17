"""Runs defects through the specification and tells which requirements noticed.

`python -m grader.survey [ID …]` runs each against the whole specification and lists what fell
that should have stood.
"""

import ast
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor

import click
import msgspec

from grader import defects, scoring, slot
from grader.defects import Defect
from grader.grading import grade
from grader.pytest_session import SPECIFICATION
from grader.results import Finding
from grader.sandbox import choose
from grader.specification import MARK
from grader.verdicts import Level, Verdict

NOTICED = frozenset({Verdict.FAIL, Verdict.ERROR})
"""Verdicts by which a requirement notices a defect: something was seen, not merely missed."""
STANDS = frozenset({Verdict.PASS, Verdict.NOT_OFFERED})

Findings = Mapping[str, Finding]


class Fall(msgspec.Struct, frozen=True, kw_only=True):
    """A requirement that a defect brought down."""

    row: str
    finding: Finding
    kind: str
    """`own`; `also`; `follows`: blocked, and what blocks it is explained; or `stray`."""

    def tell(self) -> str:
        """Return it in words."""
        because = f" ({self.finding.because})" if self.finding.because else ""
        return f"{self.row} {self.finding.verdict}{because}: {self.finding.evidence}"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a defect brought down."""

    defect: Defect
    falls: tuple[Fall, ...]
    survived: bool
    """Its own requirement did not notice it."""
    idle: tuple[str, ...]
    """Rows of its `also` that did not fall."""

    @property
    def strays(self) -> tuple[Fall, ...]:
        """What fell although nothing says it should."""
        return tuple(fall for fall in self.falls if fall.kind == "stray")

    @property
    def clean(self) -> bool:
        """Whether it died by its own requirement and by nothing unrelated."""
        return not (self.survived or self.strays or self.idle)


def requirement_tests() -> dict[str, str]:
    """Return what selects the tests that judge each requirement, read from the source."""
    found: dict[str, str] = {}
    for row, _, test in _declarations():
        found[row] = f"{found[row]} or {test}" if row in found else test
    return found


def scored_requirements() -> set[str]:
    """Return the requirements that can fail, read from the source: all but the informative."""
    return {row for row, level, _ in _declarations() if level != Level.INFORMATIVE.name}


def _declarations() -> Iterator[tuple[str, str, str]]:
    """Yield the row, the name of the level and the name of the test, for every requirement."""
    for path in sorted(SPECIFICATION.glob("test_*.py")):
        for node in ast.parse(path.read_bytes()).body:
            if not isinstance(node, ast.FunctionDef):
                continue
            for mark in node.decorator_list:
                if isinstance(mark, ast.Call) and ast.unparse(mark.func) == MARK:
                    row, level = mark.args
                    yield str(ast.literal_eval(row)), ast.unparse(level), node.name


def findings(defect: Defect, select: str = "", isolation: str = "auto") -> dict[str, Finding]:
    """Grade a defect by the whole specification, or by what `select` names."""
    candidate = defects.build(defect, defects.reference())
    graded = grade(candidate, choose(isolation), scoring.load(), select=select)
    return graded.result.requirements


def judge(defect: Defect, found: Findings) -> Outcome:
    """Return what a defect brought down, each fall with its kind."""
    fallen = {row: finding for row, finding in found.items() if finding.verdict not in STANDS}
    explained = {defect.kills, *defect.also}
    falls = tuple(
        Fall(row=row, finding=finding, kind=_kind(row, defect, fallen, explained))
        for row, finding in fallen.items()
    )
    own = found.get(defect.kills)
    return Outcome(
        defect=defect,
        falls=falls,
        survived=own is None or own.verdict not in NOTICED,
        idle=tuple(row for row in defect.also if row not in fallen),
    )


def _kind(row: str, defect: Defect, fallen: Findings, explained: set[str]) -> str:
    if row == defect.kills:
        return "own"
    if row in defect.also:
        return "also"
    return "follows" if _root(row, fallen) in explained else "stray"


def _root(row: str, fallen: Findings) -> str:
    """Return the row that a blocked one leads back to, over others that are blocked."""
    passed = {row}
    while row in fallen and fallen[row].verdict is Verdict.BLOCKED:
        row = fallen[row].because
        if row in passed:
            break
        passed.add(row)
    return row


def pool(jobs: int | None = None) -> ProcessPoolExecutor:
    """Return processes that grade: one for each core."""
    return slot.processes(jobs or os.cpu_count() or 1)


def survey(chosen: Sequence[Defect]) -> Iterator[Outcome]:
    """Run each defect against the whole specification; they come in the order given."""
    with pool() as processes:
        for defect, found in zip(chosen, processes.map(findings, chosen), strict=True):
            yield judge(defect, found)


@click.command()
@click.argument("ids", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Show also what fell as it should.")
def main(ids: tuple[str, ...], *, everything: bool) -> None:
    """Run the named defects, or all, and list what fell unasked."""
    chosen = [d for d in defects.load_all() if not ids or d.id in ids]
    unclean = 0
    for outcome in survey(chosen):
        unclean += not outcome.clean
        _show(outcome, everything=everything)
    click.echo(f"{len(chosen)} defects, {unclean} of them not as they should be")


def _show(outcome: Outcome, *, everything: bool) -> None:
    defect = outcome.defect
    survived = " SURVIVED" if outcome.survived else ""
    follow = sum(fall.kind == "follows" for fall in outcome.falls)
    click.echo(f"{defect.id} kills {defect.kills}{survived}; {follow} follow")
    for fall in outcome.falls:
        if everything or fall.kind == "stray":
            click.echo(f"  {fall.kind:8}{fall.tell()}")
    for row in outcome.idle:
        click.echo(f"  idle    {row} did not fall")


if __name__ == "__main__":
    main()
