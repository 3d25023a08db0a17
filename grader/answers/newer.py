"""Code that is written for a newer Python than this one, which it cannot be graded by."""

import re
import sys
from collections.abc import Iterable

from grader.answers import cutting, fstrings
from grader.candidate import SourceFile

_NEWER = (3, 12)
"""The version that brought `class Box[T]`, `def first[T](…)`, `type Name = …`, and f-strings with
any expression in their braces."""
_LONGEST = 200_000
"""Characters of a file whose strings are looked at; no answer has more, but a trap may."""
_WRITTEN_FOR_IT = re.compile(
    r"\s*(?:(?:async\s+def|def|class)\s+\w+\s*\[|type\s+\w+\s*(?:\[[^\]]*\])?\s*=[^=;{]*$)"
)


def needed(files: Iterable[SourceFile], here: tuple[int, ...] = sys.version_info[:2]) -> str:
    """Return which file needs a newer Python than *here*, in words; empty where none does.

    That is one which does not parse from a statement on that only a newer one has.
    """
    if here >= _NEWER:
        return ""
    for file in files:
        line = _not_parsed(file)
        if line is not None and (_WRITTEN_FOR_IT.match(line[1]) or _has_newer_strings(file)):
            newer, own = (".".join(map(str, version)) for version in (_NEWER, here))
            return (
                f"{file.path}:{line[0]} is written for Python {newer}, and this is {own}:"
                " grade it with a newer one"
            )
    return ""


def _has_newer_strings(file: SourceFile) -> bool:
    """Whether more of a file parses once its f-strings are read as a newer Python does."""
    if len(file.delivered) > _LONGEST:
        return False
    # Not `file.cut`, which leaves out an unfinished last line as well.
    as_it_is, plain = (
        cutting.cut(text).cut for text in (file.delivered, fstrings.plain(file.delivered))
    )
    if as_it_is is None:
        return False
    return plain is None or plain.kept_lines > as_it_is.kept_lines


def _not_parsed(file: SourceFile) -> tuple[int, str] | None:
    """Return the first line that does not parse, with its number."""
    if file.cut is None:
        return None
    lines = file.delivered.splitlines()[file.cut.kept_lines :]
    for number, line in enumerate(lines, start=file.cut.kept_lines + 1):
        if line.strip() and not line.lstrip().startswith(("#", "@")):
            return number, line
    return None
