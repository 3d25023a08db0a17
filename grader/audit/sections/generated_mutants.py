"""Generated mutants: each has to be noticed, or explained as nothing that has to be."""

import functools
from collections import Counter
from collections.abc import Sequence

from grader import defects
from grader.audit import explained, killing, known, mutants
from grader.audit.killing import Death
from grader.audit.model import Chapter, Item, Outcomes, Setting, Table
from grader.audit.mutants import Mutant

NAME = "mutants"
PLACE = 2


@functools.cache
def _generated() -> tuple[Mutant, ...]:
    return tuple(mutants.mutants(defects.reference()))


def items(setting: Setting) -> Sequence[Item]:
    """Return every mutant that is not explained, and groups of those that are."""
    base = defects.reference()
    places = killing.places(defects.load_all(), base)
    explanations = explained.load()
    unexplained: list[Mutant] = []
    together: list[Mutant] = []
    alone: list[Mutant] = []
    for mutant in _generated():
        found = explained.of(mutant, explanations)
        part = unexplained if found is None else alone if found.alone else together
        part.append(mutant)
    single = [
        Item(
            name=mutant.id,
            content=known.content_of(mutant, base),
            job=killing.kill,
            arguments=([mutant], base, places, setting.tier),
            result=Death,
        )
        for mutant in unexplained
    ]
    groups = [*killing.groups(together), *([mutant] for mutant in alone)]
    return single + [
        Item(
            name=f"explained-{number}",
            content=known.content_of(*group, base),
            job=killing.noticed,
            arguments=(group, base, places, setting.tier),
            result=dict[str, Death],
        )
        for number, group in enumerate(groups, start=1)
    ]


def conclude(_: Setting, outcomes: Outcomes) -> Chapter:
    """Tell survivors from what was noticed, and hold the explanations against the mutants."""
    explanations = explained.load()
    deaths: dict[str, Death] = {}
    false: dict[str, Death] = {}
    for name, outcome in outcomes.items():
        if isinstance(outcome, Death):
            deaths[name] = outcome
        else:
            false |= outcome
    excused = [m for m in _generated() if explained.of(m, explanations) is not None]
    killed = sum(bool(death.row) for death in deaths.values())
    survivors = [m for m in _generated() if m.id in deaths and not deaths[m.id].row]
    kinds = Counter(e.kind for m in excused if (e := explained.of(m, explanations)) is not None)
    rate = f"{killed} of {len(deaths)} others were noticed"
    return Chapter(
        name=NAME,
        title="Generated mutants",
        looked_at=len(_generated()),
        unit="mutants",
        found=(
            f"{rate} ({_percent(killed, len(deaths))}); {len(excused)} are explained:"
            f" {kinds['equivalent']} as equivalent, {kinds['permitted']} as permitted"
        ),
        problems=(
            *(f"survived, and is not explained: {_told(mutant)}" for mutant in survivors),
            *(
                f"explained, and {death.row} notices it: {name}: {death.evidence}"
                for name, death in false.items()
            ),
            *explained.stale(explanations, _generated()),
        ),
        notes=(
            (
                "The reference, changed in one place by an operator of Cosmic Ray. Noticed: a"
                " requirement that can fail says fail, error or blocked. Unknown alone notices"
                " nothing: there it was the grader that did not see."
            ),
            (
                "Explained mutants are looked at too, many of them in one breaker: no requirement may"
                " notice it. Why nothing has to notice them stands in candidates/defects/mutants."
            ),
        ),
        tables=_tables(deaths, explanations),
    )


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.4g} %" if whole else "none"


def _told(mutant: Mutant) -> str:
    where = f" in {mutant.function}" if mutant.function else ""
    return f"{mutant.id}{where}: {mutant.before!r} as {mutant.after!r}"


def _tables(
    deaths: dict[str, Death], explanations: Sequence[explained.Explanation]
) -> tuple[Table, ...]:
    first = Counter(death.row for death in deaths.values() if death.row)
    rows = []
    for mutant in _generated():
        death, excuse = deaths.get(mutant.id), explained.of(mutant, explanations)
        if excuse is not None:
            became = str(excuse.kind)
        elif death is not None:
            became = f"{death.row} {death.verdict}" if death.row else "survived"
        else:
            continue
        rows.append((mutant.id, mutant.before, mutant.after, became))
    return (
        Table(
            title="The requirement that noticed first",
            columns=("requirement", "mutants"),
            rows=tuple((row, str(count)) for row, count in first.most_common()),
        ),
        Table(
            title="Explained",
            columns=("in", "code", "mutants", "kind", "because"),
            rows=tuple(
                (e.function or e.file, e.before, str(len(e.after)), e.kind, e.because)
                for e in explanations
            ),
        ),
        Table(
            title="Every mutant",
            columns=("mutant", "code", "as", "what became of it"),
            rows=tuple(rows),
        ),
    )
