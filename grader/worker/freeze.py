"""Freezes every clock of the process before the candidate is imported.

freezegun freezes the wall clock (`time.time`, `datetime`, `localtime` …); the
monotonic family reads the virtual clock itself, because the two have to come
apart when a requirement steps the wall clock alone.
"""

import datetime
import time
from typing import Any

import freezegun
import freezegun.api

from .clock import NANOSECONDS, STARTS_AT, VirtualClock

_WALL_START = datetime.datetime(2030, 1, 1, tzinfo=datetime.UTC).replace(tzinfo=None)


def freeze(clock: VirtualClock) -> None:
    """Freeze the process for good."""
    # No module sees real time: the waiting primitives of the standard library are virtual too.
    freezegun.api.call_stack_inspection_limit = 0
    factory: Any = freezegun.freeze_time(_WALL_START, real_asyncio=True).start()
    start = _WALL_START

    def follow() -> None:
        elapsed = clock.now - STARTS_AT + clock.wall_offset
        factory.time_to_freeze = start + datetime.timedelta(microseconds=elapsed // 1000)

    clock.on_move(follow)
    for name in ("monotonic", "perf_counter", "process_time", "thread_time"):
        setattr(time, name, _seconds(clock))
        setattr(time, f"{name}_ns", _nanoseconds(clock))


def _seconds(clock: VirtualClock) -> Any:
    return lambda: clock.now / NANOSECONDS


def _nanoseconds(clock: VirtualClock) -> Any:
    return lambda: clock.now
