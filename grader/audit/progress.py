"""Tells how far an audit has come, how fast it goes and how long it will take."""

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

_LINES = 20
"""Lines for the whole where nothing can be redrawn, such as in a log."""


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:.1f}/s")


class AuditProgress:
    """A watcher of an audit; a context manager.

    On a terminal one live line for each section; elsewhere a line now and then.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Progress(
            TextColumn("{task.description}", markup=False),
            MofNCompleteColumn(),
            BarColumn(bar_width=20),
            _Rate(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            speed_estimate_period=120,
            disable=not console.is_terminal,
        )
        self._all = self._live.add_task("all", total=0)
        self._tasks = {"all": self._all}
        self._kept = self._done = self._total = 0
        self._began = time.monotonic()

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
        if self._kept:
            self._console.print(Text(f"{self._kept} of {self._total} were kept from before."))

    def begins(self, section: str, total: int) -> None:
        """Be told of a section before any item is looked at."""
        self._tasks[section] = self._live.add_task(section, total=total)
        self._total += total
        self._live.update(self._all, total=self._total)

    def finished(self, section: str, *, kept: bool) -> None:
        """Be told of an item that is done."""
        self._live.advance(self._tasks[section])
        self._live.advance(self._all)
        self._done += 1
        self._kept += kept
        if not kept and not self._console.is_terminal:
            self._tell()

    def stopping(self, under_way: int) -> None:
        """Be told that an interrupt waits for so many items."""
        told = f"Stopping after the {under_way} items under way; again to stop at once."
        self._console.print(Text(told))

    def _tell(self) -> None:
        step = max(1, self._total // _LINES)
        if self._done % step and self._done != self._total:
            return
        rate = (self._done - self._kept) / max(time.monotonic() - self._began, 0.001)
        left = (self._total - self._done) / rate
        self._console.print(
            Text(f"[{self._done}/{self._total}] {rate:.1f}/s, {left / 60:.0f} min to go")
        )
