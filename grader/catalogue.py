"""The requirements as a list: every row that the specification holds, also the untested ones."""

from collections.abc import Iterable

import msgspec

from grader.errors import GraderError, InputError
from grader.judging import tests
from grader.scoring import Rubric, load
from grader.specification import UNTESTED
from grader.verdicts import Known, Level


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the catalogue."""

    id: str
    level: Level
    area: str
    known: Known | None
    """Who vouches for what is looked at; None where nothing can be."""
    source: str
    sentence: str
    untested: str = ""
    """Why it cannot be tested; empty for a row that is."""


def catalogue() -> tuple[Entry, ...]:
    """Return every row, area by area as the rubric has them, inside as the specification goes.

    Raises GraderError where the specification cannot be collected, or contradicts itself.
    """
    rows = {test.row.id: test.row for test in tests()}
    if both := rows.keys() & UNTESTED.keys():
        raise GraderError(f"tested, and listed as untested: {', '.join(sorted(both))}")
    entries = [
        Entry(
            id=row.id,
            level=row.level,
            area=row.area,
            known=row.known,
            source=row.source,
            sentence=row.sentence,
        )
        for row in rows.values()
    ]
    entries += [
        Entry(
            id=row,
            level=listed.level,
            area=listed.area,
            known=None,
            source=listed.source,
            sentence=listed.sentence,
            untested=listed.reason,
        )
        for row, listed in UNTESTED.items()
    ]
    areas = list(load().areas)
    return tuple(sorted(entries, key=lambda entry: _place(entry, areas)))


def check_rows(rubric: Rubric) -> None:
    """Hold the rows that a rubric names against the specification.

    Raises InputError, in one line, for one that does not exist, and for a recorded choice of design
    that would get weight.
    """
    levels = {entry.id: entry.level for entry in catalogue()} if rubric.rows else {}
    for row, level in rubric.rows.items():
        where = f"{rubric.name}: rows.{row}"
        if row not in levels:
            raise InputError(f"{where}: no such requirement; `grader requirements` lists them all")
        if levels[row] is Level.INFORMATIVE and level is not Level.INFORMATIVE:
            raise InputError(f"{where}: a recorded choice of design, which never costs a point")


def _place(entry: Entry, areas: list[str]) -> int:
    return areas.index(entry.area) if entry.area in areas else len(areas)


def by_area(entries: Iterable[Entry]) -> dict[str, list[Entry]]:
    """Return the rows by their areas."""
    grouped: dict[str, list[Entry]] = {}
    for entry in entries:
        grouped.setdefault(entry.area, []).append(entry)
    return grouped
