"""Disputed verdicts: what a reviewer holds against a run, with reasons.

A dispute never changes a verdict. It is shown beside it, and what the score would be if every
disputed verdict were the one that the reviewer asks for is told apart from the score. The file is
what the report's page exports:

    [[dispute]]
    candidate = "grok_420"
    requirement = "bo-first"
    verdict = "fail"       # the verdict that is disputed
    should_be = "pass"     # the one that the reviewer asks for
    reason = "The open period is configured in milliseconds."
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path

import msgspec

from grader.errors import InputError
from grader.results import CandidateResult, Dispute, Finding, Results
from grader.scoring import Rubric, score
from grader.verdicts import Verdict


class Disputed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry of the file."""

    candidate: str
    requirement: str
    verdict: Verdict
    should_be: Verdict
    reason: str


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    dispute: tuple[Disputed, ...] = ()


def read_disputes(path: Path) -> tuple[Disputed, ...]:
    """Read a file of disputes, TOML or JSON; raises InputError, one line, where it is none."""
    try:
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".json":
            found = msgspec.json.decode(text, type=_File)
        else:
            found = msgspec.convert(tomllib.loads(text), _File)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{path}: not a file of disputes: {error}") from error
    except msgspec.MsgspecError as error:
        raise InputError(f"{path}: not a file of disputes: {error}") from error
    for entry in found.dispute:
        if not entry.reason.strip():
            where = f"{entry.candidate}, {entry.requirement}"
            raise InputError(f"{path}: {where}: a dispute needs a reason")
    return found.dispute


def with_disputes(results: Results, disputes: tuple[Disputed, ...]) -> tuple[Results, list[str]]:
    """Return the results with the disputes beside their verdicts, and what to tell the user.

    Verdicts and scores stay as they are. A dispute about a row or a candidate that is not there is
    told; so is one about a verdict that has become another one, which is kept, and marked stale.
    """
    by_candidate: dict[str, dict[str, Disputed]] = {}
    notes = []
    known = {candidate.id: candidate for candidate in results.candidates}
    for entry in disputes:
        candidate = known.get(entry.candidate)
        finding = candidate.requirements.get(entry.requirement) if candidate else None
        where = f"{entry.candidate}, {entry.requirement}"
        if finding is None:
            notes.append(f"a dispute about {where}, which this run does not have")
            continue
        if finding.verdict is not entry.verdict:
            notes.append(f"{where}: disputed as {entry.verdict}, is {finding.verdict} now")
        by_candidate.setdefault(entry.candidate, {})[entry.requirement] = entry
    candidates = tuple(
        _disputed(candidate, by_candidate.get(candidate.id, {}), results)
        for candidate in results.candidates
    )
    return msgspec.structs.replace(results, candidates=candidates), notes


def disputes_of(results: Results) -> tuple[Disputed, ...]:
    """Return the disputes that results show, to be held against other results."""
    return tuple(
        Disputed(
            candidate=candidate.id,
            requirement=row,
            verdict=dispute.verdict,
            should_be=dispute.should_be,
            reason=dispute.reason,
        )
        for candidate in results.candidates
        for row, dispute in candidate.disputes.items()
    )


def _disputed(
    candidate: CandidateResult, entries: Mapping[str, Disputed], results: Results
) -> CandidateResult:
    shown = {
        row: Dispute(
            verdict=entry.verdict,
            should_be=entry.should_be,
            reason=entry.reason,
            stale=candidate.requirements[row].verdict is not entry.verdict,
        )
        for row, entry in entries.items()
    }
    return msgspec.structs.replace(
        candidate, disputes=shown, score_if_upheld=_score_if_upheld(candidate, shown, results)
    )


def _score_if_upheld(
    candidate: CandidateResult, disputes: Mapping[str, Dispute], results: Results
) -> float | None:
    """Return the score if every dispute that is not stale were upheld; None without any."""
    upheld = {row: d.should_be for row, d in disputes.items() if not d.stale}
    if not upheld:
        return None
    findings = {
        row: _upheld(finding, upheld[row]) if row in upheld else finding
        for row, finding in candidate.requirements.items()
    }
    return score(findings, results.requirements, msgspec.convert(results.rubric, Rubric)).score


def _upheld(finding: Finding, verdict: Verdict) -> Finding:
    share = 1.0 if verdict is Verdict.PASS else 0.0
    return msgspec.structs.replace(finding, verdict=verdict, share=share, because="")
