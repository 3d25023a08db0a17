"""What the audit is made of, as frozen values: items to look at, and chapters to read."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec

from grader.sandbox import Tier

SCHEMA = 1


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """How an audit is run."""

    tier: Tier
    chosen: frozenset[str] = frozenset()
    """Names of sections and of items to look at; empty: all."""

    def wants(self, section: str, item: str) -> bool:
        """Whether an item of a section was asked for."""
        return not self.chosen or section in self.chosen or item in self.chosen


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to look at. Items of the same job and content are looked at once."""

    name: str
    """Unique in its section; a user may name it."""
    content: str
    """All that its outcome depends on, beside the specification, the grader and the tier."""
    job: Callable[..., Any]
    """A function of a module, which runs in another process."""
    arguments: tuple[Any, ...]
    result: Any
    """The type of what the job returns."""


Outcomes = Mapping[str, Any]
"""What came of the items of a section, by name: values of each item's `result`."""


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """Rows to read."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Chapter(msgspec.Struct, frozen=True, kw_only=True):
    """What a section found."""

    name: str
    title: str
    looked_at: int
    unit: str
    """What was looked at: `named defects`."""
    found: str
    """One sentence with the figures that matter."""
    problems: tuple[str, ...] = ()
    """One line each; the audit fails where there is any."""
    notes: tuple[str, ...] = ()
    """What a reader has to know to read the tables."""
    tables: tuple[Table, ...] = ()


class Audit(msgspec.Struct, frozen=True, kw_only=True):
    """A whole audit: `audit.json`."""

    schema: int = SCHEMA
    specification: str
    """Hash of the specification's files."""
    isolation: str
    python: str
    partial: bool
    """Only what was named was looked at."""
    chapters: tuple[Chapter, ...]
    cpu_seconds: float
    """Of all items, those that were kept from an earlier audit as well. A duration."""

    @property
    def problems(self) -> tuple[str, ...]:
        """Everything that makes the audit fail."""
        return tuple(f"{c.name}: {problem}" for c in self.chapters for problem in c.problems)


class Section(Protocol):
    """What a module in `sections/` has to have; nothing else makes it a part of the audit."""

    NAME: str
    """As it is named on the command line."""
    PLACE: int
    """Where it stands among the sections."""

    def items(self, setting: Setting) -> Sequence[Item]:
        """Return what there is to look at; those that nobody asked for may be among them."""

    def conclude(self, setting: Setting, outcomes: Outcomes) -> Chapter:
        """Return what follows from the outcomes of the items that were asked for."""


Files = Mapping[Path, bytes]
