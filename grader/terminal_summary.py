"""What `pytest spec_tests` says at the end: which failures are one and the same."""

import pytest

from grader.plugin import VERDICTS
from grader.verdicts import Verdict


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Name each root cause once, with the rows that fail because of it."""
    verdicts = config.stash.get(VERDICTS, None)
    if verdicts is None:
        return
    for candidate in sorted(verdicts.players):
        groups: dict[str, list[str]] = {}
        for row, finding in verdicts.findings(candidate).items():
            if finding.verdict is Verdict.BLOCKED and finding.because:
                groups.setdefault(finding.because, []).append(row)
        for because, rows in groups.items():
            told = because if " " in because else f"{because} fails"
            terminalreporter.write_line(f"{candidate}: because {told}: {', '.join(rows)}")
