"""The clock certificate: whichever way a breaker tells the time, it is found, and stands still."""

import pytest

from grader.bench import Bench
from grader.candidate import Candidate
from grader.certificate import Certificate
from grader.conversation.failures import Unknown
from grader.sandbox import choose
from grader.specification import SCENARIOS
from grader.tests.driver_helpers import candidate_of
from spec_tests.scenarios import backoff, states

BREAKER = """
import asyncio, ctypes, datetime, functools, os, threading, time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from time import perf_counter

class CircuitOpenError(Exception):
    pass

class Base:
    failures, opened_at, threshold, period = 0, None, 3, 10.0

    def configure(self, failure_threshold, recovery_timeout):
        self.threshold, self.period = failure_threshold, recovery_timeout

    async def seconds(self):
        raise NotImplementedError

    async def call(self, function, *args, **kwargs):
        if self.opened_at is not None:
            if await self.seconds() - self.opened_at < self.period:
                raise CircuitOpenError
            self.opened_at = None
            self.failures = self.threshold - 1
        try:
            result = await function(*args, **kwargs)
        except Exception:
            self.failures += 1
            if self.failures >= self.threshold:
                self.opened_at = await self.seconds()
            raise
        self.failures = 0
        return result
"""
CLASS = """
class CircuitBreaker(Base):
    def __init__(self, failure_threshold: int = 3, recovery_timeout: float = 10.0):
        self.configure(failure_threshold, recovery_timeout)

    async def seconds(self):
        return {reading}
"""
DEFAULT_ARGUMENT = """
class CircuitBreaker(Base):
    def __init__(self, failure_threshold=3, recovery_timeout=10.0, clock=time.monotonic):
        self.configure(failure_threshold, recovery_timeout)
        self.clock = clock

    async def seconds(self):
        return self.clock()
"""
CLASS_ATTRIBUTE = CLASS.format(reading="self.clock()") + "\n    clock = staticmethod(time.time)\n"
DATACLASS_FIELD = """
@dataclass
class CircuitBreaker(Base):
    failure_threshold: int = 3
    recovery_timeout: float = 10.0
    clock: object = time.monotonic_ns
    made_at: float = field(default_factory=time.time)

    def __post_init__(self):
        self.configure(self.failure_threshold, self.recovery_timeout)

    async def seconds(self):
        return self.clock() / 1e9
"""
CLOSURE = (
    "\ndef reader(clock):\n    return lambda: clock()\n\nread = reader(time.monotonic)\n"
    + CLASS.format(reading="read()")
)
CLOCK_OBJECT = """
class SystemClock:
    def now(self):
        return datetime.datetime.now(datetime.timezone.utc)

class CircuitBreaker(Base):
    def __init__(self, failure_threshold: int = 3, recovery_timeout: float = 10.0, clock=None):
        self.configure(failure_threshold, recovery_timeout)
        self._clock = clock or SystemClock()

    async def seconds(self):
        return self._clock.now().timestamp()
"""
THREAD = """
class CircuitBreaker(Base):
    def __init__(self, failure_threshold: int = 3, recovery_timeout: float = 10.0):
        self.configure(failure_threshold, recovery_timeout)
        self.read = 0.0

    def look(self):
        self.read = time.monotonic()

    async def seconds(self):
        thread = threading.Thread(target=self.look)
        thread.start()
        thread.join()
        return self.read
"""
EXECUTOR = """
POOL = ThreadPoolExecutor(1)

def look():
    return time.monotonic()

""" + CLASS.format(reading="await asyncio.get_running_loop().run_in_executor(POOL, look)")

KEPT = {
    "default argument": (DEFAULT_ARGUMENT, "CircuitBreaker.__init__(clock)", "time.monotonic"),
    "injected clock": (DEFAULT_ARGUMENT, "CircuitBreaker.clock", "time.monotonic"),
    "class attribute": (CLASS_ATTRIBUTE, "CircuitBreaker.clock", "time.time"),
    "dataclass field": (DATACLASS_FIELD, "CircuitBreaker.clock", "time.monotonic_ns"),
    "closure": (CLOSURE, "reader.<locals>.<lambda>: clock", "time.monotonic"),
    "module alias": (CLASS.format(reading="perf_counter()"), "perf_counter", "time.perf_counter"),
    "injected clock object": (CLOCK_OBJECT, "CircuitBreaker._clock", "SystemClock.now"),
}
READ = {
    "a module's function": (CLASS.format(reading="time.time()"), "time.time", "event loop"),
    "a thread": (THREAD, "time.monotonic", "thread"),
    "an executor": (EXECUTOR, "time.monotonic", "executor"),
    "the loop": (
        CLASS.format(reading="asyncio.get_running_loop().time()"),
        "loop.time",
        "event loop",
    ),
    "datetime": (
        CLASS.format(reading="datetime.datetime.now().timestamp()"),
        "datetime.now",
        "event loop",
    ),
}
LIBRARY_IN_C = (
    CLASS.format(reading="read_c()")
    + """
class Spec(ctypes.Structure):
    _fields_ = [("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long)]

def read_c():
    spec = Spec()
    ctypes.CDLL(None).clock_gettime(1, ctypes.byref(spec))
    return spec.seconds + spec.nanoseconds / 1e9
"""
)
REAL = {
    "the C library": LIBRARY_IN_C,
    "the process's accounts": CLASS.format(reading="os.times().elapsed"),
}


def candidate(source: str) -> Candidate:
    return candidate_of(BREAKER + source, kind="library")


def certificate_of(source: str) -> Certificate:
    with Bench(candidate(source), choose()) as bench:
        assert bench.binding.works, bench.binding.doubts
        assert bench.certificate is not None
        return bench.certificate


@pytest.mark.parametrize("way", KEPT)
def test_a_clock_that_is_kept_is_found_and_moves_with_the_virtual_one(way: str) -> None:
    source, where, reads = KEPT[way]
    certificate = certificate_of(source)
    assert certificate.frozen, certificate.reason
    kept = {(k.way, k.where, k.reads): k.frozen for k in certificate.keeps}
    assert kept.get((way, where, reads)) is True, f"it keeps {sorted(kept)}"


@pytest.mark.parametrize("way", READ)
def test_a_reading_is_seen_where_it_happens(way: str) -> None:
    source, reads, thread = READ[way]
    certificate = certificate_of(source)
    assert certificate.frozen, certificate.reason
    assert (reads, thread) in {(r.reads, r.thread) for r in certificate.reads}, certificate.reads


@pytest.mark.parametrize("way", REAL)
def test_what_follows_real_time_is_not_judged_on_time(way: str) -> None:
    with Bench(candidate(REAL[way]), choose()) as bench:
        timed = bench.play(SCENARIOS[states.recovery.__name__])
        untimed = bench.play(SCENARIOS[states.trip.__name__])
        assert bench.certificate is not None
        assert "real time" in bench.certificate.reason
    assert timed.ending is not None
    assert isinstance(timed.ending.exception(), Unknown)
    assert "real time" in timed.ending.text
    assert untimed.ending is None, "what needs no time to pass is judged all the same"


def test_a_breaker_that_never_recovers_is_not_taken_for_one_that_sees_real_time() -> None:
    certificate = certificate_of(CLASS.format(reading="0.0"))
    assert certificate.frozen
    assert certificate.reason == ""


def test_a_clock_that_stands_still_for_good_is_told() -> None:
    stuck = CLOCK_OBJECT.replace("datetime.datetime.now(", "datetime.datetime.fromtimestamp(1, ")
    certificate = certificate_of(stuck)
    kept = {k.where: k.frozen for k in certificate.keeps}
    assert kept["CircuitBreaker._clock"] is False
    assert certificate.frozen, "it does not follow real time either: its rows are its own fault"


def test_the_growth_of_the_open_period_is_unknown_too_where_time_is_real() -> None:
    with Bench(candidate(LIBRARY_IN_C), choose()) as bench:
        played = bench.play(SCENARIOS[backoff.growth.__name__])
    assert played.ending is not None
    assert isinstance(played.ending.exception(), Unknown)
