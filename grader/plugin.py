"""The pytest plugin behind `pytest spec_tests --candidate DIR`.

It gives every test the candidate, plays the scenarios that the selected tests
ask for, and keeps the verdicts (see `grader.cases`). What grades by the hundred
thousand has it collect the tests, and calls them itself (`grader.judging`).
"""

import os
import random
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from grader import answers
from grader.bench import Bench
from grader.candidate import Candidate, Unreadable
from grader.cases import Case, Verdicts, cut_off_ran, judge
from grader.errors import GraderError
from grader.played import Player
from grader.sandbox import choose
from grader.specification import MARK, SCENARIOS, Scenario, row_of
from grader.verdicts import Verdict

DEFAULT_CANDIDATE = Path(__file__).resolve().parent.parent / "candidates" / "reference"
LIBRARY_LEAVES_OUT = frozenset({"http", "delivery"})


class Given(msgspec.Struct, frozen=True):
    """What is to be graded, when the command line of pytest does not say it."""

    candidates: tuple[Candidate, ...]
    player: Callable[[Candidate], Player]
    """Opens a candidate's player, which is closed after its last requirement."""


GIVEN = pytest.StashKey[Given]()
VERDICTS = pytest.StashKey[Verdicts]()


# --- options ----------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what the specification is told on the command line."""
    group = parser.getgroup("grader", "circuit breaker specification")
    group.addoption(
        "--candidate",
        action="append",
        type=Path,
        metavar="PATH",
        help="candidate folder, answer .md, .py or evaluation .json; repeatable"
        " (default: the reference breaker)",
    )
    group.addoption("--isolation", default="auto", help="auto, bwrap, landlock or process")
    group.addoption(
        "--at-once",
        type=int,
        default=os.cpu_count() or 1,
        metavar="N",
        help="scenarios played at a time, each in a worker (default: one for each core)",
    )
    group.addoption("--seed", type=int, default=0, help="varies the numbers of the scenarios")
    group.addoption(
        "--shuffle",
        type=int,
        metavar="N",
        help="judge the requirements in another order, one for each number; no verdict may change",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Read the candidates and choose the sandbox tier."""
    config.addinivalue_line("markers", f"{MARK}(row, level): a requirement of the catalogue")
    config.stash[VERDICTS] = Verdicts()
    if config.getoption("--shuffle") is not None:
        config.pluginmanager.register(Shuffler(config.getoption("--shuffle")))
    given = config.pluginmanager.get_plugin("grader-given")
    if isinstance(given, Holder):
        config.stash[GIVEN] = given.given
        return
    try:
        config.stash[GIVEN] = _from_command_line(config)
    except GraderError as error:
        raise pytest.UsageError(str(error)) from error


class Holder:
    """Carries what is given into a session that is started from Python."""

    def __init__(self, given: Given) -> None:
        self.given = given


def _from_command_line(config: pytest.Config) -> Given:
    paths = config.getoption("--candidate") or [DEFAULT_CANDIDATE]
    loaded = answers.load_all(paths)
    for entry in loaded:
        if isinstance(entry, Unreadable):
            raise GraderError(entry.problem)
    tier, seed = choose(config.getoption("--isolation")), config.getoption("--seed")
    at_once = max(1, config.getoption("--at-once"))
    return Given(
        candidates=tuple(entry for entry in loaded if isinstance(entry, Candidate)),
        player=lambda candidate: Bench(candidate, tier, seed=seed, at_once=at_once),
    )


# --- collection -------------------------------------------------------------------------


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run every requirement on every candidate, one candidate after the other."""
    if "bench" in metafunc.fixturenames:
        given = metafunc.config.stash[GIVEN]
        metafunc.parametrize(
            "bench",
            given.candidates,
            ids=[candidate.id for candidate in given.candidates],
            indirect=True,
            scope="session",
        )


@pytest.hookimpl(tryfirst=True)  # before `-k` is looked at, which may name a row
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what does not apply to a kind of candidate, and note the rows."""
    kept: list[pytest.Item] = []
    left_out: list[pytest.Item] = []
    for place, item in enumerate(items):
        config.stash[VERDICTS].places[item.nodeid] = place
        row = row_of(item)
        if row is None:
            kept.append(item)
            continue
        candidate = _candidate(item)
        item.extra_keyword_matches |= {row.id, row.id.replace("-", "_")}
        library = candidate is not None and candidate.kind == "library"
        (left_out if library and row.area in LIBRARY_LEAVES_OUT else kept).append(item)
        config.stash[VERDICTS].rows.setdefault(row.id, row)
        names = tuple(name for name in getattr(item, "fixturenames", ()) if name in SCENARIOS)
        config.stash[VERDICTS].scenarios.setdefault(row.id, names)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = kept


class Shuffler:
    """Changes the order of the requirements, candidate by candidate."""

    def __init__(self, number: int) -> None:
        self._random = random.Random(number)

    @pytest.hookimpl(trylast=True)  # pytest itself reorders by fixtures
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Shuffle."""
        candidates = list(dict.fromkeys(_id(item) for item in items))
        self._random.shuffle(items)
        items.sort(key=lambda item: candidates.index(_id(item)))


def _id(item: pytest.Item) -> str:
    candidate = _candidate(item)
    return candidate.id if candidate is not None else ""


def _candidate(item: pytest.Item) -> Candidate | None:
    callspec = getattr(item, "callspec", None)
    candidate = callspec.params.get("bench") if callspec is not None else None
    return candidate if isinstance(candidate, Candidate) else None


# --- fixtures ---------------------------------------------------------------------------


@pytest.fixture(scope="session")
def bench(request: pytest.FixtureRequest) -> Iterator[Player]:
    """Give the candidate, in its sandbox."""
    given = request.config.stash[GIVEN]
    with given.player(request.param) as opened:
        request.config.stash[VERDICTS].players[request.param.id] = opened
        if not request.config.getoption("maxfail"):  # with `-x` most may never be asked for
            opened.expect(_scenarios_of(request.session.items, request.param))
        yield opened


def _scenarios_of(items: Sequence[pytest.Item], candidate: Candidate) -> list[Scenario]:
    """Return what the requirements of one candidate look at, in the order in which they ask."""
    names = dict.fromkeys(
        name
        for item in items
        if _candidate(item) is candidate
        for name in getattr(item, "fixturenames", ())
    )
    return [SCENARIOS[name] for name in names if name in SCENARIOS]


def scenario_fixtures() -> dict[str, Any]:
    """Return a fixture for every declared scenario, by name."""
    return {name: _fixture(name) for name in SCENARIOS}


def _fixture(name: str) -> Any:
    @pytest.fixture(scope="session", name=name)
    def value(bench: Player) -> Any:
        played = bench.play(SCENARIOS[name])
        if played.ending is not None:
            raise played.ending.exception()
        return played.value

    value.__doc__ = SCENARIOS[name].play.__doc__
    return value


# --- verdicts ---------------------------------------------------------------------------

_LETTERS = {
    Verdict.PASS: (".", "PASSED"),
    Verdict.FAIL: ("F", "FAILED"),
    Verdict.ERROR: ("E", "ERROR"),
    Verdict.NOT_OFFERED: ("s", "NOT OFFERED"),
    Verdict.BLOCKED: ("B", "BLOCKED"),
    Verdict.UNKNOWN: ("U", "UNKNOWN"),
}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn the outcome of a requirement into a verdict."""
    report = yield
    row, candidate = row_of(item), _candidate(item)
    if row is None or candidate is None or call.when == "teardown":
        return report
    error = call.excinfo.value if call.excinfo is not None else None
    if call.when == "setup" and error is None:
        return report
    verdicts = item.config.stash[VERDICTS]
    opened = verdicts.players.get(candidate.id)
    cut_off = opened is not None and cut_off_ran(opened, getattr(item, "fixturenames", ()))
    case = judge(row, candidate.id, error, cut_off=cut_off)
    if case is None:
        return report
    verdicts.cases.append(msgspec.structs.replace(case, place=verdicts.places[item.nodeid]))
    report.user_properties.append(("verdict", str(case.verdict)))
    _tell_pytest(item, report, case)
    return report


def _tell_pytest(item: pytest.Item, report: pytest.TestReport, case: Case) -> None:
    if case.verdict is Verdict.PASS:
        report.outcome, report.longrepr = "passed", None  # also where a choice was recorded
        return
    told = f"{case.row.id} {case.verdict}"
    told += f" ({case.because})" if case.because else ""
    told += f": {case.evidence}"
    path, line, _ = item.location
    if case.verdict is Verdict.NOT_OFFERED:
        report.outcome = "skipped"
        report.longrepr = (path, line or 0, told)
    else:
        report.outcome = "failed"
        report.longrepr = told


def pytest_report_teststatus(
    report: pytest.CollectReport | pytest.TestReport,
) -> tuple[str, str, str] | None:
    """Show the verdict in pytest's own output."""
    verdict = dict(getattr(report, "user_properties", ())).get("verdict")
    if verdict is None or getattr(report, "when", "") == "teardown":
        return None
    if getattr(report, "when", "") == "setup" and report.outcome == "passed":
        return None
    letter, word = _LETTERS[Verdict(str(verdict))]
    category = {"passed": "passed", "skipped": "skipped", "failed": "failed"}[report.outcome]
    return category, letter, word
