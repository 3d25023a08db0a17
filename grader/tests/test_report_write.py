"""All reports of a run are written, or none."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.errors import GraderError, InputError
from grader.report import write, write_all
from grader.results import decode
from grader.tests.results_helpers import HOSTILE, everyone, hostile, reference, results

NAMES = ["junit.xml", "report.html", "results.json", "summary.md"]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def failing_on_call(number: int, code: int) -> Callable[[object, object], None]:
    """`os.replace` that works until that call and then fails as the system would."""
    calls = iter(range(1, 100))
    real = os.replace

    def replace(source: str, target: str) -> None:
        if next(calls) >= number:
            raise OSError(code, os.strerror(code))
        real(source, target)

    return replace  # type: ignore[return-value]


def test_four_reports_and_nothing_else(tmp_path: Path) -> None:
    out = tmp_path / "made" / "on the way"
    write_all(everyone(), out)
    assert sorted(contents(out)) == NAMES
    assert decode((out / "results.json").read_bytes()) == everyone()


def test_the_same_results_give_the_same_bytes(tmp_path: Path) -> None:
    write_all(everyone(), tmp_path / "a")
    write_all(everyone(), tmp_path / "b")
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_earlier_reports_are_replaced(tmp_path: Path) -> None:
    write_all(everyone(), tmp_path)
    write_all(results(reference()), tmp_path)
    assert sorted(contents(tmp_path)) == NAMES
    assert len(decode((tmp_path / "results.json").read_bytes()).candidates) == 1


@pytest.mark.parametrize("call", [1, 3])
def test_a_full_disk_leaves_no_half_of_a_first_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    out = tmp_path / "out"
    monkeypatch.setattr(os, "replace", failing_on_call(call, errno.ENOSPC))
    with pytest.raises(GraderError, match="No space left") as caught:
        write_all(everyone(), out)
    assert caught.value.exit_status == 3
    assert "\n" not in str(caught.value)
    assert not out.exists()


@pytest.mark.parametrize("call", [1, 2, 4])
def test_a_full_disk_leaves_the_earlier_reports_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    write_all(results(reference()), tmp_path)
    before = contents(tmp_path)
    monkeypatch.setattr(os, "replace", failing_on_call(call, errno.ENOSPC))
    with pytest.raises(GraderError):
        write_all(everyone(), tmp_path)
    assert contents(tmp_path) == before


def test_a_target_that_is_a_folder_leaves_the_others_as_they_were(tmp_path: Path) -> None:
    write_all(results(reference()), tmp_path)
    (tmp_path / "summary.md").unlink()
    (tmp_path / "summary.md").mkdir()
    before = (tmp_path / "results.json").read_bytes()
    with pytest.raises(InputError):
        write_all(everyone(), tmp_path)
    assert (tmp_path / "results.json").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == NAMES


def test_an_out_that_is_a_file_is_wrong_input(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.write_text("mine", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        write_all(everyone(), out)
    assert str(caught.value).startswith(f"{out}: ")
    assert out.read_text(encoding="utf-8") == "mine"


def test_an_out_that_cannot_be_written_to_is_wrong_input() -> None:
    # Not even root may make files there.
    with pytest.raises(InputError, match="Permission denied"):
        write_all(everyone(), Path("/sys/kernel"))


def test_what_fails_to_render_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_given: object) -> str:
        raise GraderError("the page is broken")

    monkeypatch.setattr(write, "render_html", broken)
    with pytest.raises(GraderError, match="the page is broken"):
        write_all(everyone(), tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_can_be_written_and_read_back(tmp_path: Path, text: str) -> None:
    write_all(results(hostile(text)), tmp_path)
    name = decode((tmp_path / "results.json").read_bytes()).candidates[0].name
    assert name == text.encode("utf-8", "backslashreplace").decode("utf-8")
