"""How a candidate tells the time: watched while it works, and looked for where it keeps clocks.

Two views of the same thing. `TimeWatch` notes every reading that the candidate's own code makes
while its breaker is used, and on what kind of thread. `find_clocks` finds the places where it
keeps a clock: default arguments, class attributes, dataclass fields, closures, module aliases,
attributes. Whether each of them stands still with the worker's clock is found out by reading it
twice, before and after time was moved.
"""

import asyncio
import concurrent.futures.thread as executors
import dataclasses
import datetime
import functools
import inspect
import sys
import threading
import time
import types
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import freezegun.api

Owns = Callable[[str | None], bool]

_READINGS = (
    "monotonic monotonic_ns perf_counter perf_counter_ns process_time process_time_ns thread_time"
    " thread_time_ns time time_ns clock_gettime clock_gettime_ns ctime asctime localtime gmtime"
).split()
_METHODS = ("now", "time", "monotonic", "__call__", "get_time", "current_time")
_WAITS = {
    asyncio.sleep: "asyncio.sleep",
    asyncio.wait_for: "asyncio.wait_for",
    asyncio.timeout: "asyncio.timeout",
    asyncio.BaseEventLoop.call_later: "loop.call_later",
    asyncio.BaseEventLoop.call_at: "loop.call_at",
    threading.Timer.__init__: "threading.Timer",
}
_MOST = 60


def _codes() -> dict[types.CodeType, str]:
    """Return the code of everything that tells time or waits → its name."""
    named: dict[Any, str] = {getattr(time, name): f"time.{name}" for name in _READINGS}
    named |= _WAITS
    named[time.sleep] = "time.sleep"
    for name in ("now", "utcnow", "today"):
        named[getattr(freezegun.api.FakeDatetime, name)] = f"datetime.{name}"
    named[type(asyncio.get_running_loop()).time] = "loop.time"
    named[asyncio.SelectorEventLoop.time] = "loop.time"
    codes = {}
    for function, name in named.items():
        code = getattr(inspect.unwrap(function), "__code__", None)
        if code is not None:
            codes[code] = name
    return codes


class TimeWatch:
    """Notes which clocks the candidate's own code reads, and on which kind of thread."""

    def __init__(self, owns: Owns, is_main: Callable[[], bool]) -> None:
        self._owns = owns
        self._is_main = is_main
        self._codes: dict[types.CodeType, str] = {}
        self._seen: dict[tuple[str, str, str], None] = {}

    def begin(self) -> None:
        """Watch from now on, in threads that start later too."""
        self._codes = _codes()
        self._seen.clear()
        threading.setprofile(self._look)
        sys.setprofile(self._look)

    def end(self) -> list[dict[str, str]]:
        """Stop watching; return what was read: `reads`, `where` and `thread`."""
        sys.setprofile(None)
        threading.setprofile(None)
        keys = ("reads", "where", "thread")
        return [dict(zip(keys, seen, strict=True)) for seen in list(self._seen)[:_MOST]]

    def _look(self, frame: types.FrameType, event: str, argument: Any) -> None:
        if event == "call":
            reads, caller = self._codes.get(frame.f_code), frame.f_back
        elif event == "c_call" and _is_real_clock(argument):
            reads, caller = f"the real time.{argument.__name__}", frame
        else:
            return
        if reads is None or caller is None or not self._owns(caller.f_globals.get("__name__")):
            return
        self._seen.setdefault((reads, caller.f_code.co_qualname, self._thread()))

    def _thread(self) -> str:
        if self._is_main():
            return "event loop"
        thread = threading.current_thread()
        if isinstance(thread, threading._DummyThread):  # noqa: SLF001  who it is, no more
            return "caller's thread"
        target = getattr(thread, "_target", None)
        return "executor" if target is vars(executors)["_worker"] else "thread"


def _is_real_clock(value: Any) -> bool:
    """Whether it is a function made in C that reads the machine's clock."""
    return (
        isinstance(value, types.BuiltinFunctionType)
        and getattr(value, "__module__", None) == "time"
        and value.__name__ in _READINGS
        and value.__name__ not in {"localtime", "gmtime", "ctime", "asctime"}
    )


class Clock(NamedTuple):
    """A place where the candidate keeps a way of telling time."""

    way: str
    where: str
    reads: str
    read: Callable[[], Any]


def find_clocks(owns: Owns, breaker: object) -> list[Clock]:
    """Return the clocks that the candidate's modules and a breaker that was built keep."""
    found: dict[tuple[str, str], Clock] = {}
    for clock in (*_in_modules(owns), *_in_object(breaker, type(breaker).__name__, owns, 0)):
        found.setdefault((clock.way, clock.where), clock)
    return list(found.values())[:_MOST]


def _in_modules(owns: Owns) -> Iterator[Clock]:
    for name, module in list(sys.modules.items()):
        if not owns(name):
            continue
        for key, value in list(vars(module).items()):
            if key.startswith("__"):
                continue
            yield from _clock("module alias", key, value)
            if getattr(value, "__module__", None) != name:
                continue
            if inspect.isclass(value):
                yield from _in_class(value)
            elif inspect.isfunction(value):
                yield from _in_function(value)


def _in_class(kind: type) -> Iterator[Clock]:
    fields = {f.name: f for f in dataclasses.fields(kind)} if dataclasses.is_dataclass(kind) else {}
    for name, field in fields.items():
        for value in (field.default, field.default_factory):
            yield from _clock("dataclass field", f"{kind.__qualname__}.{name}", value)
    for name, member in list(vars(kind).items()):
        plain = getattr(member, "__func__", member)
        if name not in fields:
            yield from _clock("class attribute", f"{kind.__qualname__}.{name}", plain)
        if inspect.isfunction(plain) and not (fields and name == "__init__"):
            yield from _in_function(plain)


def _in_function(function: types.FunctionType) -> Iterator[Clock]:
    where = function.__qualname__
    parameters = list(inspect.signature(function, follow_wrapped=False).parameters.values())
    for parameter in parameters:
        yield from _clock("default argument", f"{where}({parameter.name})", parameter.default)
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            value = cell.cell_contents
        except ValueError:
            continue  # still empty
        yield from _clock("closure", f"{where}: {name}", value)


def _in_object(value: object, where: str, owns: Owns, depth: int) -> Iterator[Clock]:
    for name in _attributes(value):
        try:
            held = inspect.getattr_static(value, name)
            if not isinstance(held, (types.MemberDescriptorType, property)):
                held = getattr(value, name)
            elif isinstance(held, types.MemberDescriptorType):
                held = held.__get__(value)
        except Exception:  # noqa: BLE001, S112  what cannot be read keeps no clock
            continue
        place = f"{where}.{name}"
        yield from _clock("injected clock", place, held)
        yield from _in_clock_object(name, place, held, owns)
        if owns(type(held).__module__) and depth < 1:
            yield from _in_object(held, place, owns, depth + 1)


def _in_clock_object(name: str, place: str, held: object, owns: Owns) -> Iterator[Clock]:
    """Yield the reading of an object of the candidate's that is a clock by its name."""
    kind = type(held)
    if not owns(kind.__module__) or "clock" not in f"{name} {kind.__name__}".lower():
        return
    for method in _METHODS:
        function = getattr(held, method, None)
        if inspect.isroutine(function) and not inspect.iscoroutinefunction(function):
            yield Clock("injected clock object", place, f"{kind.__name__}.{method}", function)
            return


def _attributes(value: object) -> list[str]:
    names = dict.fromkeys(getattr(value, "__dict__", {}))
    for kind in type(value).__mro__[:-1]:
        slots = vars(kind).get("__slots__", ())
        names.update(dict.fromkeys((slots,) if isinstance(slots, str) else slots))
    return [name for name in names if not name.startswith("__")][:_MOST]


def _clock(way: str, where: str, value: Any) -> Iterator[Clock]:
    """Yield a clock where a value is one: a function that tells time, bare, partial or bound."""
    if isinstance(value, functools.partial):
        value = value.func
    reads = _clock_name(value)
    if reads is not None:
        yield Clock(way, where, reads, value)


def _clock_name(value: Any) -> str | None:
    if _is_real_clock(value):
        return f"the real time.{value.__name__}"
    if isinstance(value, types.MethodType):
        owner = value.__self__
        if owner is freezegun.api.FakeDatetime and value.__name__ in {"now", "utcnow", "today"}:
            return f"datetime.{value.__name__}"
        if isinstance(owner, asyncio.AbstractEventLoop) and value.__name__ == "time":
            return "loop.time"
        return next((f"time.{n}" for n in _READINGS[:10] if getattr(time, n) == value), None)
    return None


_UNITS = (1.0, 1e3, 1e6, 1e9)
_TOLERANCE = 1e-3


def moved_along(before: Any, after: Any, seconds: float) -> bool:
    """Whether two readings of one clock lie so many seconds apart, in whatever unit it counts."""
    try:
        moved = after - before
    except Exception:  # noqa: BLE001  whatever a candidate's clock returns
        return False
    if isinstance(moved, datetime.timedelta):
        moved = moved.total_seconds()
    if type(moved) not in (int, float):
        return False
    return any(abs(moved / unit - seconds) < _TOLERANCE for unit in _UNITS)
