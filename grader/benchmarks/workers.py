"""Where a candidate's CPU time goes: starting and ending workers, playing in them, judging."""

import functools
from pathlib import Path

import msgspec

from grader import answers, scoring
from grader.benchmarks.cost import cost
from grader.candidate import Candidate
from grader.conversation.session import Session
from grader.errors import InputError
from grader.grading import grade
from grader.sandbox import Tier, choose
from grader.specification import SCENARIOS

# To find out how the breaker is used, and how it tells the time.
_BEFORE_ALL = 2


class Shares(msgspec.Struct, frozen=True, kw_only=True):
    """The CPU time that one candidate costs with the whole specification, and shares of it."""

    seconds: float
    count: int
    """Workers: one for every scenario, and those that learn how the breaker is used."""
    template: float
    """The sandbox and the process that workers are forked from."""
    workers: float
    """As many workers, in which nothing is played: fork, confine, import the candidate, end."""
    judging: float
    """The process that tells workers what to do, and judges."""

    @property
    def playing(self) -> float:
        """What workers do beyond that."""
        return 1 - self.template - self.workers - self.judging


def shares(folder: Path, rounds: int) -> list[Shares]:
    """Measure the whole and its parts, one after the other, again and again.

    Raises InputError where the folder holds no breaker that can be used.
    """
    candidate = answers.load_all([folder])[0]
    if not isinstance(candidate, Candidate) or candidate.main is None:
        raise InputError(f"{folder}: no candidate with code")
    tier, rubric = choose("auto"), scoring.load()
    count = _BEFORE_ALL + sum(not scenario.static for scenario in SCENARIOS.values())
    graded = grade(candidate, tier, rubric)  # warms up what is imported and compiled once
    if not graded.result.binding.get("call"):
        raise InputError(
            f"{folder}: no way to make a call was found, so no worker plays a scenario"
        )
    found = []
    for _ in range(rounds):
        whole = cost(functools.partial(grade, candidate, tier, rubric))
        alone = cost(functools.partial(_idle, candidate, tier, 1))
        many = cost(functools.partial(_idle, candidate, tier, 1 + count))
        idle = (many.cpu - many.own) - (alone.cpu - alone.own)
        found.append(
            Shares(
                seconds=whole.cpu,
                count=count,
                template=(alone.cpu - alone.own) / whole.cpu,
                workers=idle / whole.cpu,
                judging=whole.own / whole.cpu,
            )
        )
    return found


def _idle(candidate: Candidate, tier: Tier, count: int) -> None:
    with Session(candidate, tier) as session:
        for number in range(count):
            with session.worker() as worker:
                worker.request("load", modules=[candidate.main])
                if number == 0:
                    session.share_generated(worker)
