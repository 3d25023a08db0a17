"""The gates of a run: what makes its exit status 1, one line for each reason."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from grader.errors import InputError
from grader.results import CandidateResult, Results
from grader.verdicts import Verdict, worth

Baseline = dict[str, dict[str, Verdict]]
"""Candidate → requirement → the verdict that it had."""


class Reason(msgspec.Struct, frozen=True):
    """Why a gate is not met."""

    candidate: str
    text: str

    def __str__(self) -> str:
        return f"{self.candidate}: {self.text}"


def read_baseline(path: Path) -> Baseline:
    """Return the verdicts that `grader verdicts` wrote; raises InputError, one line, otherwise."""
    try:
        tables: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        return msgspec.convert(tables, Baseline)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{path}: not TOML: {error}") from error
    except msgspec.ValidationError as error:
        raise InputError(
            f"{path}: no verdicts as `grader verdicts` writes them: {error}"
        ) from error


def under(results: Results, fail_under: float) -> Iterator[Reason]:
    """Yield the candidates whose score is lower than *fail_under*, 0 to 10, or that have none."""
    for candidate in results.candidates:
        if candidate.score is None:
            yield Reason(candidate.id, f"no score, where {fail_under:g} is asked for")
        elif candidate.score < fail_under:
            yield Reason(candidate.id, f"{candidate.score:.2f}, under {fail_under:g}")


def worse(results: Results, baseline: Baseline) -> Iterator[Reason]:
    """Yield every requirement that costs points, or may cost some, and did not before.

    A candidate or a requirement that the baseline does not know cannot be worse.
    """
    for candidate in results.candidates:
        for row, before in baseline.get(candidate.id, {}).items():
            finding = candidate.requirements.get(row)
            if finding is None or worth(finding.verdict) >= worth(before):
                continue
            told = f": {finding.evidence}" if finding.evidence else ""
            yield Reason(candidate.id, f"{row} was {before}, is {finding.verdict}{told}")
        if candidate.id in baseline and not candidate.requirements:
            yield Reason(candidate.id, f"was graded, and is not: {candidate.problem}")


def out_of_date(results: Results, baseline: Baseline) -> int:
    """Return how many verdicts differ from the baseline, or are new to it, or no longer given.

    Candidates of the baseline that were not graded this time are left out.
    """
    return sum(_differing(candidate, baseline) for candidate in results.candidates)


def _differing(candidate: CandidateResult, baseline: Baseline) -> int:
    now = {row: finding.verdict for row, finding in candidate.requirements.items()}
    before = baseline.get(candidate.id, {})
    return sum(now.get(row) != before.get(row) for row in now.keys() | before.keys())
