"""Installed packages: which of their modules are about breakers, told without importing any."""

import sys
from pathlib import Path

import pytest

from grader.answers.installed import breaker_modules


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
