"""Annotations as GitHub's runners read them from a step's output.

Everything is escaped: a candidate writes some of these words, and must not be able to begin a
command of its own.
"""

from grader.report.text import visible

_IN_TEXT = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_IN_PROPERTY = {**_IN_TEXT, ":": "%3A", ",": "%2C"}


def annotation(title: str, text: str, *, level: str = "error") -> str:
    """Return one line that shows *text* on a run's page; *level* is error, warning or notice."""
    return f"::{level} title={_escaped(title, _IN_PROPERTY)}::{_escaped(text, _IN_TEXT)}"


def _escaped(text: str, table: dict[str, str]) -> str:
    return "".join(table.get(character, character) for character in visible(text))
