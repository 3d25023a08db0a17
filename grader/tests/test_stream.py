"""Answers as JSON Lines: each gets a line, in order, whatever it is."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import pyarrow.parquet  # type: ignore[import-untyped]
import pytest
from click.testing import CliRunner, Result

from grader import stream
from grader.cli import main
from grader.results import CandidateResult
from grader.service import Grader
from grader.tests.test_cli import BREAKER_LESS


class Fake:
    """Grades by the length of an answer, and knows how many were asked for."""

    def __init__(self) -> None:
        self.asked = 0

    def grade(self, answer: str, *, id: str) -> CandidateResult:  # noqa: A002
        self.asked += 1
        return CandidateResult(id=id, name=id, provenance="answer", score=float(len(answer)))


def graded(lines: Sequence[str], fake: Fake | None = None) -> list[dict[str, Any]]:
    return list(stream.graded(lines, cast("Grader", fake or Fake()), 2))


def line(**fields: object) -> str:
    return json.dumps(fields)


def run(*arguments: object, given: str | None = None) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], input=given)


def test_every_line_keeps_its_place_and_what_it_came_with() -> None:
    lines = [line(id=n, answer="x" * n, prompt={"n": n}) for n in range(1, 30)]
    found = graded(lines)
    assert [one["grade"]["score"] for one in found] == [float(n) for n in range(1, 30)]
    assert found[4]["id"] == 5
    assert found[4]["prompt"] == {"n": 5}
    assert "answer" not in found[4], "the answer is the longest part, and known"


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        ("no json", "line 1 is no JSON"),
        ("[1, 2]", "line 1 has no text as its answer"),
        ('{"id": 1}', "line 1 has no text as its answer"),
        ('{"id": 1, "answer": 5}', "line 1 has no text as its answer"),
    ],
)
def test_a_line_that_is_none_is_told_and_the_others_are_graded(bad: str, told: str) -> None:
    first, second = graded([bad, line(answer="abc")])
    assert first["grade"]["score"] is None
    assert first["grade"]["problem"].startswith(told)
    assert (second["id"], second["grade"]["score"]) == ("line-2", 3.0)


def test_lines_are_read_no_further_than_is_being_graded() -> None:
    read = 0

    def lines() -> Iterator[str]:
        nonlocal read
        for _ in range(10_000):
            read += 1
            yield line(answer="abc")

    first = next(stream.graded(lines(), cast("Grader", Fake()), 2))
    assert first["grade"]["score"] == 3.0
    assert read < 20, f"{read} answers were read for one"


def test_the_command_writes_lines_and_parquet_and_nothing_else(tmp_path: Path) -> None:
    answers = [line(id="a", answer=BREAKER_LESS, model="m"), "no json", line(answer=BREAKER_LESS)]
    out, table = tmp_path / "graded.jsonl", tmp_path / "graded.parquet"
    result = run("stream", "-", "--out", out, "--parquet", table, given="\n".join(answers))
    assert result.exit_code == 0, result.output
    lines = [json.loads(text) for text in out.read_text().splitlines()]
    rows = pyarrow.parquet.read_table(table).to_pylist()
    assert [one["id"] for one in lines] == ["a", "line-2", "line-3"] == [row["id"] for row in rows]
    assert lines[0]["model"] == "m"
    assert json.loads(rows[0]["passed"]) == {"model": "m"}
    assert lines[0]["grade"]["verdicts"] == dict(rows[0]["verdicts"])
    assert lines[0]["grade"]["verdicts"]["de-breaker"] == "fail"
    assert (rows[0]["score"], rows[1]["score"]) == (lines[0]["grade"]["score"], None)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["graded.jsonl", "graded.parquet"]


def test_what_is_not_finished_replaces_nothing(tmp_path: Path) -> None:
    out = tmp_path / "graded.jsonl"
    out.write_text("of an earlier run\n")

    def interrupted() -> None:
        with stream.whole(out) as beside:
            beside.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert out.read_text() == "of an earlier run\n"
    assert list(tmp_path.iterdir()) == [out]
