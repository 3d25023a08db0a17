"""Nothing in a worker knows real time: every clock agrees and stands still until it is moved."""

from collections.abc import Iterator

import pytest

from grader.conversation.failures import Hung
from grader.conversation.session import Session
from grader.tests.driver_helpers import called, lab_of, session_of, told
from grader.tests.ways_to_wait import BLOCKING, IN_A_TASK, IN_A_THREAD, identifier, program

PERIOD = 5.0

READERS = """
import asyncio, dataclasses, datetime, threading, time
import concurrent.futures
import datetime as dt
import time as clock_module
from datetime import UTC, date, datetime as moment
from time import monotonic, monotonic_ns, perf_counter, time as now

def by_default(read=time.monotonic):
    return read()

def closure():
    read = time.monotonic
    return lambda: read()

@dataclasses.dataclass
class Stamp:
    at: float = dataclasses.field(default_factory=time.monotonic)
    read: object = time.monotonic

class Probe:
    plain = time.monotonic
    static = staticmethod(time.monotonic)
    aliased = monotonic
    wall = time.time
    today = moment.now

    def monotonic(self):
        with concurrent.futures.ThreadPoolExecutor() as pool:
            pooled = pool.submit(time.monotonic).result()
            pooled_alias = pool.submit(monotonic).result()
        in_thread = []
        threads = [threading.Thread(target=lambda r=r: in_thread.append(r()))
                   for r in (monotonic, time.monotonic)]
        for thread in threads:
            thread.start()
            thread.join()
        return {
            "time.monotonic": time.monotonic(),
            "time.perf_counter": time.perf_counter(),
            "time.monotonic_ns": time.monotonic_ns() / 1e9,
            "time.perf_counter_ns": time.perf_counter_ns() / 1e9,
            "clock_gettime": time.clock_gettime(time.CLOCK_MONOTONIC),
            "from time import monotonic": monotonic(),
            "from time import monotonic_ns": monotonic_ns() / 1e9,
            "from time import perf_counter": perf_counter(),
            "import time as": clock_module.monotonic(),
            "a default argument": by_default(),
            "a closure": closure()(),
            "a default factory": Stamp().at,
            "a dataclass default": Stamp().read(),
            "a class attribute": self.plain(),
            "a static method": self.static(),
            "a class attribute of an alias": self.aliased(),
            "an executor": pooled,
            "an alias in an executor": pooled_alias,
            "an alias in a thread": in_thread[0],
            "a thread": in_thread[1],
        }

    async def in_a_loop(self):
        return {
            "loop.time": asyncio.get_running_loop().time(),
            "a task": time.monotonic(),
            "asyncio.to_thread": await asyncio.to_thread(time.monotonic),
            "an alias by asyncio.to_thread": await asyncio.to_thread(monotonic),
        }

    def of_the_wall(self):
        with concurrent.futures.ThreadPoolExecutor() as pool:
            pooled = pool.submit(lambda: moment.now(UTC).timestamp()).result()
        return {
            "time.time": time.time(),
            "time.time_ns": time.time_ns() / 1e9,
            "clock_gettime": time.clock_gettime(time.CLOCK_REALTIME),
            "from time import time": now(),
            "a class attribute": self.wall(),
            "datetime.now(UTC)": moment.now(UTC).timestamp(),
            "datetime.now": dt.datetime.now().timestamp(),
            "datetime.utcnow": moment.utcnow().replace(tzinfo=UTC).timestamp(),
            "a class attribute of datetime": self.today(UTC).timestamp(),
            "datetime in an executor": pooled,
            "time.gmtime": moment(*time.gmtime()[:6], tzinfo=UTC).timestamp(),
            "time.ctime": moment.strptime(time.ctime(), "%a %b %d %H:%M:%S %Y").timestamp(),
            "time.asctime": moment.strptime(time.asctime(), "%a %b %d %H:%M:%S %Y").timestamp(),
            "date.today": moment.combine(date.today(), dt.time(0), UTC).timestamp(),
        }
"""


@pytest.fixture(scope="module")
def readers() -> Iterator[Session]:
    with session_of(READERS) as session:
        yield session


@pytest.fixture(scope="module")
def waiters() -> Iterator[Session]:
    with session_of(program()) as session:
        yield session


# --- reading --------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["monotonic", "in_a_loop"])
def test_every_way_of_reading_the_monotonic_clock_agrees_and_stands_still(
    readers: Session, where: str
) -> None:
    with lab_of(readers) as lab:
        probe = lab.breaker()
        first, again = told(lab, probe, where), told(lab, probe, where)
        assert first == again, f"a clock moved by itself: {first} and then {again}"
        assert len(set(first.values())) == 1, f"the clocks differ: {first}"
        lab.wait(12.5)
        moved = {way: then - first[way] for way, then in told(lab, probe, where).items()}
        assert set(moved.values()) == {12.5}, f"12.5 s passed, and these were seen: {moved}"


def test_every_way_of_reading_the_wall_clock_agrees_and_stands_still(readers: Session) -> None:
    with lab_of(readers) as lab:
        probe = lab.breaker()
        first, again = told(lab, probe, "of_the_wall"), told(lab, probe, "of_the_wall")
        assert first == again, f"a clock moved by itself: {first} and then {again}"
        assert len(set(first.values())) == 1, f"the clocks differ: {first}"
        lab.wait(86_400)
        moved = {way: then - first[way] for way, then in told(lab, probe, "of_the_wall").items()}
        assert set(moved.values()) == {86_400}, f"a day passed, and these were seen: {moved}"


@pytest.mark.parametrize("step", [3_600, -3_600])
def test_a_step_of_the_wall_clock_leaves_the_monotonic_one_alone(
    readers: Session, step: float
) -> None:
    with lab_of(readers) as lab:
        probe = lab.breaker()
        wall, monotonic = told(lab, probe, "of_the_wall"), told(lab, probe, "monotonic")
        lab.request("step_wall", seconds=step)
        stepped = told(lab, probe, "of_the_wall")["time.time"] - wall["time.time"]
        assert stepped == step, f"stepped by {step} s, and it moved by {stepped} s"
        after = told(lab, probe, "monotonic")
        assert after == monotonic, f"the monotonic clocks moved: {monotonic} to {after}"
        assert told(lab, probe, "in_a_loop")["loop.time"] == monotonic["time.monotonic"]


# --- waiting --------------------------------------------------------------------------------


@pytest.mark.parametrize("way", IN_A_THREAD)
def test_a_wait_in_a_thread_ends_on_virtual_time(waiters: Session, way: str) -> None:
    _ends_on_time(waiters, identifier("t_", way), "sync")


@pytest.mark.parametrize("way", IN_A_TASK)
def test_a_wait_in_a_task_ends_on_virtual_time(waiters: Session, way: str) -> None:
    _ends_on_time(waiters, identifier("a_", way), "async")


def _ends_on_time(waiters: Session, method: str, mode: str) -> None:
    with lab_of(waiters) as lab:
        call = called(lab.breaker(), method, PERIOD, mode=mode)
        assert call.seen.waiting, f"at once, it {call.seen.tell()}"
        lab.wait(PERIOD - 0.001)
        assert call.seen.waiting, f"a millisecond early, it {call.seen.tell()}"
        lab.wait(0.001)
        assert call.seen.entered_at == PERIOD, (
            f"it went on at {call.seen.entered_at}, and {call.seen.tell()}"
        )
        assert call.seen.succeeded, f"in the end it {call.seen.tell()}"
        assert lab.blocking == [], "a wait that holds up no loop was noted as blocking"


def test_a_step_of_the_wall_clock_does_not_end_a_wait_that_starts_anew(waiters: Session) -> None:
    with lab_of(waiters) as lab:
        probe = lab.breaker()
        call = called(probe, "waits_for_ten", mode="sync")
        lab.wait(1)
        for step in (3_600, -7_200):
            lab.request("step_wall", seconds=step)
            lab.request("invoke", breaker=probe.handle, name="wakes_for_nothing")
            assert call.seen.waiting, f"after a step of {step} s it {call.seen.tell()}"
        lab.wait(9)
        assert call.seen.entered_at == 10, f"it went on at {call.seen.entered_at}"


def test_many_waits_end_in_the_order_of_their_ends(waiters: Session) -> None:
    with lab_of(waiters) as lab:
        probe = lab.breaker()
        calls = [
            called(probe, method, seconds, mode=mode)
            for seconds in (3.0, 1.0, 2.0)
            for method, mode in (("t_time_sleep", "sync"), ("a_asyncio_sleep", "async"))
        ]
        lab.wait(10)
        ends = [call.seen.entered_at for call in calls]
        assert ends == [3.0, 3.0, 1.0, 1.0, 2.0, 2.0], f"they went on at {ends}"


# --- holding up the loop ----------------------------------------------------------------------


@pytest.mark.parametrize("way", BLOCKING)
def test_a_wait_on_the_loops_thread_passes_and_is_noted_as_blocking(
    waiters: Session, way: str
) -> None:
    with lab_of(waiters) as lab:
        call = called(lab.breaker(), identifier("b_", way), PERIOD, mode="async")
        assert call.seen.succeeded, f"it {call.seen.tell()}"
        assert call.seen.entered_at == PERIOD, f"it went on at {call.seen.entered_at}"
        assert lab.blocking == [BLOCKING[way][1]], f"noted: {lab.blocking}"


@pytest.mark.parametrize(("method", "mode"), [("holds", "sync"), ("takes", "async")])
def test_a_lock_held_by_a_parked_call_and_wanted_by_the_loop_is_a_deadlock_at_once(
    waiters: Session, method: str, mode: str
) -> None:
    with lab_of(waiters) as lab:
        probe = lab.breaker()
        called(probe, method, mode=mode, planned=None)
        with pytest.raises(Hung, match="deadlock: the event loop's thread waits for ever"):
            called(probe, "takes", mode="async", planned=None)


def test_a_lock_held_by_one_thread_and_wanted_by_another_lets_the_second_wait(
    waiters: Session,
) -> None:
    with lab_of(waiters) as lab:
        probe = lab.breaker()
        first, second = (called(probe, "holds", mode="sync", planned=None) for _ in range(2))
        assert (first.seen.running, second.seen.waiting) == (True, True), (
            f"the first {first.seen.tell()}, the second {second.seen.tell()}"
        )
        first.succeed()
        assert second.seen.running, f"with the lock free, the second {second.seen.tell()}"
        assert lab.blocking == [], "no loop was held up"


# --- importing --------------------------------------------------------------------------------


def test_an_example_that_runs_at_import_runs_on_virtual_time() -> None:
    source = """
        import asyncio, time

        async def example():
            started = time.monotonic()
            await asyncio.sleep(7)
            return time.monotonic() - started

        class Probe:
            took = asyncio.run(example())

            async def loop(self, function):
                return await asyncio.wait_for(function(), 5)
    """
    with session_of(source) as session, lab_of(session) as lab:
        probe = lab.breaker()
        assert told(lab, probe, "took") == {"": 7}
        call = called(probe, "loop", mode="async")
        assert call.seen.succeeded, f"after the example, a call {call.seen.tell()}"
