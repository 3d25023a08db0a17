"""The leaderboard in a terminal, and the progress while a run goes on.

Nothing is told by colour alone, and 80 columns are enough: what each area
contributed is added where there is room for it. Text goes in as `rich.Text`,
never as markup, because a candidate chooses its own name.
"""

from types import TracebackType
from typing import Self

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from grader.report import tables as report_tables
from grader.report import view
from grader.report.models import models_section
from grader.report.text import one_line
from grader.results import CandidateResult, Results

_NAME = 32
"""Columns of a name before it is shortened, so that the table fits 80 columns."""
_ROOM_FOR_AREAS = 132
_SHOWN_AT_ONCE = 3


def print_leaderboard(results: Results, console: Console | None = None) -> None:
    """Print the leaderboard and the notes that belong to it."""
    console = console or Console()
    console.print(leaderboard(results, console.width))
    if section := models_section(results):
        for table in section.tables:
            print_table(table, console)
    for note in notes(results):
        console.print(Text(note), soft_wrap=False)


def print_table(told: report_tables.Table, console: Console) -> None:
    """Print a table of a section, and the notes that belong to it."""
    shown = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold", title=told.title)
    shown.title_justify = "left"
    for place, name in enumerate(told.head):
        shown.add_column(name, justify="right" if place else "left", overflow="fold")
    for row in told.rows:
        shown.add_row(*(Text(one_line(cell, 60)) for cell in row))
    console.print(shown)
    for note in told.notes:
        console.print(Text(one_line(note)))


def leaderboard(results: Results, columns: int = 80) -> Table:
    """Return the leaderboard as a table for a terminal of so many columns."""
    areas = tuple(view.by_area(results)) if columns >= _ROOM_FOR_AREAS else ()
    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
    table.add_column("#", justify="right", no_wrap=True)
    table.add_column("candidate", overflow="fold", min_width=16)
    table.add_column("score", justify="right", no_wrap=True)
    table.add_column("delivered", justify="right", no_wrap=True)
    for area in areas:
        table.add_column(area[:4], justify="right", no_wrap=True)
    table.add_column("note", overflow="fold", min_width=14)
    for standing in view.standings(results):
        candidate = standing.candidate
        table.add_row(
            Text(str(standing.rank or view.number(None))),
            _name(candidate),
            Text(view.score_text(candidate), style=_style(candidate)),
            Text(view.number(candidate.as_delivered)),
            *(_area(candidate, area) for area in areas),
            _note(candidate),
        )
    return table


def notes(results: Results) -> tuple[str, ...]:
    """Return the lines that explain the table; none that the table does not need."""
    lines = []
    if any(candidate.provenance == view.RE_ENACTMENT for candidate in results.candidates):
        lines.append(view.RE_ENACTMENT_NOTE)
    if any(view.upper(candidate) != (candidate.score or 0.0) for candidate in results.candidates):
        lines.append("A range: unknown counted as failed, and as passed.")
    if told := view.attested_text(results):
        lines.append(told)
    lines.append(
        f"specification {one_line(results.specification, 12)}, seed {results.seed}, "
        f"isolation {one_line(results.isolation, 20)}, Python {one_line(results.python, 8)}"
    )
    if told := view.weights_text(results):
        lines.append(one_line(told, 120))
    for candidate in results.candidates:
        lines += [one_line(f"{candidate.id}: {told}") for told in view.waivers_told(candidate)]
    if results.played_by:
        lines.append(f"Judged again: scenarios played by {one_line(results.played_by, 16)}")
    return tuple(lines)


def _name(candidate: CandidateResult) -> Text:
    """Return the name with its provenance, which is never left away."""
    return Text.assemble(
        one_line(candidate.name or candidate.id, _NAME),
        " ",
        (f"[{one_line(candidate.provenance, 14)}]", "dim"),
    )


def _note(candidate: CandidateResult) -> Text:
    parts = list(view.marks(candidate))
    if candidate.score is None and candidate.problem:
        parts.append(one_line(candidate.problem, 100))
    return Text(", ".join(parts), style="yellow" if parts else "")


def _area(candidate: CandidateResult, area: str) -> Text:
    part = candidate.areas.get(area)
    return Text("" if part is None else view.percent(part.score), style="dim")


def _style(candidate: CandidateResult) -> str:
    """Colour only underlines what the number says already."""
    if candidate.score is None:
        return "red"
    return "bold green" if candidate.score == 10 else "bold"  # noqa: PLR2004 - out of ten


class RunProgress:
    """Tells how far a run has come: how many candidates, which ones now, how many done.

    A context manager. On a terminal it is one live line; elsewhere (a CI log)
    one line for each candidate that is done, since nothing can be redrawn.
    """

    def __init__(self, total: int, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True)
        self._total = total
        self._done = 0
        self._current: list[str] = []
        self._live = Progress(
            MofNCompleteColumn(),
            BarColumn(bar_width=24),
            TimeElapsedColumn(),
            TextColumn("{task.fields[current]}", markup=False),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._task = self._live.add_task("", total=total, current="")

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._live.stop()

    def started(self, identifier: str) -> None:
        """Say that a candidate is being graded from now on."""
        self._current.append(identifier)
        self._refresh()

    def finished(self, candidate: CandidateResult) -> None:
        """Say that a candidate was graded, and with what score."""
        if candidate.id in self._current:
            self._current.remove(candidate.id)
        self._done += 1
        self._refresh()
        if not self._console.is_terminal:
            self._console.print(
                Text(f"[{self._done}/{self._total}] ")
                + Text(f"{one_line(candidate.id, _NAME)}: {view.score_text(candidate)}")
            )

    def line(self) -> str:
        """Return what is being graded now, in a few words."""
        names = [one_line(name, _NAME) for name in self._current[:_SHOWN_AT_ONCE]]
        more = len(self._current) - len(names)
        return ", ".join(names) + (f" and {more} more" if more > 0 else "")

    def _refresh(self) -> None:
        self._live.update(self._task, completed=self._done, current=self.line())
