"""The command line, on good input and on bad."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from grader.cli import main
from grader.results import decode

ROOT = Path(__file__).resolve().parents[2]
BREAKER_LESS = (
    "# An answer\n\n```python\nimport time\n\n\ndef now():\n    return time.time()\n```\n"
)


def grader(*arguments: object) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def refused(result: Result, *words: str) -> None:
    """Check for exit status 2 and one clear line."""
    assert result.exit_code == 2, result.output
    lines = [line for line in result.stderr.splitlines() if line]
    assert len(lines) == 1, f"not one line: {lines}"
    for word in words:
        assert word in lines[0], f"{word!r} is not in {lines[0]!r}"


@pytest.fixture
def answer(tmp_path: Path) -> Path:
    """Write an answer that contains no breaker."""
    path = tmp_path / "answer.md"
    path.write_text(BREAKER_LESS)
    return path


def test_an_answer_in_a_file_is_graded_and_reported(answer: Path, tmp_path: Path) -> None:
    result = grader("run", answer, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    results = decode((tmp_path / "out" / "results.json").read_bytes())
    assert [candidate.id for candidate in results.candidates] == ["answer"]
    for name in ("report.html", "junit.xml", "summary.md"):
        assert (tmp_path / "out" / name).stat().st_size > 0, f"{name} is empty"


def test_a_gate_that_is_not_met_is_exit_status_one(answer: Path, tmp_path: Path) -> None:
    result = grader("run", answer, "--out", tmp_path / "out", "--fail-under", 9)
    assert result.exit_code == 1, result.output
    assert "under 9" in result.stderr


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.md", b"", ["empty.md", "empty"]),
        ("latin.py", "x = 'é'".encode("latin-1"), ["latin.py", "UTF-8"]),
        ("other.json", b'{"a": 1}', ["other.json"]),
        ("broken.json", b"{", ["broken.json"]),
        ("picture.png", b"\x89PNG", ["picture.png"]),
    ],
)
def test_bad_input_gets_one_line_that_names_the_file(
    tmp_path: Path, name: str, content: bytes, words: list[str]
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    refused(grader("run", path, "--out", tmp_path / "out"), *words)
    assert not list((tmp_path / "out").iterdir()), "something was written"


def test_an_answer_of_fifty_megabytes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "large.md"
    with path.open("wb") as file:
        file.truncate(50 * 1024 * 1024)
    refused(grader("run", path, "--out", tmp_path / "out"), "large.md")


def test_a_path_that_is_not_there_is_refused(tmp_path: Path) -> None:
    refused(grader("run", tmp_path / "nothing", "--out", tmp_path / "out"), "nothing", "not found")


def test_a_folder_for_reports_that_cannot_be_made_is_refused(answer: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    refused(grader("run", answer, "--out", tmp_path / "file" / "out"), "file")


def test_two_candidates_of_one_id_are_refused(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "candidate.toml").write_text('id = "same"\n')
        (tmp_path / folder / "answer.md").write_text(BREAKER_LESS)
    refused(grader("run", tmp_path, "--out", tmp_path / "out"), "same", "one", "two")


def test_an_answer_without_python_is_a_row_with_no_points(tmp_path: Path) -> None:
    path = tmp_path / "prose.md"
    path.write_text("I am sorry, I cannot do that.\n")
    result = grader("run", path, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    (candidate,) = decode((tmp_path / "out" / "results.json").read_bytes()).candidates
    assert candidate.score == 0.0
    assert candidate.requirements["de-code"].verdict == "fail"


def test_in_a_batch_the_bad_one_is_a_row_with_its_reason(tmp_path: Path) -> None:
    batch = tmp_path / "batch"
    for folder, content in (("good", BREAKER_LESS), ("bad", "")):
        (batch / folder).mkdir(parents=True)
        (batch / folder / "candidate.toml").write_text(f'id = "{folder}"\n')
        (batch / folder / "answer.md").write_text(content)
    result = grader("run", batch, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    by_id = {candidate["id"]: candidate for candidate in results["candidates"]}
    assert "empty" in by_id["bad"]["problem"]
    assert by_id["bad"]["score"] is None
    assert by_id["good"]["score"] is not None


def test_an_unknown_option_is_wrong_usage() -> None:
    assert grader("run", "--no-such-option").exit_code == 2


def test_import_makes_folders_that_can_be_graded(answer: Path, tmp_path: Path) -> None:
    result = grader("import", answer, "--into", tmp_path / "mine")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "mine" / "answer" / "candidate.toml").exists()


def test_bind_shows_how_a_breaker_was_understood() -> None:
    result = grader("bind", ROOT / "candidates" / "reference")
    assert result.exit_code == 0, result.output
    assert 'class = "circuit_breaker:CircuitBreaker"' in result.output
    assert 'threshold = "config.failure_threshold"' in result.output


def test_verdicts_are_printed_as_text(answer: Path, tmp_path: Path) -> None:
    grader("run", answer, "--out", tmp_path / "out")
    result = grader("verdicts", tmp_path / "out" / "results.json")
    assert result.exit_code == 0, result.output
    assert "[answer]\n" in result.output
    assert 'de-breaker = "fail"' in result.output


def test_what_is_no_results_file_has_no_verdicts(answer: Path) -> None:
    refused(grader("verdicts", answer), "answer.md", "results.json")
