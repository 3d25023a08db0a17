"""Verdicts on the cases of requirements, and the finding on each requirement that they add up to.

What a test raises is its verdict; most requirements have one case, and one that has several is
worth its worst.
"""

from collections.abc import Iterable, Sequence

import msgspec

from grader import prerequisites
from grader.conversation.failures import (
    Blocked,
    CandidateFailure,
    NotOffered,
    Recorded,
    Unknown,
)
from grader.played import Player
from grader.results import Finding
from grader.specification import PREREQUISITES, SCENARIOS, Row
from grader.verdicts import Verdict

CUT_OFF = "cut off"
_MOST_EVIDENCE = 500


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict on one case of a requirement; most requirements have one."""

    candidate: str
    row: Row
    verdict: Verdict
    evidence: str = ""
    because: str = ""
    died_of: str = ""
    place: int = 0
    """Where it stands in the specification, whatever the order in which it was judged."""


class Verdicts:
    """Everything that was found in a session, case by case."""

    def __init__(self) -> None:
        self.cases: list[Case] = []
        self.players: dict[str, Player] = {}
        self.rows: dict[str, Row] = {}
        """Every requirement that was collected, in the order of the specification."""
        self.scenarios: dict[str, tuple[str, ...]] = {}
        """The names of the scenarios that each requirement looks at."""
        self.places: dict[str, int] = {}
        """Where each collected test stands in the specification, by its node id."""

    def findings(self, candidate: str) -> dict[str, Finding]:
        """Return the finding on each requirement of one candidate, as the specification goes."""
        by_row: dict[str, list[Case]] = {}
        for case in sorted(self.cases, key=lambda case: case.place):
            if case.candidate == candidate:
                by_row.setdefault(case.row.id, []).append(case)
        found = {row: finding(cases) for row, cases in by_row.items()}
        return prerequisites.explained(found, PREREQUISITES)


_WORST_FIRST = (
    Verdict.ERROR,
    Verdict.FAIL,
    Verdict.BLOCKED,
    Verdict.UNKNOWN,
    Verdict.PASS,
    Verdict.NOT_OFFERED,
)


def finding(cases: Sequence[Case]) -> Finding:
    """Return the finding on a requirement: the worst case, and the share of cases that passed."""
    worst = min(cases, key=lambda case: _WORST_FIRST.index(case.verdict))
    counted = [case for case in cases if case.verdict is not Verdict.NOT_OFFERED]
    passed = sum(case.verdict is Verdict.PASS for case in counted)
    return Finding(
        verdict=worst.verdict,
        level=worst.row.level,
        known=worst.row.known,
        evidence=worst.evidence,
        because=worst.because,
        died_of=worst.died_of,
        share=round(passed / len(counted), 4) if counted else 0.0,
    )


def judge(row: Row, candidate: str, error: BaseException | None, *, cut_off: bool) -> Case | None:
    """Return the verdict that an exception of a test stands for; None for an error of our own."""
    if error is None:
        return Case(candidate=candidate, row=row, verdict=Verdict.PASS)
    evidence, because = _evidence(error), ""
    if isinstance(error, Blocked) and error.because != row.id:
        verdict, because = Verdict.BLOCKED, error.because
    elif isinstance(error, (AssertionError, Blocked)):
        verdict = Verdict.FAIL
    elif isinstance(error, CandidateFailure):
        verdict = Verdict.ERROR
    elif isinstance(error, NotOffered):
        verdict = Verdict.NOT_OFFERED
    elif isinstance(error, Unknown):
        verdict = Verdict.UNKNOWN
    elif isinstance(error, Recorded):
        verdict = Verdict.PASS
    else:
        return None
    if cut_off and verdict in {Verdict.FAIL, Verdict.BLOCKED} and because != "de-code":
        verdict, because = Verdict.BLOCKED, CUT_OFF
    return Case(
        candidate=candidate,
        row=row,
        verdict=verdict,
        evidence=evidence,
        because=because,
        died_of=error.of if isinstance(error, CandidateFailure) else "",
    )


def cut_off_ran(player: Player, scenarios: Iterable[str]) -> bool:
    """Whether a cut-off function ran in any history that a test looks at."""
    names = [name for name in scenarios if name in SCENARIOS]
    return any(player.played[name].cut_off_ran for name in names if name in player.played) or (
        player.calls_are_cut_off and not all(SCENARIOS[name].static for name in names)
    )


def _evidence(error: BaseException) -> str:
    """Return the message of an assertion without pytest's rewriting of the expression."""
    lines = str(error).splitlines() or [type(error).__name__]
    return lines[0].removeprefix("assert ")[:_MOST_EVIDENCE]
