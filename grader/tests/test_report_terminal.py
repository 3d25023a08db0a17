"""The terminal: readable at 80 columns and without colour, whatever a candidate is called."""

import io

import pytest
from rich.console import Console

from grader.report import RunProgress, print_leaderboard
from grader.results import Results
from grader.tests.results_helpers import (
    HOSTILE,
    everyone,
    hostile,
    not_gradable,
    reference,
    results,
    wrong_backoff,
)


def printed(run: Results, width: int = 80) -> str:
    console = Console(file=io.StringIO(), width=width, no_color=True, legacy_windows=False)
    print_leaderboard(run, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_leaderboard_fits_80_columns_and_needs_no_colour() -> None:
    text = printed(everyone())
    assert max(map(len, text.splitlines())) <= 80
    for piece in ("Reference", "[reference]", "[re-enactment]", "10.00", "cut off", "binding"):
        assert piece in text


def test_a_range_is_written_as_a_range() -> None:
    assert "4.23–7.12" in printed(everyone())


def test_areas_appear_where_there_is_room_for_them() -> None:
    assert "back" not in printed(results(reference())).splitlines()[1]
    assert "back" in printed(results(reference()), width=160)


def test_a_candidate_that_could_not_be_graded_has_its_reason() -> None:
    text = " ".join(printed(results(not_gradable())).split())
    assert "not graded" in text
    assert "no Python in it" in text


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_can_neither_repaint_the_terminal_nor_be_markup(name: str) -> None:
    text = printed(results(hostile(name), hostile("[bold red]x[/] [link=http://e]")))
    assert "\x1b" not in text
    assert "\x00" not in text
    assert "\u202e" not in text
    assert max(map(len, text.splitlines())) <= 80


def test_progress_in_a_log_is_one_line_per_candidate() -> None:
    file = io.StringIO()
    with RunProgress(2, Console(file=file, width=80)) as progress:
        progress.started("reference")
        progress.started("wrong_backoff")
        progress.finished(reference())
        progress.finished(wrong_backoff())
    lines = file.getvalue().splitlines()
    assert lines[0] == "[1/2] reference: 10.00"
    assert lines[1].startswith("[2/2] wrong_backoff: ")


def test_progress_on_a_terminal_shows_what_is_being_graded() -> None:
    file = io.StringIO()
    console = Console(file=file, width=120, force_terminal=True, legacy_windows=False)
    with RunProgress(9, console) as progress:
        for name in ("one", "two", "three", "four"):
            progress.started(name)
        progress.finished(reference())
        shown = progress.line()
    assert shown == "one, two, three and 1 more"
    assert "1/9" in file.getvalue()
