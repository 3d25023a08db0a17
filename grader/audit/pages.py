"""An audit in a terminal, as HTML, JSON and Markdown, and its table in the README."""

import base64
import hashlib
import re
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from grader.answers import text as texts
from grader.audit.model import Audit, Chapter
from grader.errors import InputError
from grader.report.text import one_line, visible

COMMAND = "grader audit"
BEGIN, END = f"<!-- made by `{COMMAND} --readme` -->", "<!-- end of the audit -->"
_MOST_ROWS = 40
"""Rows of a table in Markdown; HTML and JSON have all of them."""
_COLUMNS = ("looked at", "found", "problems")


def contents(audit: Audit) -> dict[str, bytes]:
    """Return the files of an audit, by name."""
    return {
        "audit.json": msgspec.json.format(msgspec.json.encode(audit), indent=2) + b"\n",
        "audit.html": html(audit).encode(),
        "audit.md": markdown(audit).encode(),
    }


def _summary(audit: Audit) -> list[tuple[str, str, str]]:
    return [
        (f"{c.looked_at} {c.unit}", one_line(c.found), str(len(c.problems))) for c in audit.chapters
    ]


# --- Markdown -----------------------------------------------------------------------------


def markdown(audit: Audit) -> str:
    """Return the audit as Markdown."""
    parts = ["# The specification, audited", summary(audit), _ground(audit)]
    for chapter in audit.chapters:
        parts += [f"## {chapter.title}", f"{chapter.looked_at} {chapter.unit}: {chapter.found}."]
        parts += chapter.notes
        parts += [f"- **{_cell(problem)}**" for problem in chapter.problems]
        for table in chapter.tables:
            parts += [f"### {table.title}", _table(table.columns, table.rows[:_MOST_ROWS])]
            left = len(table.rows) - _MOST_ROWS
            parts += [f"… and {left} more in audit.html."] if left > 0 else []
    return "\n\n".join(parts) + "\n"


def summary(audit: Audit) -> str:
    """Return the table of the whole."""
    return _table(_COLUMNS, _summary(audit))


def _ground(audit: Audit) -> str:
    part = " Only a part was looked at." if audit.partial else ""
    return (
        f"Specification {audit.specification}, isolation {audit.isolation}, Python {audit.python};"
        f" {audit.cpu_seconds:.0f} s of processor time.{part}"
    )


def _table(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [columns, tuple("---" for _ in columns), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(words: str) -> str:
    return one_line(words, 200).replace("|", "\\|").replace("<", "&lt;")


# --- the README ---------------------------------------------------------------------------


def put_into(readme: Path, audit: Audit) -> bytes:
    """Return a README with the table of this audit between its two marks.

    Raises InputError where it does not have the marks, once each and in order.
    """
    before = texts.read(readme)
    pattern = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
    if len(pattern.findall(before)) != 1:
        raise InputError(f"{readme}: has to have {BEGIN} and {END} once")
    return pattern.sub(lambda _: f"{BEGIN}\n\n{summary(audit)}\n\n{END}", before).encode()


# --- HTML ---------------------------------------------------------------------------------


def html(audit: Audit) -> str:
    """Return the audit as one page that asks nothing of a network."""
    environment = Environment(
        loader=PackageLoader("grader.audit"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=lambda value: (
            value if isinstance(value, Markup) or not isinstance(value, str) else visible(value)
        ),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = files("grader.audit").joinpath("templates", "audit.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    page = environment.get_template("audit.html.j2").render(
        audit=audit,
        columns=_COLUMNS,
        summary=_summary(audit),
        ground=_ground(audit),
        style=Markup(style),  # noqa: S704  our own file
        policy=f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'",
    )
    return page + "\n"


# --- the terminal -------------------------------------------------------------------------


def show(audit: Audit, console: Console) -> None:
    """Print what was found."""
    table = RichTable(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for column in _COLUMNS:
        table.add_column(
            column, overflow="fold", justify="right" if column == "problems" else "left"
        )
    for looked_at, found, problems in _summary(audit):
        style = "" if problems == "0" else "bold red"
        table.add_row(Text(looked_at), Text(found), Text(problems, style=style))
    console.print(table)
    for chapter in audit.chapters:
        _problems(chapter, console)
    console.print(Text(_ground(audit)))


def _problems(chapter: Chapter, console: Console) -> None:
    if chapter.problems:
        console.print(Text(f"{chapter.title}:", style="bold"))
    for problem in chapter.problems:
        console.print(Text(f"  {one_line(problem)}"))
