"""Every test grades for itself: none reads what another one kept."""

import pytest

from grader import cache


@pytest.fixture(autouse=True)
def a_cache_of_its_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Let gradings be kept in a folder of this test alone."""
    monkeypatch.setenv(cache.PLACE, str(tmp_path_factory.mktemp("gradings")))
