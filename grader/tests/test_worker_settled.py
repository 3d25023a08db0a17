"""A worker answers when it has come to rest: every task blocked, every thread asleep."""

from collections.abc import Iterator

import pytest

from grader.conversation.session import Session
from grader.tests.driver_helpers import busy_neighbour, called, lab_of, session_of, told

TIMES = 20

SOURCE = '''
import asyncio, concurrent.futures, threading, time

class Probe:
    """A breaker that does its accounts in another thread, in one of the ways that people do."""

    def __init__(self):
        self.pool = concurrent.futures.ThreadPoolExecutor(4)
        self.lock = threading.Lock()
        self.started = time.monotonic()
        self.failed_at = None

    def record(self):
        total = sum(range(20_000))
        self.failed_at = time.monotonic() - self.started

    def by_executor(self, function):
        try:
            return function()
        except Exception:
            self.pool.submit(self.record)
            raise

    def by_chain(self, function):
        """Each step hands on to another thread; between two of them, all others sleep."""
        try:
            return function()
        except Exception:
            first = self.pool.submit(time.monotonic)
            first.add_done_callback(lambda done: self.pool.submit(
                lambda: threading.Thread(target=self.record).start()))
            raise

    async def by_to_thread(self, function):
        try:
            return await function()
        except Exception:
            self.task = asyncio.ensure_future(asyncio.to_thread(self.record))
            raise

    async def by_callback(self, function):
        try:
            return await function()
        except Exception:
            loop = asyncio.get_running_loop()
            self.pool.submit(lambda: loop.call_soon_threadsafe(self.record))
            raise

    def in_parallel(self, function):
        return function()

    def one_by_one(self, function):
        with self.lock:
            return function()

    def one_by_one_in_a_pool_of_one(self, function):
        if not hasattr(self, "single"):
            self.single = concurrent.futures.ThreadPoolExecutor(1)
        return self.single.submit(function).result()
'''


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with session_of(SOURCE) as opened:
        yield opened


@pytest.mark.parametrize(
    ("method", "mode"),
    [
        ("by_executor", "sync"),
        ("by_chain", "sync"),
        ("by_to_thread", "async"),
        ("by_callback", "async"),
    ],
)
def test_what_another_thread_records_is_recorded_before_time_moves_under_load(
    session: Session, method: str, mode: str
) -> None:
    seen = []
    with busy_neighbour():
        for _ in range(TIMES):
            with lab_of(session) as lab:
                probe = lab.breaker()
                called(probe, method, mode=mode, planned="ServiceFailure")
                lab.wait(10)
                seen.append(told(lab, probe, "failed_at")[""])
    assert seen == [0] * TIMES, f"failures at 0 s were recorded at {seen}"


@pytest.mark.parametrize(
    ("method", "together"),
    [("in_parallel", 6), ("one_by_one", 1), ("one_by_one_in_a_pool_of_one", 1)],
)
def test_overlapping_calls_are_told_from_serialised_ones_under_load(
    session: Session, method: str, together: int
) -> None:
    seen = []
    with busy_neighbour():
        for _ in range(TIMES):
            with lab_of(session) as lab:
                probe = lab.breaker()
                calls = [called(probe, method, mode="sync", planned=None) for _ in range(6)]
                seen.append(sum(call.seen.running for call in calls))
                assert all(call.seen.running or call.seen.waiting for call in calls)
    assert seen == [together] * TIMES, f"of 6 callers, these numbers ran together: {seen}"


def test_serialised_calls_go_on_one_after_the_other(session: Session) -> None:
    with lab_of(session) as lab:
        probe = lab.breaker()
        calls = [called(probe, "one_by_one", mode="sync", planned=None) for _ in range(4)]
        for place, call in enumerate(calls):
            running = [other.number for other in calls if other.seen.running]
            assert running == [call.number], f"at turn {place + 1}, these ran: {running}"
            call.succeed()
        assert all(call.seen.succeeded for call in calls)
