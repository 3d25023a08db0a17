"""The catalogue of requirements: for a terminal, as lines, as JSON, as Markdown."""

from collections.abc import Sequence

import msgspec
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from grader.catalogue import Entry, by_area
from grader.report.markdown import escape
from grader.specification import SOURCES

_LEVEL_STYLES = {"MUST": "bold", "SHOULD": "", "INFORMATIVE": "dim"}


def print_requirements(entries: Sequence[Entry], console: Console) -> None:
    """Print the catalogue area by area, as wide as the console is."""
    for area, rows in by_area(entries).items():
        console.print(Text(f"\n{area}", style="bold underline"))
        for entry in rows:
            head = Text.assemble(
                (entry.id, "bold cyan"), "  ", (str(entry.level), _LEVEL_STYLES[entry.level])
            )
            head.append(f"  {_origin(entry)}", style="dim")
            console.print(head)
            console.print(Padding(Text(_sentence(entry)), (0, 0, 0, 4)))
    console.print(Text("\nsources", style="bold underline"))
    for name, stands_for in SOURCES.items():
        console.print(Text.assemble((name, "bold"), f"  {stands_for}"))
    console.print(Text(f"\n{summary(entries)}", style="dim"))


def requirements_lines(entries: Sequence[Entry]) -> list[str]:
    """Return one line for each row: id, level, area, how it is known, source, sentence; tabs."""
    return ["\t".join(_cells(entry)) for entry in entries]


def _cells(entry: Entry) -> tuple[str, ...]:
    known = entry.known or "untested"
    return entry.id, entry.level, entry.area, known, entry.source, _sentence(entry)


def summary(entries: Sequence[Entry]) -> str:
    """Say how many rows there are, by level."""
    levels = [entry.level for entry in entries]
    counted = ", ".join(f"{levels.count(level)} {level}" for level in dict.fromkeys(levels))
    untested = sum(bool(entry.untested) for entry in entries)
    return f"{len(entries)} requirements: {counted}" + (
        f"; {untested} of them untested" if untested else ""
    )


def _origin(entry: Entry) -> str:
    known = entry.known or "untested"
    return f"{known}  {entry.source}".rstrip()


def _sentence(entry: Entry) -> str:
    return f"{entry.sentence} Untested: {entry.untested}" if entry.untested else entry.sentence


def requirements_json(entries: Sequence[Entry]) -> str:
    """Return the catalogue as a JSON list."""
    return msgspec.json.format(msgspec.json.encode(entries), indent=2).decode()


def requirements_markdown(entries: Sequence[Entry]) -> str:
    """Return the catalogue as Markdown, a table for each area."""
    written = ["# Requirements", "", f"{summary(entries)}.", ""]
    for area, rows in by_area(entries).items():
        written += [f"## {area}", "", "| id | level | known | source | requirement |"]
        written += ["| :-- | :-- | :-- | :-- | :-- |"]
        for entry in rows:
            cells = (f"`{entry.id}`", entry.level, entry.known or "untested")
            told = (escape(entry.source), escape(_sentence(entry), 1000))
            written.append(f"| {' | '.join((*cells, *told))} |")
        written.append("")
    written += ["## Sources", "", "| name | stands for |", "| :-- | :-- |"]
    written += [f"| {escape(name)} | {escape(told)} |" for name, told in SOURCES.items()]
    written.append("")
    return "\n".join(written)
