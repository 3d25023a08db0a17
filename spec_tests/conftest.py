"""Makes a fixture of every scenario; the plugin gives the candidate and keeps the verdicts."""

import spec_tests.prerequisites  # tells what cannot be told without what
import spec_tests.scenarios  # declares the scenarios
import spec_tests.untested  # noqa: F401  lists what is not tested
from grader.plugin import (
    bench,
    pytest_addoption,
    pytest_collection_modifyitems,
    pytest_configure,
    pytest_generate_tests,
    pytest_report_teststatus,
    pytest_runtest_makereport,
    scenario_fixtures,
)
from grader.terminal_summary import pytest_terminal_summary

__all__ = [
    "bench",
    "pytest_addoption",
    "pytest_collection_modifyitems",
    "pytest_configure",
    "pytest_generate_tests",
    "pytest_report_teststatus",
    "pytest_runtest_makereport",
    "pytest_terminal_summary",
]

globals().update(scenario_fixtures())
