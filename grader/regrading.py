"""Judges a run again from its stored histories: no candidate, no sandbox and no worker."""

from pathlib import Path

import msgspec

from grader import archive
from grader.archive import Archive, Histories
from grader.candidate import Candidate
from grader.cases import Verdicts
from grader.errors import InputError
from grader.grading import judged, requirements_of
from grader.judging import judge_all
from grader.pytest_session import specification_hash
from grader.results import CandidateResult, Results, read
from grader.samples import models
from grader.scoring import Rubric
from grader.specification import SOURCES, UNTESTED

RESULTS = "results.json"


class StoredRun(msgspec.Struct, frozen=True, kw_only=True):
    """A run as it was written."""

    folder: Path
    results: Results
    histories: dict[str, Histories]
    file: bytes
    """The file of histories as it is."""


def load(path: Path) -> StoredRun:
    """Read a run from its `results.json`, or from the folder that it lies in.

    Raises `InputError` where one of the two files is not there, is damaged, or is not of the
    same run as the other.
    """
    results_file = path / RESULTS if path.is_dir() else path
    results = read(results_file)
    kept = results_file.with_name(archive.NAME)
    histories = archive.read(kept, results, specification_hash())
    return StoredRun(
        folder=results_file.parent,
        results=results,
        histories=histories,
        file=kept.read_bytes(),
    )


def regrade(run: StoredRun, rubric: Rubric) -> Results:
    """Judge by the present specification what was seen in a run.

    Seed, tier, Python version and durations stay those of the run, and so does what was found
    out about each candidate on the way to its histories.
    """
    before = run.results
    graded = [c for c in before.candidates if c.id in run.histories and c.requirements]
    if not graded:
        raise InputError(f"{run.folder / RESULTS}: no candidate in it was graded")
    archives = {c.id: Archive(run.histories[c.id]) for c in graded}
    verdicts = {c.id: judge_all(_stand_in(c), archives[c.id]) for c in graded}
    again = {c.id: _again(c, verdicts[c.id], archives[c.id], run, rubric) for c in graded}
    candidates = tuple(again.get(c.id, c) for c in before.candidates)
    specification, first = specification_hash(), before.played_by or before.specification
    return msgspec.structs.replace(
        before,
        specification=specification,
        played_by=first if first != specification else "",
        rubric=rubric.as_data(),
        requirements=requirements_of(verdicts[graded[0].id], rubric),
        sources=dict(SOURCES),
        untested=dict(UNTESTED),
        candidates=candidates,
        models=models(candidates),
    )


def _stand_in(candidate: CandidateResult) -> Candidate:
    """Return what has to be known of a candidate that is not run."""
    return Candidate(
        id=candidate.id,
        name=candidate.name,
        kind=candidate.kind,
        provenance=candidate.provenance,
    )


def _again(
    candidate: CandidateResult,
    verdicts: Verdicts,
    archived: Archive,
    run: StoredRun,
    rubric: Rubric,
) -> CandidateResult:
    untouched = run.histories[candidate.id].untouched
    return judged(candidate, verdicts, archived.played, rubric, untouched=untouched)
