"""How often a test comes to a decision: over nothing it passes without one."""

import ast
import functools
import inspect
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from grader.cases import Case
from grader.judging import Test
from grader.played import Player


def judge_counting(test: Test, player: Player, candidate: str) -> tuple[Case, int]:
    """Judge, and tell as well how many decisions of its module were come to."""
    lines = _decisions(inspect.getfile(test.function))
    come_to = 0

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal come_to
        if frame.f_code.co_filename != test.function.__code__.co_filename:
            return None
        come_to += event == "line" and frame.f_lineno in lines
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        case = test.judge(player, candidate)
    finally:
        sys.settrace(before)
    return case, come_to


@functools.cache
def _decisions(path: str) -> frozenset[int]:
    """Return the lines of a module on which it is decided that a requirement holds or not.

    Those are assertions, conditions under which one fails, and returns that let one stand. A loop
    over nothing comes to none.
    """
    tree = ast.parse(Path(path).read_bytes())
    statements = [node for node in ast.walk(tree) if isinstance(node, ast.stmt)]
    return frozenset(node.lineno for node in statements if _decides(node))


def _decides(node: ast.stmt) -> bool:
    if isinstance(node, ast.If):
        return any(isinstance(statement, ast.Raise) for statement in node.body)
    return isinstance(node, ast.Assert) or (isinstance(node, ast.Return) and node.value is None)
