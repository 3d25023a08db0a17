"""Cutting an unfinished file back to what parses.

What is kept is the longest prefix of whole lines that parses, so the kept text
is always something the author wrote, from the first line on.
"""

import ast
import math
from bisect import bisect_right
from collections.abc import Iterator

import msgspec

from grader.answers.parsing import Flaw, parse, tree
from grader.answers.text import lines
from grader.candidate import Cut

OPEN_FENCE = "open fence"
"""The reason of a cut where the closing fence never arrived."""

_PATIENCE = 64
"""Parses before bisection takes over; real cuts need fewer than five."""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What is run of a delivered text, and the cut where something was taken away."""

    text: str
    cut: Cut | None = None


def cut(text: str, *, open_fence: bool = False) -> Kept:
    """Keep of *text* the longest prefix of whole lines that parses.

    Under an *open_fence* the text was broken off: a last line without a line
    end is dropped even where it parses, and the result is always marked cut.
    """
    delivered = lines(text)
    whole = delivered[:-1] if open_fence and not text.endswith("\n") else delivered
    kept = "".join(whole)
    result = parse(kept)
    if isinstance(result, ast.Module):
        if not open_fence:
            return Kept(text=text)
        reason = OPEN_FENCE
    else:
        whole = whole[: _longest(whole, result)]
        kept = "".join(whole)
        where = f" (line {result.line})" if result.line else ""
        reason = OPEN_FENCE if open_fence else f"does not parse: {result.message}{where}"
    function = function_at_end(kept, delivered[len(whole) :])
    return Kept(text=kept, cut=Cut(kept_lines=len(whole), reason=reason, function=function))


def _longest(whole: list[str], flaw: Flaw) -> int:
    """Return how many leading lines parse, given the *flaw* of all of them.

    No prefix that holds the line of the error parses. Of the shorter ones only
    those can that end with a finished statement, which one pass over the tokens
    tells; the parser has the last word on each.
    """
    ends = list(_statement_ends(whole))
    bound = len(whole) - 1 if flaw.line is None else min(len(whole), flaw.line) - 1
    for _ in range(_PATIENCE):
        if flaw.line is None:
            break
        count = ends[bisect_right(ends, bound) - 1] if bound > 0 else 0
        result = parse("".join(whole[:count]))
        if isinstance(result, ast.Module):
            return count
        flaw = result
        bound = min(count, flaw.line or count) - 1
    ends = ends[: bisect_right(ends, max(bound, 0))]
    low, high = 0, len(ends)
    while high - low > 1:
        middle = (low + high) // 2
        if isinstance(parse("".join(whole[: ends[middle]])), ast.Module):
            low = middle
        else:
            high = middle
    return ends[low]


def _statement_ends(whole: list[str]) -> Iterator[int]:
    """Yield, ascending from 0, after how many lines no statement is left unfinished.

    Unfinished are open brackets, strings and continuations, a header without
    its block, a decorator without its function, a `try` without a handler.
    """
    # Most texts need no cutting, and starting costs nothing where a library is not loaded.
    from grader.answers.logical_lines import logical_lines  # noqa: PLC0415  rarely needed

    yield 0
    finished, since = True, 0
    tries: list[int] = []
    for first, start, last, end in logical_lines(whole):
        if finished:
            yield from range(since + 1, start[0])
        if first == "try":
            tries.append(start[1])
        elif first in {"except", "finally"} and tries and tries[-1] == start[1]:
            tries.pop()
        finished = last != ":" and first != "@" and not tries
        since = end
        if finished:
            yield end
    if finished:
        yield from range(since + 1, len(whole) + 1)


def function_at_end(kept: str, dropped: list[str]) -> str | None:
    """Return the innermost function at the end of *kept* that *dropped* went on with.

    *kept* ends with a finished statement, so the first dropped line of code starts one,
    and its indentation tells which blocks it belongs to. Where a text ends in the
    middle of a block and nothing was dropped, the block may have gone on: the function
    is named. The name is spelled as `__qualname__`: `Class.method`, `f.<locals>.g`.
    """
    column = _column(dropped, kept)
    names: list[str] = []
    function: str | None = None
    node = _last_statement(tree(kept))
    while node is not None and getattr(node, "col_offset", 0) < column:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names.append(node.name)
            function = ".".join(names)
            names.append("<locals>")
        elif isinstance(node, ast.ClassDef):
            names.append(node.name)
        node = _last_statement(node)
    return function


def _column(dropped: list[str], kept: str) -> float:
    rest = [line for line in dropped if line.strip()]
    code = [line for line in rest if not line.lstrip().startswith("#")]
    for line in code or rest:
        return len(line) - len(line.lstrip())
    return 0 if kept.endswith("\n\n") else math.inf


def _last_statement(node: ast.AST) -> ast.AST | None:
    for field in ("finalbody", "orelse", "handlers", "cases", "body"):
        children = getattr(node, field, None)
        if isinstance(children, list) and children:
            child = children[-1]
            return child if isinstance(child, ast.AST) else None
    return None
