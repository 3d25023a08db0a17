"""Code that stands in an answer without fences, above, below and between prose.

What is copied from a rendered page has lost its fences. A run of code begins with a line at
the left margin that only Python has, and goes on for as long as it parses.
"""

import ast
import re
from collections.abc import Iterator

from grader.answers import cutting, parsing
from grader.answers.markdown import Block
from grader.answers.text import lines
from grader.candidate import Cut

_START = re.compile(
    r"(?:import [\w.]+(?:\s*,\s*[\w.]+| as \w+)*|from [\w.]+ import\b.*|(?:async )?def \w+\(.*"
    r"|class \w+\s*[(:].*|@\w[\w.]*(?:\(.*)?|(?:\"\"\"|''')\S*.*|#!.*python.*)\s*$"
)
_PROSE = re.compile(
    r"\W*[A-Za-z][\w'\u2019]*,?(?: +[\w'\u2019`*(-]+\S*){2}|\W*[A-Z]\w*[^=(]*[:.!]\s*$"
)
_LOOKED_AT = 200
"""Characters of a line that tell prose from code."""
_LONGEST = 200_000
"""Characters of an answer in which code is looked for: each run takes a parse of the rest."""
_RUNS = 10
"""Of code that are looked for."""


def runs(text: str) -> Iterator[Block]:
    """Yield the runs of code in *text*, each with the line of prose above it.

    The last one that goes on as code which does not parse is cut off: it has the rest as well.
    """
    whole = lines(text) if len(text) <= _LONGEST else []
    at = 0
    for _ in range(_RUNS):
        start = next((n for n in range(at, len(whole)) if _START.match(whole[n])), None)
        if start is None:
            return
        rest = "".join(whole[start:])
        kept = _kept(rest)
        end = start + (kept.cut.kept_lines if kept.cut else len(whole))
        following = next((line for line in whole[end:] if line.strip()), "")
        lead_in = next((line for line in reversed(whole[:start]) if line.strip()), "").strip()
        if not kept.cut or _is_prose(following):
            if _says_something(kept.text):
                yield Block(info="python", text=kept.text, closed=True, lead_in=lead_in)
        elif _says_something(kept.text):
            yield Block(info="python", text=rest, closed=True, lead_in=lead_in)
            return
        at = max(end, start + 1)


def _kept(text: str) -> cutting.Kept:
    """Cut *text* back to what parses, and where a lone word is a title that does so too."""
    kept = cutting.cut(text)
    for node in parsing.tree(kept.text).body:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Name):
            above = lines(text)[: node.lineno - 1]
            return cutting.Kept(
                text="".join(above), cut=Cut(kept_lines=len(above), reason="a lone word")
            )
    return kept


def _is_prose(line: str) -> bool:
    lone = line.strip().isidentifier() or line.startswith("```")
    return not _START.match(line) and (lone or _PROSE.match(line[:_LOOKED_AT]) is not None)


def _says_something(code: str) -> bool:
    wanted = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return any(isinstance(node, wanted) for node in parsing.tree(code).body)
