"""The pytest plugin behind `pytest spec_tests --candidate DIR`, and behind `grader run`.

It gives every test the candidate, plays the scenarios that the selected tests
ask for, and turns what pytest reports into verdicts. Every way of running goes
through it, so they cannot disagree; `grader regrade` as well, with stored
histories in place of a candidate that plays.
"""

import os
import random
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

import msgspec
import pytest

from grader import answers, prerequisites
from grader.bench import Bench
from grader.candidate import Candidate, Unreadable
from grader.conversation.failures import (
    Blocked,
    CandidateFailure,
    NotOffered,
    Recorded,
    Unknown,
)
from grader.errors import GraderError
from grader.played import Played
from grader.results import Finding
from grader.sandbox import choose
from grader.specification import MARK, PREREQUISITES, SCENARIOS, Row, Scenario, row_of
from grader.verdicts import Verdict

DEFAULT_CANDIDATE = Path(__file__).resolve().parent.parent / "candidates" / "reference"
LIBRARY_LEAVES_OUT = frozenset({"http", "delivery"})
CUT_OFF = "cut off"
_MOST_EVIDENCE = 500


class Player(Protocol):
    """Says what came of a scenario: by playing it (`Bench`), or out of a file (`Archive`)."""

    @property
    def played(self) -> Mapping[str, Played]:
        """What came of the scenarios that were asked for so far, by name."""

    @property
    def calls_are_cut_off(self) -> bool:
        """Whether calls run into a function that is cut off in the answer."""

    def expect(self, scenarios: Sequence[Scenario]) -> None:
        """Be told which scenarios will be asked for, in this order."""

    def play(self, scenario: Scenario) -> Played:
        """Return what came of a scenario."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class Given(msgspec.Struct, frozen=True):
    """What is to be graded, when the command line of pytest does not say it."""

    candidates: tuple[Candidate, ...]
    player: Callable[[Candidate], Player]
    """Opens a candidate's player, which is closed after its last requirement."""


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict on one case of a requirement; most requirements have one."""

    candidate: str
    row: Row
    verdict: Verdict
    evidence: str = ""
    because: str = ""
    died_of: str = ""
    place: int = 0
    """Where it stands in the specification, whatever the order in which it was judged."""


class Verdicts:
    """Everything that was found in a session, case by case."""

    def __init__(self) -> None:
        self.cases: list[Case] = []
        self.players: dict[str, Player] = {}
        self.rows: dict[str, Row] = {}
        """Every requirement that was collected, in the order of the specification."""
        self.scenarios: dict[str, tuple[str, ...]] = {}
        """The names of the scenarios that each requirement looks at."""
        self.places: dict[str, int] = {}
        """Where each collected test stands in the specification, by its node id."""

    def findings(self, candidate: str) -> dict[str, Finding]:
        """Return the finding on each requirement of one candidate, as the specification goes."""
        by_row: dict[str, list[Case]] = {}
        for case in sorted(self.cases, key=lambda case: case.place):
            if case.candidate == candidate:
                by_row.setdefault(case.row.id, []).append(case)
        found = {row: finding(cases) for row, cases in by_row.items()}
        return prerequisites.explained(found, PREREQUISITES)


_WORST_FIRST = (
    Verdict.ERROR,
    Verdict.FAIL,
    Verdict.BLOCKED,
    Verdict.UNKNOWN,
    Verdict.PASS,
    Verdict.NOT_OFFERED,
)


def finding(cases: Sequence[Case]) -> Finding:
    """Return the finding on a requirement: the worst case, and the share of cases that passed."""
    worst = min(cases, key=lambda case: _WORST_FIRST.index(case.verdict))
    counted = [case for case in cases if case.verdict is not Verdict.NOT_OFFERED]
    passed = sum(case.verdict is Verdict.PASS for case in counted)
    return Finding(
        verdict=worst.verdict,
        level=worst.row.level,
        known=worst.row.known,
        evidence=worst.evidence,
        because=worst.because,
        died_of=worst.died_of,
        share=round(passed / len(counted), 4) if counted else 0.0,
    )


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
    case = judge(row, candidate.id, error, cut_off=_cut_off_ran(item))
    if case is None:
        return report
    verdicts = item.config.stash[VERDICTS]
    verdicts.cases.append(msgspec.structs.replace(case, place=verdicts.places[item.nodeid]))
    report.user_properties.append(("verdict", str(case.verdict)))
    _tell_pytest(item, report, case)
    return report


def judge(row: Row, candidate: str, error: BaseException | None, *, cut_off: bool) -> Case | None:
    """Return the verdict that an exception of a test stands for; None for an error of our own."""
    if error is None:
        return Case(candidate=candidate, row=row, verdict=Verdict.PASS)
    evidence, because = _evidence(error), ""
    if isinstance(error, Blocked) and error.because != row.id:
        verdict, because = Verdict.BLOCKED, error.because
    elif isinstance(error, (AssertionError, Blocked)):
        verdict = Verdict.FAIL
    elif isinstance(error, CandidateFailure):
        verdict = Verdict.ERROR
    elif isinstance(error, NotOffered):
        verdict = Verdict.NOT_OFFERED
    elif isinstance(error, Unknown):
        verdict = Verdict.UNKNOWN
    elif isinstance(error, Recorded):
        verdict = Verdict.PASS
    else:
        return None
    if cut_off and verdict in {Verdict.FAIL, Verdict.BLOCKED} and because != "de-code":
        verdict, because = Verdict.BLOCKED, CUT_OFF
    return Case(
        candidate=candidate,
        row=row,
        verdict=verdict,
        evidence=evidence,
        because=because,
        died_of=error.of if isinstance(error, CandidateFailure) else "",
    )


def _evidence(error: BaseException) -> str:
    """Return the message of an assertion without pytest's rewriting of the expression."""
    lines = str(error).splitlines() or [type(error).__name__]
    return lines[0].removeprefix("assert ")[:_MOST_EVIDENCE]


def _cut_off_ran(item: pytest.Item) -> bool:
    """Whether a cut-off function ran in any history that the test looks at."""
    names = getattr(item, "fixturenames", ())
    candidate = _candidate(item)
    opened = item.config.stash[VERDICTS].players.get(candidate.id if candidate else "")
    if opened is None:
        return False
    played: list[Played] = [opened.played[n] for n in names if n in opened.played]
    return any(entry.cut_off_ran for entry in played) or (
        opened.calls_are_cut_off and any(n in SCENARIOS and not SCENARIOS[n].static for n in names)
    )


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
