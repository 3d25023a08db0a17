"""Named defects: each has to die by its own requirement and by no unrelated one."""

from collections.abc import Iterator, Mapping, Sequence

from grader import defects, survey
from grader.audit import known
from grader.audit.model import Chapter, Item, Outcomes, Setting, Table
from grader.results import Finding
from grader.survey import NOTICED, Fall, Outcome
from grader.verdicts import Verdict

NAME = "defects"
PLACE = 1


def items(setting: Setting) -> Sequence[Item]:
    """Return every named defect."""
    base = defects.reference()
    return [known.whole(defects.build(defect, base), setting.tier) for defect in defects.load_all()]


def conclude(_: Setting, outcomes: Outcomes) -> Chapter:
    """Hold each defect against what its file says."""
    looked = [
        (survey.judge(defect, found), found)
        for defect in defects.load_all()
        if defect.id in outcomes
        if (found := outcomes[defect.id].result.requirements) is not None
    ]
    problems = [line for outcome, found in looked for line in _problems(outcome, found)]
    survived = sum(outcome.survived for outcome, _ in looked)
    strays = sum(bool(unrelated(outcome)) for outcome, _ in looked)
    follow = sum(fall.kind == "follows" for outcome, _ in looked for fall in outcome.falls)
    return Chapter(
        name=NAME,
        title="Named defects",
        looked_at=len(looked),
        unit="named defects",
        found=(
            f"{len(looked) - survived} died by their own requirement, {strays} by an unrelated one"
            f" as well; {follow} further rows were blocked, each by a requirement that failed"
        ),
        problems=tuple(problems),
        notes=(
            (
                "Each is the reference breaker with one mistake in it (candidates/defects). Also is"
                " what its file says may fall with it; what is blocked names the requirement that"
                " failed, and is no failure of its own."
            ),
        ),
        tables=(_table([outcome for outcome, _ in looked]),),
    )


def unrelated(outcome: Outcome) -> tuple[Fall, ...]:
    """Return what failed by itself although nothing says that it may."""
    return tuple(fall for fall in outcome.strays if fall.finding.verdict in NOTICED)


def _problems(outcome: Outcome, found: Mapping[str, Finding]) -> Iterator[str]:
    defect = outcome.defect
    own = found.get(defect.kills)
    if own is None:
        yield f"{defect.id}: {defect.kills} should notice it, and there is no such requirement"
    elif outcome.survived:
        yield f"{defect.id}: {defect.kills} should notice it, and says {own.verdict}"
    for fall in unrelated(outcome):
        yield f"{defect.id}: unrelated: {fall.tell()}"
    for fall in outcome.strays:
        if fall.finding.verdict is Verdict.BLOCKED and fall.finding.because not in _failed(found):
            yield f"{defect.id}: blocked by what did not fail: {fall.tell()}"
    for row in outcome.idle:
        yield f"{defect.id}: its file says that {row} may fall with it, and it stood"


def _failed(found: Mapping[str, Finding]) -> set[str]:
    fallen = {Verdict.FAIL, Verdict.ERROR, Verdict.BLOCKED}
    return {row for row, finding in found.items() if finding.verdict in fallen}


def _table(looked: Sequence[Outcome]) -> Table:
    rows = []
    for outcome in looked:
        kinds = [fall.kind for fall in outcome.falls]
        own = next((fall for fall in outcome.falls if fall.kind == "own"), None)
        rows.append(
            (
                outcome.defect.name,
                outcome.defect.kills,
                "survived" if outcome.survived or own is None else own.finding.evidence,
                ", ".join(outcome.defect.also),
                str(kinds.count("follows")),
                ", ".join(fall.row for fall in unrelated(outcome)),
            )
        )
    columns = ("defect", "its requirement", "what was seen", "also", "blocked", "unrelated")
    return Table(title="What each brought down", columns=columns, rows=tuple(rows))
