"""Correct breakers: none may fail a row."""

from collections.abc import Iterator, Sequence

from grader.audit import known, truth
from grader.audit.known import Looked
from grader.audit.model import Chapter, Item, Outcomes, Setting, Table
from grader.results import Finding
from grader.verdicts import Verdict

NAME = "correct"
PLACE = 3
STANDS = frozenset({Verdict.PASS, Verdict.NOT_OFFERED})


def items(setting: Setting) -> Sequence[Item]:
    """Return every breaker that is known to be right."""
    return [
        known.whole(candidate, setting.tier)
        for path in known.CORRECT
        for candidate in known.candidates(path)
    ]


def conclude(_: Setting, outcomes: Outcomes) -> Chapter:
    """List what was held against them."""
    true = {(deviation.library, deviation.row) for deviation in truth.load().deviations}
    problems: list[str] = []
    granted: list[str] = []
    rows = []
    for name, looked in outcomes.items():
        for row, finding in _against(looked):
            line = f"{name}: {row} {finding.verdict}: {finding.evidence}"
            (granted if finding.waived or (name, row) in true else problems).append(line)
        rows.append(_row(name, looked))
    columns = ("breaker", "pass", "not offered", "held against it", "score")
    return Chapter(
        name=NAME,
        title="Correct breakers",
        looked_at=len(outcomes),
        unit="correct breakers",
        found=f"{len(problems)} false failures",
        problems=tuple(problems),
        notes=(
            "What is not passed and not left out counts as held against it, be it only unknown.",
            *(f"True, and observed by hand: {line}" for line in granted),
        ),
        tables=(Table(title="The breakers", columns=columns, rows=tuple(rows)),),
    )


def _against(looked: Looked) -> Iterator[tuple[str, Finding]]:
    for row, finding in looked.result.requirements.items():
        if finding.verdict not in STANDS:
            yield row, finding


def _row(name: str, looked: Looked) -> tuple[str, ...]:
    verdicts = [finding.verdict for finding in looked.result.requirements.values()]
    score = looked.result.score
    return (
        name,
        str(verdicts.count(Verdict.PASS)),
        str(verdicts.count(Verdict.NOT_OFFERED)),
        ", ".join(row for row, _ in _against(looked)),
        "none" if score is None else f"{score:.2f}",
    )
