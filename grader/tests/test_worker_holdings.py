"""What a breaker keeps of its settings is seen wherever it keeps it."""

import pytest

from grader.tests.driver_helpers import lab_of, session_of

KEEPERS = """
    import dataclasses, functools, datetime

    @dataclasses.dataclass(slots=True)
    class Config:
        failure_threshold: int = -7

    class Probe:
        __slots__ = ("config", "_Probe__open_for", "table", "check", "endless", "again")

        def __init__(self):
            self.config = Config()
            self.__open_for = datetime.timedelta(seconds=2)
            self.table = {"limit": 0}
            limit = 3
            self.check = lambda: limit
            self.endless = float("nan")
            self.again = self
"""


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("config.failure_threshold", -7),
        ("_Probe__open_for", 2.0),
        ("table.limit", 0),
        ("check.limit", 3),
        ("endless", "nan"),
    ],
)
def test_settings_are_found_in_slots_mappings_and_closures(path: str, value: object) -> None:
    with session_of(KEEPERS) as session, lab_of(session) as lab:
        assert lab.breaker().holds()[path] == value
