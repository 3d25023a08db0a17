"""Cells of a notebook as plain Python."""

import ast
import re

from grader.answers import parsing

_COMMAND = re.compile(r"^(?=!\s*\w|%{1,2}[a-z])", re.MULTILINE)
_MARK = "\ufeff"
"""A byte order mark, which a file may begin with and a block of code may not."""


def plain(text: str) -> str:
    """Return *text* with its commands to the notebook (`!pip install x`) as comments.

    A text that parses has none.
    """
    text = text.removeprefix(_MARK)
    if _COMMAND.search(text) is None or isinstance(parsing.parse(text), ast.Module):
        return text
    return _COMMAND.sub("# ", text)
