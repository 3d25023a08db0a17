"""One root cause is one failure: what fails because something else fails says so.

A requirement may name others that it cannot be told without (`spec_tests/prerequisites.py`). Where
it fails and one of those does not hold, it is `blocked` by the one at the root, and keeps its
evidence. It counts as failed either way; a report names the root once instead of thirty rows.
"""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from grader.results import Finding
from grader.verdicts import Verdict

_DOES_NOT_HOLD = frozenset({Verdict.FAIL, Verdict.ERROR, Verdict.BLOCKED})
_HOLDS = frozenset({Verdict.PASS, Verdict.NOT_OFFERED})

Needs = Mapping[str, Sequence[str]]
"""Requirement → those that it cannot be told without, the most telling one first."""


def explained(findings: Mapping[str, Finding], needs: Needs) -> dict[str, Finding]:
    """Return the findings, with what fails for another's sake blocked by that one.

    A row that failed in some of its cases alone was seen well enough, and stays failed.
    """
    return {row: _explained(row, finding, findings, needs) for row, finding in findings.items()}


def _explained(
    row: str, finding: Finding, findings: Mapping[str, Finding], needs: Needs
) -> Finding:
    failed = finding.verdict in {Verdict.FAIL, Verdict.ERROR} and not finding.share
    # The situation could not be brought about, though what it takes seemed to hold elsewhere.
    misled = (
        finding.verdict is Verdict.BLOCKED
        and finding.because in findings
        and findings[finding.because].verdict in _HOLDS
    )
    root = next(_roots(row, findings, needs, frozenset({row})), None)
    if root is None or not (failed or misled):
        return finding
    return msgspec.structs.replace(finding, verdict=Verdict.BLOCKED, because=root, share=0.0)


def _roots(
    row: str, findings: Mapping[str, Finding], needs: Needs, seen: frozenset[str]
) -> Iterator[str]:
    """Yield the rows at the ends of all chains of what does not hold, the most telling first."""
    for needed in needs.get(row, ()):
        if needed in seen or needed not in findings:
            continue
        if findings[needed].verdict in _DOES_NOT_HOLD:
            deeper = next(_roots(needed, findings, needs, seen | {needed}), None)
            yield deeper or _blocker(needed, findings)
        else:
            # What holds may still be told from something that does not.
            yield from _roots(needed, findings, needs, seen | {needed})


def _blocker(row: str, findings: Mapping[str, Finding]) -> str:
    """Return what a row that does not hold is itself blocked by, or the row."""
    passed = {row}
    while findings[row].verdict is Verdict.BLOCKED:
        because = findings[row].because
        if because in passed or because not in findings:
            break
        if findings[because].verdict not in _DOES_NOT_HOLD:
            break
        row = because
        passed.add(row)
    return row


def cycle(needs: Needs) -> list[str]:
    """Return rows that need each other, in a circle; empty where there is none."""
    for start in needs:
        chain = _way_back(start, start, needs, [start])
        if chain:
            return chain
    return []


def _way_back(row: str, start: str, needs: Needs, way: list[str]) -> list[str]:
    for needed in needs.get(row, ()):
        if needed == start:
            return [*way, start]
        if needed not in way:
            found = _way_back(needed, start, needs, [*way, needed])
            if found:
                return found
    return []
