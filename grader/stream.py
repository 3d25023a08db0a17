"""Answers as JSON Lines, graded one after the other: memory does not grow with their number.

Each line of the input is an object with `answer`, Markdown text, and perhaps `id`; whatever else
is in it is passed through. Each line of the output is that object without its answer, and with
`grade`. The output has the order of the input.
"""

import contextlib
import json
import os
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any, Protocol

from grader.errors import InputError
from grader.results import CandidateResult
from grader.service import Grader

_WAITING = 4
"""Answers that are read ahead for each process."""
_ROWS = 500
"""Rows of one group of a Parquet file."""


class Sink(Protocol):
    """Takes graded lines."""

    def write(self, line: Mapping[str, Any]) -> None:
        """Take one."""


def graded(lines: Iterable[str], grader: Grader, jobs: int) -> Iterator[dict[str, Any]]:
    """Yield each line's object with its grade."""
    with ThreadPoolExecutor(jobs) as threads:
        under_way: deque[Future[dict[str, Any]]] = deque()
        try:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    under_way.append(threads.submit(_graded, number, line, grader))
                while len(under_way) >= _WAITING * jobs:
                    yield under_way.popleft().result()
            while under_way:
                yield under_way.popleft().result()
        finally:
            for future in under_way:
                future.cancel()


def _graded(number: int, line: str, grader: Grader) -> dict[str, Any]:
    identity = f"line-{number}"
    try:
        given = json.loads(line)
    except ValueError as error:
        return {"id": identity, "grade": _no_grade(f"line {number} is no JSON: {error}")}
    passed = {"id": identity, **given} if isinstance(given, dict) else {"id": identity}
    answer = passed.pop("answer", None)
    if not isinstance(answer, str):
        return {**passed, "grade": _no_grade(f"line {number} has no text as its answer")}
    return {**passed, "grade": grade_of(grader.grade(answer, id=str(passed["id"])))}


def grade_of(result: CandidateResult) -> dict[str, Any]:
    """Return what a line tells of a result: scores, areas, verdicts, and evidence of failures."""
    return {
        "score": result.score,
        "score_high": result.score_high,
        "as_delivered": result.as_delivered,
        "attested": result.attested,
        "complete": result.complete,
        "problem": result.problem,
        "areas": {name: area.score for name, area in result.areas.items()},
        "verdicts": {row: str(found.verdict) for row, found in result.requirements.items()},
        "evidence": {
            row: found.evidence
            for row, found in result.requirements.items()
            if found.verdict in {"fail", "error", "unknown"}
        },
    }


def _no_grade(problem: str) -> dict[str, Any]:
    return grade_of(CandidateResult(id="", name="", provenance="answer", problem=problem))


class LinesSink:
    """A file of JSON Lines."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def write(self, line: Mapping[str, Any]) -> None:
        """Write one line."""
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()


class ParquetSink:
    """A Parquet file: scores as numbers, the rest of the grade as maps, what was passed as JSON.

    Raises InputError where pyarrow is not installed.
    """

    def __init__(self, path: Path) -> None:
        try:
            import pyarrow  # type: ignore[import-untyped]  # noqa: PLC0415  an extra
            import pyarrow.parquet  # type: ignore[import-untyped]  # noqa: PLC0415
        except ImportError as error:
            needs = "--parquet needs pyarrow: pip install 'breaker-grader[parquet]'"
            raise InputError(needs) from error
        self._arrow = pyarrow
        texts = pyarrow.map_(pyarrow.string(), pyarrow.string())
        numbers = ("score", "score_high", "as_delivered", "attested")
        self._schema = pyarrow.schema(
            [
                ("id", pyarrow.string()),
                *((name, pyarrow.float64()) for name in numbers),
                ("complete", pyarrow.bool_()),
                ("problem", pyarrow.string()),
                ("areas", pyarrow.map_(pyarrow.string(), pyarrow.float64())),
                ("verdicts", texts),
                ("evidence", texts),
                ("passed", pyarrow.string()),
            ]
        )
        self._writer = pyarrow.parquet.ParquetWriter(path, self._schema)
        self._rows: list[dict[str, Any]] = []

    def write(self, line: Mapping[str, Any]) -> None:
        """Take one line; a group of them is written at a time."""
        grade = dict(line["grade"])
        for name in ("areas", "verdicts", "evidence"):
            grade[name] = list(grade[name].items())
        passed = {key: value for key, value in line.items() if key not in {"id", "grade"}}
        self._rows.append({"id": str(line["id"]), **grade, "passed": json.dumps(passed)})
        if len(self._rows) >= _ROWS:
            self._flush()

    def _flush(self) -> None:
        if self._rows:
            table = self._arrow.Table.from_pylist(self._rows, schema=self._schema)
            self._writer.write_table(table)
            self._rows.clear()

    def close(self) -> None:
        """Write what is left, and the end of the file."""
        self._flush()
        self._writer.close()


@contextlib.contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Give a path beside another one that takes its place at the end: none is ever half written."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield beside
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def sinks(opened: contextlib.ExitStack, out: Path, parquet: Path | None) -> list[Sink]:
    """Open the files; they take their places where the stack is closed without an error."""
    lines = opened.enter_context(whole(out))
    found: list[Sink] = [LinesSink(opened.enter_context(lines.open("w", encoding="utf-8")))]
    if parquet is not None:
        beside = opened.enter_context(whole(parquet))
        found.append(opened.enter_context(contextlib.closing(ParquetSink(beside))))
    return found
