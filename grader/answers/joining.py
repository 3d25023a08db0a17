"""Several blocks of an answer as the text of one file.

Each begins on a line of its own. What a later block takes `from __future__` moves to the top,
as its author would have moved it: anywhere else Python refuses the whole file.
"""

import ast
from collections.abc import Sequence

from grader.answers import cutting, parsing
from grader.answers.text import lines


def joined(texts: Sequence[str]) -> str:
    """Return the *texts* below each other as one file."""
    first, *rest = texts
    known = {name for statement in _futures(first) for name in _names(statement)}
    wanted: list[str] = []
    below: list[str] = []
    for text in rest:
        taken = _futures(text)
        wanted += [name for statement in taken for name in _names(statement)]
        below.append(_without(text, taken))
    missing = [name for name in dict.fromkeys(wanted) if name not in known]
    *above, last = [_with(first, missing), *below]
    return "".join(map(ended, above)) + last


def ended(text: str) -> str:
    """Return *text* with an end of its last line."""
    return text + "\n" if text and not text.endswith("\n") else text


def _futures(text: str) -> list[ast.ImportFrom]:
    if "__future__" not in text:
        return []
    return [
        node
        for node in parsing.tree(cutting.cut(text).text).body
        if isinstance(node, ast.ImportFrom) and node.module == "__future__"
    ]


def _names(statement: ast.ImportFrom) -> list[str]:
    return [alias.name for alias in statement.names]


def _without(text: str, statements: list[ast.ImportFrom]) -> str:
    gone = {
        line
        for statement in statements
        for line in range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)
    }
    return "".join(line for number, line in enumerate(lines(text), 1) if number not in gone)


def _with(text: str, names: list[str]) -> str:
    """Return *text* with an import of the future *names* before its first statement."""
    if not names:
        return text
    body = parsing.tree(cutting.cut(text).text).body
    above = 0
    for node in body[:1]:
        decorators = getattr(node, "decorator_list", [])
        above = min(part.lineno for part in [node, *decorators]) - 1
        if isinstance(node, ast.Expr) and ast.get_docstring(ast.Module(body, [])) is not None:
            above = node.end_lineno or node.lineno
    whole = lines(text)
    statement = f"from __future__ import {', '.join(names)}\n"
    return "".join([*map(ended, whole[:above]), statement, *whole[above:]])
