"""What the benchmarks measure with: their figures are of one machine and are not tested."""

import os
import sys
from pathlib import Path

import pytest

from grader import answers, cache
from grader.benchmarks.__main__ import SMALL
from grader.benchmarks.copies import copies
from grader.benchmarks.cost import command, cost
from grader.benchmarks.many import grow
from grader.candidate import Candidate
from grader.errors import GraderError
from grader.plugin import DEFAULT_CANDIDATE


def test_every_copy_is_a_candidate_of_its_own(tmp_path: Path) -> None:
    """No two have the same id or the same source, or a cache could answer for one of them."""
    loaded = answers.load_all(copies(DEFAULT_CANDIDATE, 3, tmp_path))
    candidates = [entry for entry in loaded if isinstance(entry, Candidate)]
    assert len({c.id for c in candidates}) == 3, f"ids: {[c.id for c in candidates]}"
    assert len({c.files[0].text for c in candidates}) == 3, "two copies have the same source"


def test_what_ended_processes_used_is_counted() -> None:
    """A grader works mostly in processes that it starts."""
    busy = (sys.executable, "-c", "for _ in range(2_000_000): pass")
    idle = (sys.executable, "-c", "pass")
    used = [cost(lambda run=run: command(run, frozenset({0}))).cpu for run in (idle, busy)]  # type: ignore[misc]
    assert used[0] > 0, "the start of Python cost nothing"
    assert used[1] > used[0], f"idle {used[0]} s, busy {used[1]} s"


def test_a_second_pass_reads_what_the_first_one_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """And no grading of the user's own is read or kept."""
    monkeypatch.setenv(cache.PLACE, "/nowhere")
    found = grow(SMALL, 3)
    assert len(found.seconds) == 3
    assert found.again < sum(found.seconds), f"a second pass took {found.again} s"
    assert os.environ[cache.PLACE] == "/nowhere"


def test_a_command_that_fails_is_not_measured() -> None:
    """A grader that ends at once would be the fastest of all."""
    with pytest.raises(GraderError, match="ended with 3: broken"):
        command((sys.executable, "-c", "raise SystemExit(print('broken') or 3)"), frozenset({0}))
