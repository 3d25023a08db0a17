"""Generated mutants: each has to be noticed, or explained as nothing that has to be."""

import functools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from grader import defects
from grader.audit import explained, killing, known, mutants
from grader.audit.explained import KINDS, Explanation
from grader.audit.killing import Death
from grader.audit.model import Chapter, Item, Outcomes, Setting, Table
from grader.audit.mutants import Mutant

NAME = "mutants"
PLACE = 2
_NOTICED = (
    "The reference, changed in one place by an operator of Cosmic Ray. Noticed: a requirement that"
    " can fail says fail, error or blocked. Unknown alone notices nothing: there it was the grader"
    " that did not see."
)
_EXPLAINED = (
    "Explained mutants are looked at too, many of them in one breaker: no requirement may notice"
    " it. Equivalent: no caller can see a difference. Permitted: a correct breaker may do so."
    " Unseen: the grader says of some rows that it could not see, which the score counts as failed."
    " Unjudged: no requirement is about that; these show what a specification that asked for more"
    " would find. The reasons stand in candidates/defects/mutants."
)


@functools.cache
def generated() -> tuple[Mutant, ...]:
    """Return every mutant of the reference."""
    return tuple(mutants.mutants(defects.reference()))


def items(setting: Setting) -> Sequence[Item]:
    """Return every mutant by itself, but for those that are explained and can stand together."""
    base = defects.reference()
    places = killing.places(defects.load_all(), base)
    explanations = explained.load()
    single: list[Mutant] = []
    together: list[Mutant] = []
    for mutant in generated():
        found = explained.of(mutant, explanations)
        (single if found is None or found.by_itself else together).append(mutant)
    one_by_one = [
        Item(
            name=mutant.id,
            content=known.content_of(mutant, base),
            job=killing.kill,
            arguments=([mutant], base, places, setting.tier),
            result=Death,
        )
        for mutant in single
    ]
    return one_by_one + [
        Item(
            name=f"explained-{number}",
            content=known.content_of(*group, base),
            job=killing.noticed,
            arguments=(group, base, places, setting.tier),
            result=dict[str, Death],
        )
        for number, group in enumerate(killing.groups(together), start=1)
    ]


def conclude(_: Setting, outcomes: Outcomes) -> Chapter:
    """Tell survivors from what was noticed, and hold the explanations against the mutants."""
    explanations = explained.load()
    reasons = {mutant.id: explained.of(mutant, explanations) for mutant in generated()}
    deaths: dict[str, Death] = {}
    noticed: dict[str, Death] = {}
    """Those of a group of explained ones that were noticed all the same."""
    for name, outcome in outcomes.items():
        if isinstance(outcome, Death):
            deaths[name] = outcome
        else:
            noticed |= outcome
    open_ones = {name: death for name, death in deaths.items() if reasons[name] is None}
    killed = sum(bool(death.row) for death in open_ones.values())
    kinds = Counter(str(reason.kind) for reason in reasons.values() if reason is not None)
    return Chapter(
        name=NAME,
        title="Generated mutants",
        looked_at=len(reasons),
        unit="mutants",
        found=(
            f"{kinds.total()} explained ({', '.join(f'{kinds[kind]} {kind}' for kind in KINDS)});"
            f" of {len(open_ones)} others {killed} noticed: {_percent(killed, len(open_ones))}"
        ),
        problems=(
            *_survivors(open_ones),
            *_false(explanations, {**deaths, **noticed}),
            *explained.stale(explanations, generated()),
        ),
        notes=(_NOTICED, _EXPLAINED),
        tables=_tables(deaths, reasons, explanations),
    )


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.4g} %" if whole else "none"


def _told(name: str) -> str:
    mutant = next(mutant for mutant in generated() if mutant.id == name)
    where = f" in {mutant.function}" if mutant.function else ""
    return f"{name}{where}: {mutant.before!r} as {mutant.after!r}"


def _survivors(deaths: Mapping[str, Death]) -> Iterator[str]:
    for name, death in deaths.items():
        if not death.row:
            unseen = f", {len(death.unknown)} rows are unknown," if death.unknown else ""
            yield f"survived{unseen} and is not explained: {_told(name)}"


def _false(explanations: Sequence[Explanation], deaths: Mapping[str, Death]) -> Iterator[str]:
    """Tell where an explanation says another thing than what was seen."""
    for mutant in generated():
        reason, death = explained.of(mutant, explanations), deaths.get(mutant.id)
        if reason is None or death is None:
            continue
        if death.row:
            yield f"explained, and {death.row} notices it: {mutant.id}: {death.evidence}"
        elif reason.kind == "unseen" and not death.unknown:
            yield f"explained as unseen, and all was seen: {_told(mutant.id)}"


def _tables(
    deaths: Mapping[str, Death],
    reasons: Mapping[str, Explanation | None],
    explanations: Sequence[Explanation],
) -> tuple[Table, ...]:
    first = Counter(death.row for death in deaths.values() if death.row)
    rows = []
    for mutant in generated():
        death, reason = deaths.get(mutant.id), reasons[mutant.id]
        if reason is not None:
            became = str(reason.kind)
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
