"""Agreement: libraries from PyPI have to get the verdicts that say what they were seen to do."""

from collections.abc import Sequence

from grader.audit import known, truth
from grader.audit.model import Chapter, Item, Outcomes, Setting, Table

NAME = "agreement"
PLACE = 5


def items(setting: Setting) -> Sequence[Item]:
    """Return the libraries."""
    return [known.whole(candidate, setting.tier) for candidate in known.candidates(known.LIBRARIES)]


def conclude(_: Setting, outcomes: Outcomes) -> Chapter:
    """Hold each observation against the verdicts."""
    observed = truth.load()
    rows, problems = [], []
    for library, column, said in observed.cells():
        partner = observed.observed[library].threads_by or library
        if library in outcomes and partner in outcomes:
            wrong = truth.disagreement(library, column, outcomes)
            rows.append((library, column.replace("_", " "), said, wrong or "agrees"))
            problems += [f"{library}, {column}: {wrong}"] if wrong else []
    for deviation in observed.deviations:
        if deviation.library in outcomes:
            wrong = truth.undetected(deviation, outcomes)
            rows.append((deviation.library, deviation.row, deviation.what, wrong or "agrees"))
            problems += [f"{deviation.library}, {deviation.what}: {wrong}"] if wrong else []
    return Chapter(
        name=NAME,
        title="Agreement with libraries",
        looked_at=len(rows),
        unit="observations",
        found=f"{len(rows) - len(problems)} agree with the verdicts, of {len(outcomes)} candidates",
        problems=tuple(problems),
        notes=("What was observed by hand stands in candidates/libraries/ground-truth.toml.",),
        tables=(
            Table(
                title="Observations",
                columns=("library", "about", "observed", "the grader"),
                rows=tuple(rows),
            ),
        ),
    )
