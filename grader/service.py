"""Grading from a program: answers go in as text, results come out, in warm processes.

Grading runs pytest and moves the standard streams meanwhile, so it is never done in the process
that asks. What fails there without being the candidate's doing gives a result without a score.
"""

import atexit
import threading
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from types import TracebackType
from typing import Self

import anyio.to_thread

from grader import scoring, slot
from grader.answers import assembly, paths, text
from grader.cache import Cache
from grader.candidate import Candidate
from grader.errors import GraderError, InputError
from grader.grading import Graded
from grader.results import CandidateResult
from grader.sandbox import choose

_TRIES = 3
_RENEWED_AFTER = 500
"""Gradings after which new processes take over, so that nothing small adds up."""


class Grader:
    """Grades answers with one set of settings; a context manager, for any number of threads.

    Raises InputError for a rubric that cannot be used, IsolationError where the sandbox tier does
    not work here, and GraderError where there is no room for a cache.
    """

    def __init__(
        self,
        *,
        isolation: str = "auto",
        rubric: Path | None = None,
        seed: int = 0,
        jobs: int = 1,
        cache: bool = True,
    ) -> None:
        """Grade with `jobs` processes, and read what the `cache` knows (see `grader.cache`)."""
        self._slot = slot.Slot(tier=choose(isolation), rubric=scoring.load(rubric), seed=seed)
        self._jobs = jobs
        self._cache: Cache | None = None
        if cache:
            self._cache = Cache(self._slot.tier, self._slot.rubric, seed)
        self._lock = threading.Lock()
        self._pool: ProcessPoolExecutor | None = None
        self._taken = 0

    # --- grading ----------------------------------------------------------------------

    def grade(self, answer: str, *, id: str = "answer") -> CandidateResult:  # noqa: A002  its name in results
        """Return what the specification finds about a Markdown answer.

        `score` is None, and `problem` says why, where the answer cannot be read or the
        infrastructure failed: neither is worth 0. It takes seconds, and at most some ten more where
        the answer hangs.
        """
        try:
            return self.grade_candidate(candidate_of(answer, id)).result
        except InputError as error:
            return _ungraded(paths.as_id(id), str(error))

    async def grade_async(self, answer: str, *, id: str = "answer") -> CandidateResult:  # noqa: A002  its name in results
        """Do as `grade` does, from asyncio or trio; cancelled, it does not wait for the end."""
        return await anyio.to_thread.run_sync(
            lambda: self.grade(answer, id=id), abandon_on_cancel=True
        )

    def grade_candidate(self, candidate: Candidate) -> Graded:
        """Grade what was read already."""
        known = self._cache.get(candidate) if self._cache is not None else None
        if known is not None:
            return known
        graded = self._graded(candidate)
        if self._cache is not None:
            self._cache.put(candidate, graded)
        return graded

    # --- the processes ----------------------------------------------------------------

    def _graded(self, candidate: Candidate) -> Graded:
        problem = ""
        for _ in range(_TRIES):
            pool, future = self._submit(candidate)
            try:
                return future.result()
            except BrokenProcessPool as error:
                problem = f"not graded, a grading process died: {error}"
                self._discard(pool)
        return Graded(result=_ungraded(candidate.id, problem), requirements={})

    def _submit(self, candidate: Candidate) -> tuple[ProcessPoolExecutor, "Future[Graded]"]:
        with self._lock:
            if self._taken >= _RENEWED_AFTER and self._pool is not None:
                self._pool.shutdown(wait=False)  # what is under way in it is finished
                self._pool = None
            if self._pool is None:
                self._pool, self._taken = slot.processes(self._jobs), 0
            self._taken += 1
            try:
                return self._pool, self._pool.submit(slot.graded, candidate, self._slot)
            except BrokenProcessPool as error:
                broken: Future[Graded] = Future()
                broken.set_exception(error)
                return self._pool, broken

    def _discard(self, pool: ProcessPoolExecutor) -> None:
        with self._lock:
            if self._pool is pool:
                self._pool = None
        pool.shutdown(wait=False, cancel_futures=True)

    def close(self) -> None:
        """End the processes, once what is under way is done."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=True, cancel_futures=True)
        if self._cache is not None:
            self._cache.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def candidate_of(answer: str, name: str) -> Candidate:
    """Return the candidate that a Markdown answer describes; InputError where it is no text."""
    if (problem := text.refusal(answer)) is not None:
        raise InputError(f"the answer {problem}")
    return assembly.from_markdown(text.normal(answer), id=paths.as_id(name), name=name)


def _ungraded(identity: str, problem: str) -> CandidateResult:
    return CandidateResult(id=identity, name=identity, provenance="answer", problem=problem)


_shared: Grader | None = None
_shared_lock = threading.Lock()


def shared() -> Grader:
    """Return the process's own grader with the default settings, made at first use.

    Its cache is left out where it cannot be used.
    """
    global _shared  # noqa: PLW0603 - one for the whole process, as its processes are
    with _shared_lock:
        if _shared is None:
            try:
                _shared = Grader()
            except GraderError:
                _shared = Grader(cache=False)
            atexit.register(_shared.close)
        return _shared
