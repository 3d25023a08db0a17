"""Hostile candidates against the tiers of this machine: nothing may be won, and nothing left."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import msgspec

from grader.audit import attacking, attacks
from grader.audit.attacks import Outcome
from grader.audit.known import content_of
from grader.audit.model import Chapter, Item, Outcomes, Setting, Table
from grader.sandbox import Tier, probe

NAME = "zoo"
PLACE = 6


class Matrix(msgspec.Struct, frozen=True, kw_only=True):
    """The judgement of every attack on every tier, by `attack on tier`."""

    outcomes: dict[str, Outcome]

    @property
    def tiers(self) -> tuple[str, ...]:
        """The tiers that were tried, the strongest first."""
        tried = {outcome.tier for outcome in self.outcomes.values()}
        return tuple(str(tier) for tier in Tier if str(tier) in tried)

    def told(self, attack: str, tier: str) -> str:
        """Return one cell: `held`, `won`, or a dash where it was not tried."""
        outcome = self.outcomes.get(f"{attack} on {tier}")
        return "–" if outcome is None else "held" if outcome.held else "won"

    def forged(self, attack: str) -> str:
        """Return the attested rows that an attack gained anywhere."""
        rows = {row for o in self.outcomes.values() if o.attack == attack for row in o.forged}
        return ", ".join(sorted(rows))


def items(_: Setting) -> Sequence[Item]:
    """Return every attack on every tier that is a boundary and works here.

    First those that end by the deadline: while they are waited for, there are others to look at.
    """
    tiers = [tier for tier in (Tier.BWRAP, Tier.LANDLOCK) if probe(tier) is None]
    return [
        Item(
            name=f"{attack.name} on {tier}",
            content=f"{tier}\n{content}",
            job=attacking.attacked,
            arguments=(attack, tier),
            result=Outcome,
        )
        for attack in sorted(attacks.load().values(), key=lambda attack: not attack.endless)
        for content in (_content(attack),)
        for tier in tiers
    ]


def _content(attack: attacks.Attack) -> str:
    """Return what makes an attack what it is: its files and its twin's, as they lie there."""
    folders = [attacks.FOLDER / attack.name]
    folders += [attacks.TWINS / attack.twin] if attack.twin else []
    paths = [path for folder in folders for path in sorted(folder.rglob("*"))]
    return "\n".join((content_of(attack), *(f"{path.name} {_hash(path)}" for path in paths)))


def _hash(path: Path) -> str:
    if path.is_symlink():
        return str(path.readlink())
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def conclude(_: Setting, outcomes: Outcomes) -> Chapter:
    """Return the matrix of attacks and tiers."""
    known = attacks.load()
    matrix = Matrix(outcomes=dict(outcomes))
    tried = {outcome.attack for outcome in matrix.outcomes.values()}
    problems = [
        f"{name}: {problem}"
        for name, outcome in matrix.outcomes.items()
        for problem in outcome.problems
    ]
    rows = tuple(
        (name, attack.aims_at, *(matrix.told(name, t) for t in matrix.tiers), matrix.forged(name))
        for name, attack in known.items()
        if name in tried
    )
    columns = ("attack", "aims at", *matrix.tiers, "attested rows it forges")
    return Chapter(
        name=NAME,
        title="Hostile candidates",
        looked_at=len(outcomes),
        unit="attacks on a tier",
        found=f"{len(problems)} won, of {len(tried)} attacks on {' and '.join(matrix.tiers)}",
        problems=tuple(problems),
        notes=(
            "Held: no observed row is better than that of its honest twin, and nothing was left.",
            "What an attack forges in attested rows is listed.",
        ),
        tables=(Table(title="Attacks and tiers", columns=columns, rows=rows),),
    )
