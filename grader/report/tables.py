"""Sections of tables that every form of report shows in the same words."""

import msgspec


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """One table."""

    title: str
    head: tuple[str, ...]
    """The first column is a name, the others are figures."""
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """Tables that belong together."""

    anchor: str
    title: str
    lede: str
    tables: tuple[Table, ...]
    remarks_title: str = ""
    remarks: tuple[str, ...] = ()
