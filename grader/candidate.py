"""A candidate: source files with what is known about where they come from."""

from typing import Any

import msgspec


class Cut(msgspec.Struct, frozen=True, kw_only=True):
    """Where a file was cut off, and what was kept of it."""

    kept_lines: int
    """Leading lines of the delivered text that were kept."""
    reason: str
    """`open fence`, `does not parse: …`: one short phrase."""
    function: str | None = None
    """Qualified name (`Class.method`) of the innermost function that lost lines, if any.

    It was kept as far as it parses, so running it proves nothing about the answer.
    """


class SourceFile(msgspec.Struct, frozen=True, kw_only=True):
    """One Python file of a candidate."""

    path: str
    """Relative, with forward slashes, no `..`: `circuit_breaker/state.py`."""
    delivered: str
    """The text as it was delivered."""
    text: str
    """What is run: the delivered text, or the longest prefix of whole lines that parses."""
    role: str = "implementation"
    """`implementation`; `example`: usage that is run by the HTTP requirements alone; or
    `adapter`: a hand-written binding, which runs in the sandbox too."""
    continues: str | None = None
    """For an unnamed example block: the path of the file whose names it goes on using."""
    cut: Cut | None = None


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to grade."""

    id: str
    """Unique in a run; letters, digits, `-`, `_` and `.`."""
    name: str
    kind: str = "answer"
    """`answer` (judged on the whole catalogue) or `library`."""
    provenance: str = "answer"
    """`answer`, `reference`, `re-enactment`, `library`, `defect`, …"""
    model: str = ""
    """The model that gave the answer; several answers of one are samples. Empty: not told."""
    files: tuple[SourceFile, ...] = ()
    main: str | None = None
    """Dotted name of the module that holds the breaker; None where there is no Python at all."""
    package: str | None = None
    """Import name of an installed package that is the implementation, instead of files."""
    requires: tuple[str, ...] = ()
    """Third-party packages that the answer names itself (`pip install …`, candidate.toml)."""
    without: tuple[str, ...] = ()
    """Modules that it would use where they are there, and is graded without."""
    binding: dict[str, Any] = {}
    """The hand-written `[binding]` of candidate.toml; overrides what discovery found."""
    waivers: dict[str, str] = {}
    """Requirements that a library breaks on purpose, each with its reason."""
    cut_off: tuple[str, ...] = ()
    """One sentence for each place where the delivery breaks off; empty when complete."""
    modified: bool = False
    """Whether `text` differs from `delivered` anywhere, so that it does not run as it stands."""


class Unreadable(msgspec.Struct, frozen=True, kw_only=True):
    """An input that cannot be graded: a row with its reason in a batch."""

    id: str
    path: str
    model: str = ""
    problem: str
    """One line that names the file and the cause."""
