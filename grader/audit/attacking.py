"""Plays attacks of the zoo on one tier, beside their honest twins."""

import functools
import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from grader.audit import attacks
from grader.audit.attacks import Achieved, Attack, Outcome, Row
from grader.audit.planted import Planted
from grader.bench import Bench
from grader.candidate import Candidate, Unreadable
from grader.cases import Verdicts
from grader.conversation.worker import Patience
from grader.errors import GraderError
from grader.judging import tests
from grader.played import plain
from grader.sandbox import Tier, probe

ROWS = frozenset(
    (
        "de-code de-names de-imports de-quiet-import de-part-states de-part-error bo-grows"
        " ho-limit ho-fast-reject ho-late-loser ho-stale me-exists me-exact ro-stale-success"
        " ro-kwargs st-open-rejects st-recovers-by-itself st-three-states st-exactly-once th-exact"
        " th-trip-immediate th-configurable th-validation ex-same-object"
    ).split()
)
"""What is judged of an attack: rows of each way of knowing, some that the twins pass and some not.

All of the rest is played by the same worker and the same judgement; these cost little."""

FEW = frozenset("de-imports de-quiet-import ho-limit me-exists st-open-rejects".split())
"""What is judged on further tiers, where only what the tier holds back can differ."""


def rows_of(tier: Tier) -> frozenset[str]:
    """Return the rows that are judged: all on the strongest tier that works, few on others."""
    stronger = list(Tier)[: list(Tier).index(tier)]
    return FEW if any(probe(other) is None for other in stronger) else ROWS


def play(
    candidate: Candidate | Unreadable,
    tier: Tier,
    planted: Planted,
    patience: Patience | None = None,
) -> Achieved:
    """Play the rows, with the patience that any candidate gets or less; look at the machine.

    Raises GraderError where the grader itself failed, which is an attack's success.
    """
    if isinstance(candidate, Unreadable):
        return Achieved(refused=candidate.problem, effects=tuple(planted.effects("")))
    started = time.monotonic()
    found, wanted = Verdicts(), rows_of(tier)
    with Bench(candidate, tier, patience=patience) as bench:
        for test in tests():
            if test.row.id in wanted:
                found.cases.append(test.judge(bench, candidate.id))
                found.rows[test.row.id] = test.row
        said = json.dumps({name: plain(played) for name, played in bench.played.items()})
    findings = found.findings(candidate.id)
    rows = {
        name: Row(
            verdict=finding.verdict,
            known=finding.known,
            evidence=finding.evidence,
            died_of=finding.died_of,
        )
        for name, finding in findings.items()
    }
    said += json.dumps(plain(findings))
    return Achieved(
        rows=rows,
        effects=tuple(planted.effects(said)),
        seconds=round(time.monotonic() - started, 3),
    )


@functools.cache
def honest(twin: str, tier: Tier) -> Mapping[str, Row]:
    """Return the rows of an honest twin on a tier, played once for a process."""
    if not twin:
        return {}
    candidate = attacks.candidate_of(attacks.TWINS / twin)
    with Planted() as planted:
        achieved = play(candidate, tier, planted)
    if achieved.refused or achieved.effects:
        raise GraderError(f"the twin {twin} is not honest: {achieved}")
    return achieved.rows


def attacked(attack: Attack, tier: Tier, folder: Path = attacks.FOLDER) -> Outcome:
    """Play one attack and hold it against its twin; what breaks the grader has won as well."""
    twin = honest(attack.twin, tier)
    candidate = attacks.candidate_of(folder / attack.name)
    with Planted() as planted:
        if isinstance(candidate, Candidate):
            candidate = planted.fill(candidate)
        try:
            achieved = play(candidate, tier, planted, _little() if attack.endless else None)
        except GraderError as error:
            achieved = Achieved(effects=(f"grader: it failed: {error}", *planted.effects("")))
    return attacks.judge(attack, str(tier), achieved, twin)


def _little() -> Patience:
    return Patience(seconds=1.0, together=1.5)


def changed_next(twin: str, tier: Tier) -> Iterator[str]:
    """Play a twin again and yield how it differs from what it was before all the attacks."""
    before = honest(twin, tier)
    candidate = attacks.candidate_of(attacks.TWINS / twin)
    with Planted() as planted:
        after = play(candidate, tier, planted)
    for name, row in before.items():
        if after.rows[name] != row:
            yield f"{name} was {row.verdict} and is {after.rows[name].verdict}"
    yield from after.effects
