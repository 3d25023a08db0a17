"""`grader doctor`: which tiers work, what they stop, and how to get better."""

import io

import pytest
from click.testing import CliRunner
from rich.console import Console

from grader.cli import main
from grader.commands import proving
from grader.report.doctor import advice, print_doctor
from grader.sandbox import Diagnosis, Tier, diagnose

NO_BWRAP = Diagnosis(tier=Tier.BWRAP, problem="bwrap is not installed", stops=(), fix="install it")
LANDLOCK = Diagnosis(tier=Tier.LANDLOCK, problem="", stops=("files",), fix="")
NO_LANDLOCK = Diagnosis(tier=Tier.LANDLOCK, problem="none", stops=(), fix="another kernel")
PROCESS = Diagnosis(tier=Tier.PROCESS, problem="", stops=("accidents",), fix="")


def test_auto_takes_the_strongest_that_works_and_says_how_to_get_better() -> None:
    told = advice((NO_BWRAP, LANDLOCK, PROCESS))
    assert told == "--isolation auto takes landlock. To get bwrap: install it."


def test_auto_never_takes_the_bare_process() -> None:
    told = advice((NO_BWRAP, NO_LANDLOCK, PROCESS))
    assert "refuses" in told, told


def test_the_table_has_every_tier_with_its_problem_and_its_fix() -> None:
    screen = io.StringIO()
    print_doctor((NO_BWRAP, LANDLOCK, PROCESS), Console(file=screen, width=150))
    told = screen.getvalue()
    for words in ("bwrap", "no: bwrap is not installed", "install it", "landlock", "accidents"):
        assert words in told, f"{words!r} is missing in {told}"


def test_every_tier_of_this_machine_is_probed() -> None:
    assert [found.tier for found in diagnose()] == list(Tier)


def test_without_any_isolation_the_command_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proving, "diagnose", lambda: (NO_BWRAP, NO_LANDLOCK, PROCESS))
    assert CliRunner().invoke(main, ["doctor"]).exit_code == 1
    monkeypatch.setattr(proving, "diagnose", lambda: (NO_BWRAP, LANDLOCK, PROCESS))
    assert CliRunner().invoke(main, ["doctor"]).exit_code == 0
