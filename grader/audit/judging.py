"""The tests of the specification as plain functions, judged one by one.

A grading judges every requirement. A mutant is dead with the first requirement that does not pass,
and what that one needs is all that should be played. So the tests are collected by pytest, once
for a process, and called without it; what they raise becomes a verdict the usual way.
"""

import ast
import functools
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import msgspec
import pytest

from grader.bench import Bench
from grader.candidate import Candidate
from grader.cases import Case, judge
from grader.errors import GraderError
from grader.grading import run_specification
from grader.played import Player
from grader.plugin import Given
from grader.sandbox import Tier
from grader.specification import SCENARIOS, Row, row_of

_REQUEST = "request"


class Test(msgspec.Struct, frozen=True, kw_only=True):
    """One case of a requirement."""

    __test__ = False  # pytest looks at names

    row: Row
    name: str
    """As pytest has it, without the candidate: `test_it_works[a case]`."""
    place: int
    """Where it stands in the specification."""
    function: Callable[..., None]
    scenarios: tuple[str, ...]
    """What it looks at: arguments of the function."""
    parameters: dict[str, Any]
    """The other arguments."""

    def judge(self, player: Player, candidate: str) -> Case:
        """Play what it looks at and return the verdict.

        Raises GraderError where the test itself is wrong.
        """
        error: BaseException | None = None
        try:
            self.function(**self.parameters, **self._values(player))
        except Exception as raised:  # noqa: BLE001  what it means is for `judge` to say
            error = raised
        case = judge(self.row, candidate, error, cut_off=False)
        if case is None:
            raise GraderError(f"the specification failed: {self.name}: {error!r}")
        return msgspec.structs.replace(case, place=self.place)

    def _values(self, player: Player) -> dict[str, Any]:
        asking = Asking(player)
        return {
            name: asking if name == _REQUEST else asking.getfixturevalue(name)
            for name in self.scenarios
        }

    def looked(self, player: Player, candidate: str) -> tuple[Case, int]:
        """Judge, and tell as well how many decisions of its module were come to."""
        lines = _decisions(inspect.getfile(self.function))
        come_to = 0

        def trace(frame: FrameType, event: str, _: object) -> Any:
            nonlocal come_to
            if frame.f_code.co_filename != self.function.__code__.co_filename:
                return None
            come_to += event == "line" and frame.f_lineno in lines
            return trace

        before = sys.gettrace()
        sys.settrace(trace)
        try:
            case = self.judge(player, candidate)
        finally:
            sys.settrace(before)
        return case, come_to


class Asking:
    """What pytest's `request` is to a test that asks for scenarios by name."""

    def __init__(self, player: Player) -> None:
        self._player = player

    def getfixturevalue(self, name: str) -> Any:
        """Play a scenario and return its value; raises what a test raises where there is none."""
        played = self._player.play(SCENARIOS[name])
        if played.ending is not None:
            raise played.ending.exception()
        return played.value


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


class _Collector:
    """Takes the tests out of a session that only collects."""

    def __init__(self) -> None:
        self.tests: list[Test] = []

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note every test that is a requirement."""
        items = [item for item in session.items if isinstance(item, pytest.Function)]
        for place, item in enumerate(items):
            row = row_of(item)
            if row is not None:
                self.tests.append(_test(item, row, place))


def _test(item: pytest.Function, row: Row, place: int) -> Test:
    wanted = inspect.signature(item.function).parameters
    parameters = {k: v for k, v in item.callspec.params.items() if k in wanted}
    scenarios = tuple(name for name in wanted if name not in parameters)
    unknown = [name for name in scenarios if name not in SCENARIOS and name != _REQUEST]
    if unknown:
        raise GraderError(f"{item.name} asks for {', '.join(unknown)}, which is no scenario")
    cases = [str(part) for key, part in item.callspec.params.items() if key in wanted]
    return Test(
        row=row,
        name=item.originalname + (f"[{'-'.join(cases)}]" if cases else ""),
        place=place,
        function=item.function,
        scenarios=scenarios,
        parameters=parameters,
    )


@functools.cache
def tests() -> tuple[Test, ...]:
    """Return every test of the specification, in its order."""
    nobody = Candidate(id="nobody", name="Nobody")
    given = Given((nobody,), lambda candidate: Bench(candidate, Tier.PROCESS))
    collector = _Collector()
    run_specification(given, ["--collect-only"], plugins=[collector])
    return tuple(collector.tests)
