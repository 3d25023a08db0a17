"""Closing fences that were forgotten in the middle of an answer.

Markdown takes all up to the next closing fence for one block: the code, the prose below it and
the code below that. What gives it away is an opening fence with a language inside the block.
"""

import re

from grader.answers import cutting, parsing
from grader.answers.text import lines

_OPENING = re.compile(r" {0,3}(?:`{3,}|~{3,})[ \t]*[\w{.][^`]*$")
_LEFT = re.compile(r"[^\s@)\]}'\"]")


def place(code: str) -> int | None:
    """Return after how many lines of the block *code* its closing fence was forgotten.

    None where nothing gives it away: a fence may stand in a string, as in a docstring.
    """
    whole = lines(code)
    opening = next((n for n, line in enumerate(whole) if _OPENING.match(line)), None)
    if opening is None:
        return None
    body = parsing.tree(cutting.cut("".join(whole[:opening])).text).body
    if not body:
        return None
    end = body[-1].end_lineno or opening
    return end if all(map(_is_prose, whole[end:opening])) else None


def _is_prose(line: str) -> bool:
    """Tell whether a line that is no Python, or a comment, may stand between blocks."""
    if not line.strip():
        return True
    unfinished = line.rstrip().endswith(("(", "[", "{", ",", "\\"))
    in_string = '"""' in line or "'''" in line
    return _LEFT.match(line) is not None and not (unfinished or in_string or " = " in line)
