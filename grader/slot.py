"""The slot in which a candidate is graded: a process, with what is done where grading itself fails.

That the infrastructure failed is never said on the word of one candidate, which may have brought
it about. The reference is graded in the same slot: where that fails too, it was not the candidate.
"""

import gc
import multiprocessing
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING

import msgspec

from grader import answers, apart
from grader.candidate import Candidate
from grader.defects import REFERENCE
from grader.errors import GraderError, SpecificationFailedError
from grader.grading import Graded, grade
from grader.results import CandidateResult
from grader.sandbox import Tier
from grader.scoring import Rubric

if TYPE_CHECKING:
    from multiprocessing.sharedctypes import Synchronized

_TRIES = 3
_GRADING = threading.Lock()
"""Held while this process is in `graded`."""
_CONTROL = "an_open_breaker_rejects or the_open_period_is_admitted"
"""What of the reference is graded as a control: enough to start a sandbox and play in it."""


class Slot(msgspec.Struct, frozen=True, kw_only=True):
    """How candidates are graded."""

    tier: Tier
    rubric: Rubric
    seed: int = 0
    at_once: int = 1


def processes(count: int) -> ProcessPoolExecutor:
    """Return so many processes to grade in, each warm; none runs the caller's program again."""
    context = begin_loading()
    numbers = context.Value("i", 0) if count >= len(_cores()) else None
    return ProcessPoolExecutor(count, context, begin, (numbers,))


def begin_loading() -> apart.Context:
    """Begin to load what such processes are forked from, beside what this one does next."""
    context = apart.Context()
    context.set_forkserver_preload(["grader.grading"])
    context.begin_server()
    return context


def begin(numbers: "Synchronized[int] | None" = None) -> None:
    """Begin to be such a process; `numbers` counts those that share out the cores."""
    if numbers is not None:
        with numbers.get_lock():
            number, numbers.value = numbers.value, numbers.value + 1
        _stay_on(number)
    gc.freeze()  # what was imported stays: looking through it for garbage finds none
    # An interrupt is for the process that waits for these.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, name="parent-watch", daemon=True).start()


def _stay_on(number: int) -> None:
    """Stay on one core, with all that is started from here.

    The grader and a worker take turns, thousands of times for a candidate: what wakes the other on
    the same core spares a sixth of the time. Where there are fewer processes than cores the system
    shares the cores out better, as it knows what else runs.
    """
    if cores := _cores():
        os.sched_setaffinity(0, {cores[number % len(cores)]})


def _cores() -> list[int]:
    """Return the cores that this process may use; none where the system does not tell."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


def _end_with_parent() -> None:
    """End once the process that waits for these is gone: killed, it cannot tell them to.

    What `graded` is at is finished first, so that nothing of it is left behind.
    """
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        with _GRADING:
            os._exit(1)


def graded(candidate: Candidate, slot: Slot) -> Graded:
    """Grade, up to three times where the grader fails; then there is no score, and the reason."""
    with _GRADING:
        return _graded(candidate, slot)


def _graded(candidate: Candidate, slot: Slot) -> Graded:
    problem = ""
    for _ in range(_TRIES):
        try:
            return _grade(candidate, slot)
        except SpecificationFailedError as error:
            if (graded := _as_far_as_it_goes(candidate, slot)) is not None:
                return graded
            problem = f"not graded, the specification fails for the reference as well: {error}"
            break
        except GraderError as error:
            problem = f"not graded, {_whose(slot)}: {error}"
    return Graded(result=without_score(candidate, problem), requirements={})


def _grade(candidate: Candidate, slot: Slot, *, strict: bool = True) -> Graded:
    at_once = slot.at_once
    return grade(candidate, slot.tier, slot.rubric, seed=slot.seed, at_once=at_once, strict=strict)


def _as_far_as_it_goes(candidate: Candidate, slot: Slot) -> Graded | None:
    """Grade a candidate at which the specification fails; None where it does at the reference too.

    A candidate must not keep itself from being graded: what failed is unknown, the rest is judged.
    """
    try:
        _grade(_reference(), slot)
        return _grade(candidate, slot, strict=False)
    except GraderError:
        return None


def without_score(candidate: Candidate, problem: str) -> CandidateResult:
    """Return the result of a candidate that could not be graded, with the reason."""
    return CandidateResult(
        id=candidate.id,
        name=candidate.name,
        provenance=candidate.provenance,
        kind=candidate.kind,
        model=candidate.model,
        problem=problem,
    )


def _whose(slot: Slot) -> str:
    """Grade the reference in the same slot, and say whose failure it seems to be."""
    try:
        control(slot)
    except GraderError:
        return "the infrastructure failed, for the reference as well"
    return "the grader failed, though not for the reference"


def control(slot: Slot) -> Graded:
    """Grade some of the reference, as a control."""
    return grade(_reference(), slot.tier, slot.rubric, seed=slot.seed, select=_CONTROL)


def _reference() -> Candidate:
    (reference,) = answers.load(REFERENCE)
    assert isinstance(reference, Candidate)  # noqa: S101 - it comes with the project
    return reference
