"""Installed packages: which of their modules are about breakers, told without importing any."""

import sys
from pathlib import Path

import pytest

from grader import answers
from grader.answers.installed import breaker_modules, load
from grader.errors import InputError
from grader.results import decode
from grader.tests.test_cli import grader, refused


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    root = tmp_path / "some_resilience"
    for name in (
        *("__init__.py", "retry.py", "circuit/__init__.py", "circuit/states.py", "breaker.py"),
        *("_breaker_impl.py", "tests/test_breaker.py", "integrations/breaker_http.py"),
    ):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("raise SystemExit('nobody imports me here')")
    monkeypatch.syspath_prepend(tmp_path)
    return root.name


def test_modules_about_breakers_are_found_by_their_names_and_not_imported(package: str) -> None:
    assert breaker_modules(package) == [
        "some_resilience.breaker",
        "some_resilience.circuit",
        "some_resilience.circuit.states",
    ]
    assert package not in sys.modules


def test_a_package_that_is_absent_or_one_file_has_none() -> None:
    assert breaker_modules("no_such_package_anywhere") == []
    assert breaker_modules("this") == []


# --- by name --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["interlock-cb", "Interlock_CB", "interlock", "interlock-cb==2.8.2"]
)
def test_a_package_is_found_by_what_is_installed_or_imported(name: str) -> None:
    found = load(name)
    assert (found.id, found.name) == ("interlock-cb", "interlock-cb 2.8.2")
    assert (found.package, found.main) == ("interlock", "interlock")
    assert found.requires == ("interlock-cb==2.8.2",)
    assert (found.kind, found.provenance) == ("library", "library")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("no-such-breaker", "--package no-such-breaker: no such package is installed here"),
        ("json", "--package json: is part of Python"),
        ("a b; c", "no such package is installed here"),
        ("", "no such package is installed here"),
        ("pybreaker==0.1", r"pybreaker==0\.1 is asked for, 1\.4\.1 is installed"),
        ("no-such-breaker==1", "is not installed"),
    ],
)
def test_a_package_that_cannot_be_meant_is_one_line(name: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=told):
        load(name)
    refused(grader("run", "--package", name, "--out", tmp_path / "out"), "--package")


def test_several_modules_of_one_distribution_are_told_apart_by_breakers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = tmp_path / "two_in_one-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: two-in-one\nVersion: 1.0\n")
    (info / "top_level.txt").write_text("retrying_things\nbreaking_things\n")
    for module in ("retrying_things", "breaking_things"):
        (tmp_path / module).mkdir()
        (tmp_path / module / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(InputError, match="name one of breaking_things, retrying_things"):
        load("two-in-one")
    assert load("retrying_things").requires == ("two-in-one==1.0",)
    (tmp_path / "breaking_things" / "breaker.py").write_text("")
    assert load("two-in-one").package == "breaking_things"


def test_an_installed_package_is_graded_with_one_command(tmp_path: Path) -> None:
    done = grader("run", "--package", "purgatory", "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    (found,) = decode((tmp_path / "out" / "results.json").read_bytes()).candidates
    assert (found.name, found.kind) == ("purgatory 3.0.1", "library")
    assert found.requirements["st-open-rejects"].verdict == "pass"
    assert "ht-recovers" not in found.requirements


def test_a_package_is_written_out_to_be_given_waivers(tmp_path: Path) -> None:
    done = grader("import", "--package", "interlock-cb", "--into", tmp_path)
    assert done.exit_code == 0, done.output
    (again,) = answers.load(tmp_path / "interlock-cb")
    assert again == load("interlock-cb")
    refused(grader("import", "--into", tmp_path), "--package")
