"""Stored histories: what came of the scenarios of a run, to be judged again later.

One file lies beside `results.json`: gzipped lines of JSON, the first about the run, each
further one about one candidate. One file, because it is replaced together with the reports,
while a folder of files could be left with half of one run and half of another. Lines, because
a candidate's histories become text in the process that graded it and are put together without
being looked at again, and because `zcat` shows them to people. Nothing in it tells when it was
made: equal histories are equal bytes. It takes some five kilobytes for each candidate.

The binding, the sources and whatever else a report shows stand in `results.json` already, and
are not repeated here.
"""

import gzip
import hashlib
import io
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import msgspec

from grader.errors import InputError
from grader.played import Ending, Played, plain, typed
from grader.results import CandidateResult, Results, SourceText
from grader.specification import SCENARIOS, Scenario
from grader.timeline import Timeline

NAME = "histories.jsonl.gz"
FORMAT = 1
_AGAIN = "grade the candidate again"

Line = TypeVar("Line", bound=msgspec.Struct)


class Run(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The first line: which run the histories are of."""

    format: int = FORMAT
    specification: str
    """Hash of the specification whose scenarios were played."""
    seed: int
    isolation: str
    python: str


class Stored(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What came of one scenario, as plain data."""

    value: Any = None
    ending: Ending | None = None
    cut_off_ran: bool = False
    timelines: tuple[Timeline, ...] = ()
    """For pictures; nothing that is judged."""


class Histories(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One candidate's line."""

    id: str
    sources: str
    """Digest of its source files, which stand in `results.json`."""
    untouched: bool
    """Nothing of it was cut off, and it was run as it was delivered."""
    calls_are_cut_off: bool
    """Calls run into a function that is cut off in the answer."""
    scenarios: dict[str, Stored]


# --- writing ------------------------------------------------------------------------------


def line_of(
    result: CandidateResult,
    played: Mapping[str, Played],
    *,
    untouched: bool,
    calls_are_cut_off: bool,
) -> str:
    """Return one candidate's histories as a line of the file."""
    # By name: the order in which requirements ask for scenarios tells nothing of the candidate.
    scenarios = {name: _stored(played[name]) for name in sorted(played)}
    histories = Histories(
        id=result.id,
        sources=digest(result.sources),
        untouched=untouched,
        calls_are_cut_off=calls_are_cut_off,
        scenarios=scenarios,
    )
    return _line(histories)


def renamed(line: str, identity: str) -> str:
    """Return a candidate's line for the same candidate under another id."""
    return json.dumps({**json.loads(line), "id": identity}, separators=(",", ":")) if line else ""


def _stored(played: Played) -> Stored:
    return Stored(
        value=plain(played.value),
        ending=played.ending,
        cut_off_ran=played.cut_off_ran,
        timelines=played.timelines,
    )


def _line(value: msgspec.Struct) -> str:
    # Not msgspec's own JSON: it has neither lone surrogates, which a candidate may well utter,
    # nor infinity.
    return json.dumps(plain(value), separators=(",", ":"))


def pack(results: Results, lines: Iterable[str]) -> bytes:
    """Return the file of a run, from the lines of its candidates."""
    run = Run(
        specification=results.specification,
        seed=results.seed,
        isolation=results.isolation,
        python=results.python,
    )
    text = "".join(f"{line}\n" for line in (_line(run), *lines))
    return gzip.compress(text.encode(), mtime=0)


def digest(sources: Iterable[SourceText]) -> str:
    """Return a digest of source files, the same for what was graded and what was written."""
    total = hashlib.sha256()
    for source in sources:
        for text in (source.path, source.text, str(source.kept_lines)):
            # Lone surrogates are written out in reports.
            encoded = text.encode("utf-8", "backslashreplace")
            total.update(hashlib.sha256(encoded).digest())
    return total.hexdigest()[:16]


# --- reading ------------------------------------------------------------------------------


class Archive:
    """One candidate's stored histories, in place of a bench that plays."""

    def __init__(self, histories: Histories) -> None:
        self._histories = histories
        self.played: dict[str, Played] = {}
        """What came of the scenarios that were asked for so far, by name."""

    @property
    def calls_are_cut_off(self) -> bool:
        """Whether calls ran into a function that is cut off in the answer."""
        return self._histories.calls_are_cut_off

    def expect(self, scenarios: Sequence[Scenario]) -> None:
        """Be told what will be asked for; it is all there already."""

    def play(self, scenario: Scenario) -> Played:
        """Return what came of a scenario; where it is not there to be read, `unknown`."""
        if scenario.name not in self.played:
            self.played[scenario.name] = self._read(scenario)
        return self.played[scenario.name]

    def _read(self, scenario: Scenario) -> Played:
        stored = self._histories.scenarios.get(scenario.name)
        if stored is None:
            return _missing(scenario, f"the stored histories have no scenario {scenario.name}")
        try:
            return _played(scenario, stored)
        except msgspec.ValidationError as error:
            return _missing(scenario, f"the stored {scenario.name} is of another shape: {error}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return


def _played(scenario: Scenario, stored: Stored) -> Played:
    value = None if stored.ending is not None else typed(stored.value, scenario)
    return Played(
        scenario=scenario.name,
        value=value,
        ending=stored.ending,
        cut_off_ran=stored.cut_off_ran,
        timelines=stored.timelines,
    )


def _missing(scenario: Scenario, why: str) -> Played:
    return Played(scenario=scenario.name, ending=Ending(kind="unknown", text=f"{why}; {_AGAIN}"))


def read(path: Path, results: Results, specification: str) -> dict[str, Histories]:
    """Return the histories of every candidate of `results` that was graded.

    `specification` is the hash of the present one. Raises `InputError`, one line, where the file
    is not there, is damaged, or is not of this run.
    """
    lines = _lines(path)
    run = _typed(next(lines, {}), Run, path)
    if run.format != FORMAT:
        raise InputError(f"{path}: format {run.format}, and this grader reads {FORMAT}")
    _check_run(path, run, results)
    found = {h.id: h for h in (_typed(line, Histories, path) for line in lines)}
    for candidate in results.candidates:
        if not candidate.requirements:
            continue  # it could not be graded, and results.json says why
        if candidate.id not in found:
            raise InputError(f"{path}: not of this run: it has no candidate {candidate.id}")
        if found[candidate.id].sources != digest(candidate.sources):
            raise InputError(f"{path}: not of this run: {candidate.id} has other source files")
    if run.specification == specification:
        _check_values(path, found)
    return found


def _lines(path: Path) -> Iterator[Any]:
    try:
        data = gzip.decompress(path.read_bytes())
    except gzip.BadGzipFile as error:
        raise InputError(f"{path}: not a file of histories: {error}") from error
    except FileNotFoundError as error:
        raise InputError(f"{path}: not found; `grader run` writes it with the results") from error
    except (EOFError, zlib.error) as error:
        raise InputError(f"{path}: damaged: {error}") from error
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from error
    try:
        for line in io.StringIO(data.decode("utf-8"), newline="\n"):
            yield json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not a file of histories: {error}") from error


def _typed(data: Any, kind: type[Line], path: Path) -> Line:
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        raise InputError(f"{path}: not a file of histories: {error}") from error


def _check_run(path: Path, run: Run, results: Results) -> None:
    pairs = {
        "specification": (run.specification, results.played_by or results.specification),
        "seed": (run.seed, results.seed),
        "isolation": (run.isolation, results.isolation),
        "python": (run.python, results.python),
    }
    for name, (ours, theirs) in pairs.items():
        if ours != theirs:
            raise InputError(f"{path}: not of this run: {name} {ours}, the results have {theirs}")


def _check_values(path: Path, found: Mapping[str, Histories]) -> None:
    """Refuse values that no scenario of this very specification can have returned."""
    for histories in found.values():
        for name, stored in histories.scenarios.items():
            try:
                if name in SCENARIOS:
                    _played(SCENARIOS[name], stored)
            except msgspec.ValidationError as error:
                where = f"{histories.id}, {name}"
                raise InputError(f"{path}: damaged: {where}: {error}") from error
