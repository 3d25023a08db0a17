"""Grades many candidates: over processes, with progress, into one set of results."""

import contextlib
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import msgspec

from grader import answers, archive, cluster, slot
from grader.binding import override
from grader.cache import Cache
from grader.candidate import Candidate, Unreadable
from grader.cluster import SCHEME
from grader.errors import GraderError, InputError, IsolationError, StoppedError
from grader.grading import Graded, python_version, ungraded
from grader.pytest_session import specification_hash
from grader.report import RunProgress
from grader.results import CandidateResult, Requirement, Results
from grader.samples import models
from grader.sandbox import Tier, choose
from grader.scoring import Rubric
from grader.specification import SOURCES, UNTESTED

SHIPPED = frozenset({"reference", "re-enactment"})
"""Provenances of the candidates that come with the project and may run without a sandbox."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What a run is about."""

    entries: tuple[Candidate | Unreadable, ...]
    tier: Tier
    rubric: Rubric
    seed: int = 0
    jobs: int = 1
    engine: str = ""
    """`dask://HOST:PORT`; empty: this machine."""

    def slot(self, at_once: int = 1) -> slot.Slot:
        """Return how each candidate is graded."""
        return slot.Slot(tier=self.tier, rubric=self.rubric, seed=self.seed, at_once=at_once)


def prepare(  # noqa: PLR0913  keywords, each an option of the command
    paths: Sequence[Path],
    packages: Sequence[str] = (),
    *,
    isolation: str,
    rubric: Rubric,
    seed: int,
    jobs: int,
    engine: str = "",
) -> tuple[Job, list[str]]:
    """Read the inputs and choose the tier; return the job and what the user should be told.

    `packages` are names of installed ones. Neither a path nor a package means the candidates of
    the project, in `candidates/`. Raises InputError where nothing is left to grade, and
    IsolationError where the tier that was asked for does not work.
    """
    notes: list[str] = []
    default = Path("candidates")
    named = bool(paths or packages)
    if not named and not default.is_dir():
        raise InputError("no candidate was named, and there is no folder candidates/ here")
    with ThreadPoolExecutor(1) as beside:  # a tier is tried while the inputs are read
        choosing = beside.submit(choose, isolation)
        entries = answers.load_all(paths if named else [default], packages)
    try:
        tier = choosing.result()
    except IsolationError as error:
        if named or isolation != "auto":
            raise
        tier = Tier.PROCESS
        entries = [e for e in entries if isinstance(e, Candidate) and e.provenance in SHIPPED]
        notes.append(f"{error}; grading only the candidates of the project, unsandboxed")
    entries = [_understood(entry) for entry in entries]
    if not any(isinstance(entry, Candidate) for entry in entries):
        problems = [e.problem for e in entries if isinstance(e, Unreadable)]
        raise InputError(problems[0] if problems else "there is no candidate in what was named")
    if engine and not engine.startswith(SCHEME):
        raise InputError(f"{engine}: an engine is {SCHEME}HOST:PORT")
    job = Job(entries=tuple(entries), tier=tier, rubric=rubric, seed=seed, jobs=jobs, engine=engine)
    return job, notes


def _understood(entry: Candidate | Unreadable) -> Candidate | Unreadable:
    """Return an entry, as unreadable where what is written by hand of its binding means nothing."""
    if isinstance(entry, Candidate):
        try:
            override.check(entry.binding)
        except InputError as error:
            path = f"{entry.id}/candidate.toml"
            return Unreadable(id=entry.id, path=path, model=entry.model, problem=f"{path}: {error}")
    return entry


def run(job: Job, progress: RunProgress, cache: Cache | None = None) -> Results:
    """Grade every candidate of a job; the results keep the order of the input."""
    return run_and_keep(job, progress, cache)[0]


def run_and_keep(
    job: Job, progress: RunProgress, cache: Cache | None = None
) -> tuple[Results, bytes]:
    """Grade as `run` does; return the file of histories as well (see `grader.archive`).

    Raises StoppedError after an interrupt; what was graded before is in the cache, if there is one.
    """
    started = time.monotonic()
    candidates = [entry for entry in job.entries if isinstance(entry, Candidate)]
    graded: dict[str, CandidateResult] = {}
    histories: dict[str, str] = {}
    requirements: dict[str, Requirement] = {}
    try:
        for candidate, outcome in _known_or_graded(job, candidates, progress, cache):
            graded[candidate.id] = outcome.result
            histories[candidate.id] = outcome.histories
            progress.finished(outcome.result)
            if len(outcome.requirements) > len(requirements):
                requirements = outcome.requirements
    except KeyboardInterrupt:
        kept = "" if cache is None else "; what was graded is kept: the same command goes on"
        raise StoppedError(f"stopped after {len(graded)} of {len(candidates)}{kept}") from None
    rows = [
        ungraded(entry) if isinstance(entry, Unreadable) else graded[entry.id]
        for entry in job.entries
    ]
    results = Results(
        specification=specification_hash(),
        seed=job.seed,
        isolation=str(job.tier),
        python=python_version(),
        rubric=job.rubric.as_data(),
        requirements=requirements,
        sources=dict(SOURCES),
        untested=dict(UNTESTED),
        candidates=tuple(rows),
        models=models(rows),
        seconds=round(time.monotonic() - started, 3),
    )
    lines = [histories[row.id] for row in rows if histories.get(row.id)]
    return results, archive.pack(results, lines)


def _known_or_graded(
    job: Job, candidates: list[Candidate], progress: RunProgress, cache: Cache | None
) -> Iterator[tuple[Candidate, Graded]]:
    if cache is None:
        yield from _graded(job, candidates, progress)
        return
    left = []
    for candidate in candidates:
        known = cache.get(candidate)
        if known is None:
            left.append(candidate)
        else:
            progress.started(candidate.id)
            yield candidate, known
    for candidate, outcome in _graded(job, left, progress):
        cache.put(candidate, outcome)
        yield candidate, outcome


def _graded(
    job: Job, candidates: list[Candidate], progress: RunProgress
) -> Iterator[tuple[Candidate, Graded]]:
    if job.engine:
        for candidate in candidates:
            progress.started(candidate.id)
        yield from cluster.graded(job.engine.removeprefix(SCHEME), candidates, job.slot())
        return
    if job.jobs == 1 or len(candidates) <= 1:
        for candidate in candidates:
            progress.started(candidate.id)
            yield candidate, slot.graded(candidate, job.slot(at_once=job.jobs))
        return
    with slot.processes(min(job.jobs, len(candidates))) as pool:
        futures: dict[Future[Graded], Candidate] = {}
        for candidate in candidates:
            futures[pool.submit(slot.graded, candidate, job.slot())] = candidate
            progress.started(candidate.id)
        try:
            for future in as_completed(futures):
                yield futures[future], future.result()
        except BrokenProcessPool as error:
            raise GraderError(f"a grading process died: {error}") from error
        except BaseException:
            with contextlib.suppress(Exception):
                pool.shutdown(wait=False, cancel_futures=True)
            raise
