"""Freezes every clock of the process before the candidate is imported.

freezegun freezes the wall clock (`time.time`, `datetime`, `localtime` …); the
monotonic family reads the virtual clock itself, because the two have to come
apart when a requirement steps the wall clock alone.
"""

import contextlib
import datetime
import sys
import time
import types
from collections.abc import Iterator
from typing import Any

import freezegun
import freezegun.api

from .clock import NANOSECONDS, STARTS_AT, VirtualClock

_WALL_START = datetime.datetime(2030, 1, 1, tzinfo=datetime.UTC).replace(tzinfo=None)
_WALL_CLOCKS = {time.CLOCK_REALTIME, getattr(time, "CLOCK_TAI", None)}
_LIKE_MONOTONIC = ("perf_counter", "process_time", "thread_time")


def freeze(clock: VirtualClock) -> None:
    """Freeze the process for good."""
    # No module sees real time: the waiting primitives of the standard library are virtual too.
    freezegun.api.call_stack_inspection_limit = 0
    with _nothing_more_loaded():
        factory: Any = freezegun.freeze_time(_WALL_START, real_asyncio=True).start()
    start = _WALL_START

    def follow() -> None:
        elapsed = clock.now - STARTS_AT + clock.wall_offset
        factory.time_to_freeze = start + datetime.timedelta(microseconds=elapsed // 1000)

    clock.on_move(follow)
    readings = _Readings(clock)
    ours: dict[str, Any] = {
        name: getattr(readings, name) for name in vars(_Readings) if not name.startswith("_")
    }
    _replace(ours)


@contextlib.contextmanager
def _nothing_more_loaded() -> Iterator[None]:
    """Keep modules from loading the rest of themselves: freezegun asks each for all of its names.

    `multiprocessing`, which `concurrent.futures` loads so, would lie in the memory of every worker.
    """
    names = [getattr(module, "__dict__", {}) for module in sys.modules.values()]
    asked = [(those, those.pop("__getattr__")) for those in names if "__getattr__" in those]
    try:
        yield
    finally:
        for those, ask in asked:
            those["__getattr__"] = ask


class _Readings:
    """The functions of `time`, as bound methods.

    A plain function that is a class attribute (`clock = time.monotonic`) becomes a method and is
    handed the instance; what is made in C does not, and neither does what is bound already.
    """

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._time = freezegun.api.fake_time
        self._time_ns = freezegun.api.fake_time_ns
        self._real_ctime, self._real_asctime = time.ctime, time.asctime

    def monotonic(self) -> float:
        return self._clock.now / NANOSECONDS

    def monotonic_ns(self) -> int:
        return self._clock.now

    def time(self) -> float:
        return self._time()

    def time_ns(self) -> int:
        return self._time_ns()

    def clock_gettime(self, which: int, /) -> float:
        return self._time() if which in _WALL_CLOCKS else self.monotonic()

    def clock_gettime_ns(self, which: int, /) -> int:
        return self._time_ns() if which in _WALL_CLOCKS else self.monotonic_ns()

    def ctime(self, seconds: float | None = None, /) -> str:
        return self._real_ctime(self._time() if seconds is None else seconds)

    def asctime(self, moment: Any = None, /) -> str:
        return self._real_asctime(time.localtime() if moment is None else moment)


def _under_their_names() -> None:
    """Give the other clocks that only go forward a function each, so that reports can name them."""
    for name in _LIKE_MONOTONIC:
        for suffix in ("", "_ns"):
            like: types.FunctionType = vars(_Readings)[f"monotonic{suffix}"]
            code = like.__code__.replace(co_name=f"{name}{suffix}")
            setattr(_Readings, f"{name}{suffix}", types.FunctionType(code, like.__globals__))


_under_their_names()


def _replace(ours: dict[str, Any]) -> None:
    """Put our functions in the place of `time`'s, wherever a module has a name for one of those.

    freezegun leaves `threading` and `queue` alone, which keep such names: every wait with a
    time-out that starts anew when it was woken (`Condition.wait_for`, `Semaphore`, `Barrier`,
    `queue.get`) would compute what is left of it in real time.
    """
    replaced: dict[int, Any] = {}
    for name, function in ours.items():
        known = (getattr(freezegun.api, f"{prefix}_{name}", None) for prefix in ("real", "fake"))
        replaced |= {id(old): function for old in (getattr(time, name), *known) if old is not None}
    for module in list(sys.modules.values()):
        if getattr(module, "__name__", "").startswith("freezegun"):
            continue
        for alias, value in list(getattr(module, "__dict__", {}).items()):
            if id(value) in replaced:
                setattr(module, alias, replaced[id(value)])
