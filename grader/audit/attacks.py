"""Hostile candidates as data, and the pure judgement of what one of them achieved.

Every attack has an honest twin: the same breaker without the attack. An attack has won where a
row that the grader observes is better than the twin's, or where it left a trace on the machine.
"""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

import msgspec

from grader import answers
from grader.answers import text
from grader.candidate import Candidate, Unreadable
from grader.defects import CANDIDATES
from grader.errors import InputError
from grader.verdicts import Known, Verdict

FOLDER = CANDIDATES / "hostile"
TWINS = FOLDER / "_twins"
BETTER = frozenset({Verdict.PASS, Verdict.NOT_OFFERED})
"""Verdicts that cost a candidate nothing."""


class Attack(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One hostile candidate: its `attack.toml`."""

    attack: str
    """What it does, in a sentence."""
    aims_at: str
    """`verdicts`, `secrets`, `files`, `network`, `processes`, `limits`, `reports`, …"""
    twin: str
    """The honest twin, in `_twins/`; empty where no verdicts can come out."""
    expect: Literal["no better", "error", "stopped", "unreadable"]
    """No row better than the twin's; some row is an error; its import, which would never end by
    itself, fails by a limit or by the deadline, whichever comes first; the input is refused."""
    dies: Literal["", "crash", "hang", "resource", "protocol"] = ""
    """What its errors have to say that it died of."""
    endless: bool = False
    """It takes whatever time it is given: here that is a second, as its end is what matters."""
    gains: tuple[str, ...] = ()
    """Attested rows that it may win by forging them."""
    earned: dict[str, str] = {}
    """Observed rows that the breaker truly keeps, other than its twin, each with the reason."""
    bare: Literal["", "secret", "file", "network", "bystander", "skip"] = ""
    """What it achieves in a bare process, which shows that it is an attack; `skip`: not run there,
    because nothing would hold it."""
    name: str = ""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One judged requirement."""

    verdict: Verdict
    known: Known
    evidence: str = ""
    died_of: str = ""


class Achieved(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one attack on one tier."""

    rows: dict[str, Row] = {}
    refused: str = ""
    """Why it was not read at all."""
    effects: tuple[str, ...] = ()
    """What was seen on the machine afterwards: `secret: …`, `file: …`, `network: …`."""
    seconds: float = 0.0


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The judgement of one attack on one tier."""

    attack: str
    tier: str
    problems: tuple[str, ...]
    """Why the attack has won; empty where it was held."""
    forged: tuple[str, ...] = ()
    """Attested rows that it gained."""
    unknown: tuple[str, ...] = ()
    """Rows of which nothing is known and that the twin fails; they count in `score_high` alone."""

    @property
    def held(self) -> bool:
        """Whether the attack achieved nothing."""
        return not self.problems


def load(folder: Path = FOLDER) -> dict[str, Attack]:
    """Return the attacks by name; raises InputError for a folder without its sentence."""
    found = {}
    for path in sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith("_")):
        file = path / "attack.toml"
        try:
            told = msgspec.convert(tomllib.loads(text.read(file)), Attack)
        except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
            raise InputError(f"{file}: {error}") from error
        found[path.name] = msgspec.structs.replace(told, name=path.name)
    return found


def candidate_of(path: Path) -> Candidate | Unreadable:
    """Return the candidate in a folder of the zoo."""
    try:
        (entry,) = answers.load(path)
    except InputError as error:
        return Unreadable(id=path.name, path=str(path), problem=str(error))
    return entry


def judge(attack: Attack, tier: str, achieved: Achieved, twin: Mapping[str, Row]) -> Outcome:
    """Hold what an attack achieved against its twin."""
    gained = [row for row in achieved.rows if _gained(achieved.rows[row], twin.get(row))]
    observed = [row for row in gained if achieved.rows[row].known is Known.OBSERVED]
    forged = tuple(row for row in gained if row not in observed)
    observed = [row for row in observed if row not in attack.earned]
    unknown = tuple(
        row
        for row, seen in achieved.rows.items()
        if seen.verdict is Verdict.UNKNOWN and row in twin and twin[row].verdict not in BETTER
    )
    problems = [*achieved.effects, *_unexpected(attack, achieved)]
    problems += [f"won {row}, which the grader observes" for row in observed]
    problems += [f"forged {row}, which is not listed" for row in forged if row not in attack.gains]
    return Outcome(
        attack=attack.name, tier=tier, problems=tuple(problems), forged=forged, unknown=unknown
    )


def _gained(row: Row, honest: Row | None) -> bool:
    if row.verdict not in BETTER:
        return False
    return honest is None or honest.verdict not in BETTER


def _unexpected(attack: Attack, achieved: Achieved) -> Iterator[str]:
    if attack.expect == "unreadable":
        if not achieved.refused:
            yield "was read, and should have been refused"
        return
    if achieved.refused:
        yield f"was refused: {achieved.refused}"
        return
    errors = [row for row in achieved.rows.values() if row.verdict is Verdict.ERROR]
    if attack.expect == "error" and not errors:
        yield "no row is an error"
    imports = achieved.rows.get("de-imports")
    if attack.expect == "stopped" and (imports is None or imports.verdict in BETTER):
        yield "its import came to an end"
    if attack.dies and not any(row.died_of == attack.dies for row in errors):
        told = sorted({row.died_of or row.evidence for row in errors}) or ["nothing"]
        yield f"should die of {attack.dies}, and is told to die of {', '.join(told)}"
