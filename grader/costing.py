"""What isolation costs: a candidate's start and one worker, tier by tier."""

import resource
import statistics
import time

import msgspec

from grader.candidate import Candidate, SourceFile
from grader.conversation.session import Session
from grader.sandbox import Tier, probe

_ROUNDS = 7
_NOTHING = SourceFile(path="breaker.py", text="", delivered="")


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """Medians over a few rounds, in milliseconds."""

    tier: Tier
    cpu: float
    """Processor time of the grader and the sandbox together."""
    wall: float


def measure() -> tuple[Cost, ...]:
    """Start an empty candidate under each tier that works; rounds of the tiers take turns."""
    tiers = [tier for tier in Tier if probe(tier) is None]
    taken: dict[Tier, list[tuple[float, float]]] = {tier: [] for tier in tiers}
    for _ in range(_ROUNDS):
        for tier in tiers:
            taken[tier].append(_once(tier))
    return tuple(
        Cost(
            tier=tier,
            cpu=round(1000 * statistics.median(cpu for cpu, _ in found), 1),
            wall=round(1000 * statistics.median(wall for _, wall in found), 1),
        )
        for tier, found in taken.items()
    )


def _once(tier: Tier) -> tuple[float, float]:
    candidate = Candidate(id="nothing", name="nothing", main="breaker", files=(_NOTHING,))
    cpu, wall = _cpu(), time.monotonic()
    with Session(candidate, tier) as session, session.worker() as worker:
        worker.request("load", modules=["breaker"])
    return _cpu() - cpu, time.monotonic() - wall


def _cpu() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)
