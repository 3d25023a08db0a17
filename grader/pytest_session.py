"""Runs pytest on the specification, in this process."""

import hashlib
import io
import os
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

import spec_tests.prerequisites
import spec_tests.scenarios
import spec_tests.sources
import spec_tests.untested  # as the scenarios: declares them
from grader.cases import Verdicts
from grader.errors import GraderError, SpecificationFailedError
from grader.plugin import VERDICTS, Given, Holder

SPECIFICATION = Path(spec_tests.__file__).resolve().parent


def specification_hash() -> str:
    """Return a hash of the specification's files: what the verdicts depend on."""
    digest = hashlib.sha256()
    for path in sorted(SPECIFICATION.rglob("*.py")):
        digest.update(path.relative_to(SPECIFICATION).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def run_specification(
    given: Given, options: Sequence[str] = (), plugins: Sequence[object] = ()
) -> Verdicts:
    """Run pytest on the specification, in this process, and return what it found."""
    # pytest adds what is installed around it, which is neither needed nor reproducible.
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    keeper, output = _Keeper(), io.StringIO()
    arguments = [
        str(SPECIFICATION),
        f"--rootdir={SPECIFICATION.parent}",
        "--import-mode=importlib",
        *("-p", "no:cacheprovider", "-p", "no:logging", "-c", os.devnull),
        # They look through the whole process for garbage at the end of a session, twice.
        *("-p", "no:unraisableexception", "-p", "no:threadexception"),
        # Every requirement says what it found by itself.
        *("--assert=plain", "--tb=no", "-q", "-q", "-q"),
        *options,
    ]
    holder = Holder(given)
    with redirect_stdout(output), redirect_stderr(output):
        status = pytest.main(arguments, plugins=[_Named(holder), keeper, *plugins])
    if keeper.own_errors:
        raise SpecificationFailedError(f"the specification failed: {keeper.own_errors[0]}")
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        last = output.getvalue().strip().splitlines()[-1:] or [f"pytest ended with {status!r}"]
        raise GraderError(f"the specification could not be run: {last[0]}")
    return keeper.verdicts


class _Named:
    """Registers what is given under the name that the plugin looks for, before it looks."""

    def __init__(self, holder: Holder) -> None:
        self._holder = holder

    def pytest_plugin_registered(self, manager: pytest.PytestPluginManager) -> None:
        """Register once, as early as can be."""
        if not manager.has_plugin("grader-given"):
            manager.register(self._holder, "grader-given")


class _Keeper:
    """Takes the verdicts out of a session before it is gone."""

    def __init__(self) -> None:
        self.verdicts = Verdicts()
        self.own_errors: list[str] = []

    def pytest_configure(self, config: pytest.Config) -> None:
        """Remember where the plugin keeps the verdicts."""
        self.verdicts = config.stash[VERDICTS]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note an error that is not the candidate's."""
        verdict = dict(report.user_properties).get("verdict")
        if report.failed and verdict is None:
            self.own_errors.append(f"{report.nodeid}: {report.longreprtext.splitlines()[-1]}")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note a specification that cannot be collected."""
        if report.failed:
            self.own_errors.append(report.longreprtext.splitlines()[-1])
