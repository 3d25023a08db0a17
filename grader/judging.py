"""Judges what came of scenarios: the tests of the specification as plain functions.

pytest collects them, once for a process, and they are called without it, which takes a twentieth
of the time; what they raise becomes a verdict the usual way. One can be judged by itself as well:
a mutant is dead with the first requirement that does not pass.
"""

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
import pytest

from grader.bench import Bench
from grader.candidate import Candidate
from grader.cases import Case, Verdicts, cut_off_ran, judge
from grader.conversation.failures import Unknown
from grader.errors import GraderError, SpecificationFailedError
from grader.played import Player
from grader.plugin import LIBRARY_LEAVES_OUT, Given
from grader.pytest_session import run_specification
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

    def judge(self, player: Player, candidate: str, *, strict: bool = True) -> Case:
        """Play what it looks at and return the verdict.

        Raises SpecificationFailedError where the test itself fails; unless `strict`, it is unknown
        then what it would have said.
        """
        error: BaseException | None = None
        try:
            self.function(**self.parameters, **self._values(player))
        except GraderError:
            raise
        except Exception as raised:  # noqa: BLE001  what it means is for `judge` to say
            error = raised
        cut_off = cut_off_ran(player, self.scenarios)
        case = judge(self.row, candidate, error, cut_off=cut_off)
        if case is None and not strict:
            failed = Unknown(f"the grader failed at this: {error!r}")
            case = judge(self.row, candidate, failed, cut_off=cut_off)
        if case is None:
            raise SpecificationFailedError(f"the specification failed: {self.name}: {error!r}")
        return msgspec.structs.replace(case, place=self.place)

    def _values(self, player: Player) -> dict[str, Any]:
        asking = Asking(player)
        return {
            name: asking if name == _REQUEST else asking.getfixturevalue(name)
            for name in self.scenarios
        }


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


def judge_all(candidate: Candidate, player: Player, *, strict: bool = True) -> Verdicts:
    """Judge every requirement that applies to a kind of candidate, as a session of pytest does.

    Raises SpecificationFailedError as `Test.judge` does.
    """
    found = Verdicts()
    found.players[candidate.id] = player
    for test in tests():
        found.rows.setdefault(test.row.id, test.row)
        found.scenarios.setdefault(test.row.id, _scenarios([test]))
    wanted = [test for test in tests() if _applies(test, candidate)]
    player.expect([SCENARIOS[name] for name in _scenarios(wanted)])
    found.cases += [test.judge(player, candidate.id, strict=strict) for test in wanted]
    return found


def _applies(test: Test, candidate: Candidate) -> bool:
    return candidate.kind != "library" or test.row.area not in LIBRARY_LEAVES_OUT


def _scenarios(those: Iterable[Test]) -> tuple[str, ...]:
    """Return what tests look at, in the order in which they ask."""
    names = dict.fromkeys(name for test in those for name in test.scenarios)
    return tuple(name for name in names if name in SCENARIOS)
