"""Nothing in a worker knows real time: every clock agrees and stands still until it is moved."""

from collections.abc import Iterator

import pytest

from grader.conversation.failures import Hung
from grader.conversation.session import Session
from grader.tests.driver_helpers import called, lab_of, session_of, told

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

IN_A_THREAD = {
    "time.sleep": "time.sleep(s)",
    "time.sleep as a class attribute": "Probe.pause(s); self.pause(0)",
    "Event.wait": "assert not threading.Event().wait(s)",
    "Condition.wait": "\nwith (c := threading.Condition()): assert not c.wait(s)",
    "Condition.wait_for": (
        "\nwith (c := threading.Condition()): assert not c.wait_for(lambda: False, s)"
    ),
    "Barrier.wait": (
        "\nwith contextlib.suppress(threading.BrokenBarrierError): threading.Barrier(2).wait(s)"
    ),
    "Barrier with a time-out of its own": (
        "\nwith contextlib.suppress(threading.BrokenBarrierError):"
        " threading.Barrier(2, timeout=s).wait()"
    ),
    "Semaphore.acquire": "assert not threading.Semaphore(0).acquire(timeout=s)",
    "Lock.acquire": "lock = threading.Lock(); lock.acquire(); assert not lock.acquire(timeout=s)",
    "RLock.acquire": (
        "lock = threading.RLock(); t = threading.Thread(target=lock.acquire); t.start();"
        " t.join(); assert not lock.acquire(timeout=s)"
    ),
    "_thread.RLock.acquire": (
        "lock = _thread.RLock(); t = threading.Thread(target=lock.acquire); t.start();"
        " t.join(); assert not lock.acquire(timeout=s)"
    ),
    "Thread.join": (
        "t = threading.Thread(target=time.sleep, args=(2 * s,)); t.start(); t.join(s);"
        " assert t.is_alive()"
    ),
    "Timer": "e = threading.Event(); threading.Timer(s, e.set).start(); e.wait()",
    "a loop that sleeps": (
        "end = time.monotonic() + s\nwhile time.monotonic() < end: time.sleep(0.25)"
    ),
    "_thread.start_new_thread": (
        "lock = _thread.allocate_lock(); lock.acquire();"
        " _thread.start_new_thread(lambda: (time.sleep(s), lock.release()), ()); lock.acquire()"
    ),
    "Queue.get": "\nwith contextlib.suppress(queue.Empty): queue.Queue().get(timeout=s)",
    "Queue.put": (
        "q = queue.Queue(1); q.put(1)\nwith contextlib.suppress(queue.Full): q.put(1, timeout=s)"
    ),
    "SimpleQueue.get": (
        "\nwith contextlib.suppress(queue.Empty): queue.SimpleQueue().get(timeout=s)"
    ),
    "Future.result": (
        "\nwith contextlib.suppress(futures.TimeoutError): futures.Future().result(timeout=s)"
    ),
    "futures.wait": "assert futures.wait([futures.Future()], timeout=s).not_done",
    "futures.as_completed": (
        "\nwith contextlib.suppress(futures.TimeoutError):"
        " list(futures.as_completed([futures.Future()], timeout=s))"
    ),
    "Executor.submit": (
        "\nwith futures.ThreadPoolExecutor() as pool: pool.submit(time.sleep, s).result()"
    ),
    "sched": "q = sched.scheduler(); q.enter(s, 1, int); q.run()",
    "asyncio.run": "asyncio.run(asyncio.sleep(s))",
    "asyncio.run of wait_for": (
        "\nwith contextlib.suppress(TimeoutError):"
        " asyncio.run(asyncio.wait_for(asyncio.sleep(2 * s), s))"
    ),
    "asyncio.run of to_thread": "asyncio.run(asyncio.to_thread(time.sleep, s))",
    "asyncio.Runner": "\nwith asyncio.Runner() as runner: runner.run(asyncio.sleep(s))",
    "new_event_loop": (
        "loop = asyncio.new_event_loop(); loop.run_until_complete(asyncio.sleep(s)); loop.close()"
    ),
    "SelectorEventLoop": (
        "loop = asyncio.SelectorEventLoop(); loop.run_until_complete(asyncio.sleep(s));"
        " loop.close()"
    ),
    "a loop of a policy of its own": (
        "loop = asyncio.DefaultEventLoopPolicy().new_event_loop();"
        " loop.run_until_complete(asyncio.sleep(s)); loop.close()"
    ),
    "run_coroutine_threadsafe": (
        "asyncio.run_coroutine_threadsafe(asyncio.sleep(s), running_loop()).result()"
    ),
    "run_coroutine_threadsafe with a time-out": (
        "\nwith contextlib.suppress(futures.TimeoutError):"
        " asyncio.run_coroutine_threadsafe(asyncio.sleep(2 * s), running_loop()).result(s)"
    ),
}
IN_A_TASK = {
    "asyncio.sleep": "await asyncio.sleep(s)",
    "asyncio.wait_for": (
        "\nwith contextlib.suppress(TimeoutError): await asyncio.wait_for(never(), s)"
    ),
    "asyncio.timeout": (
        "\nwith contextlib.suppress(TimeoutError):\n  async with asyncio.timeout(s): await never()"
    ),
    "asyncio.timeout_at": (
        "\nwith contextlib.suppress(TimeoutError):\n"
        "  async with asyncio.timeout_at(asyncio.get_running_loop().time() + s): await never()"
    ),
    "asyncio.wait": "await asyncio.wait([asyncio.ensure_future(never())], timeout=s)",
    "call_later": (
        "e = asyncio.Event(); asyncio.get_running_loop().call_later(s, e.set); await e.wait()"
    ),
    "call_at": (
        "e = asyncio.Event(); loop = asyncio.get_running_loop();"
        " loop.call_at(loop.time() + s, e.set); await e.wait()"
    ),
    "gather": "await asyncio.gather(asyncio.sleep(s), asyncio.sleep(s / 2))",
    "a loop that sleeps": (
        "end = time.monotonic() + s\nwhile time.monotonic() < end: await asyncio.sleep(0.25)"
    ),
    "to_thread": "await asyncio.to_thread(time.sleep, s)",
    "run_in_executor": "await asyncio.get_running_loop().run_in_executor(None, time.sleep, s)",
    "a Timer that calls back": (
        "e = asyncio.Event(); loop = asyncio.get_running_loop();"
        " threading.Timer(s, loop.call_soon_threadsafe, [e.set]).start(); await e.wait()"
    ),
    "anyio.sleep": "import anyio; await anyio.sleep(s)",
    "anyio.move_on_after": "import anyio\nwith anyio.move_on_after(s): await anyio.sleep(2 * s)",
}
BLOCKING = {
    "time.sleep": ("time.sleep(s)", "time.sleep(5)"),
    "Event.wait": ("threading.Event().wait(s)", "waits for a lock that is held"),
    "the result of a thread": (
        "\nwith futures.ThreadPoolExecutor() as pool: pool.submit(time.sleep, s).result()",
        "waits for a lock that is held",
    ),
    "asyncio.run in another thread": (
        (
            "\nwith futures.ThreadPoolExecutor() as pool: "
            "pool.submit(asyncio.run, asyncio.sleep(s)).result()"
        ),
        "waits for a lock that is held",
    ),
}


def _identifier(prefix: str, way: str) -> str:
    return prefix + "".join(letter if letter.isalnum() else "_" for letter in way)


def _method(kind: str, prefix: str, way: str, body: str, last: str) -> str:
    lines = [f"{kind} {_identifier(prefix, way)}(self, function, s):"]
    lines += [f"    {line}" for line in body.split("\n")]
    lines.append(f"    return {last}")
    return "\n".join(f"    {line}" for line in lines)


def _waiters() -> str:
    methods = [_method("def", "t_", w, b, "function()") for w, b in IN_A_THREAD.items()]
    methods += [_method("async def", "a_", w, b, "await function()") for w, b in IN_A_TASK.items()]
    methods += [
        _method("async def", "b_", w, b, "await function()") for w, (b, _) in BLOCKING.items()
    ]
    return (
        """
import _thread, asyncio, contextlib, queue, sched, threading, time
import concurrent.futures as futures

async def never():
    await asyncio.Event().wait()

def running_loop():
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    return loop

class Probe:
    pause = time.sleep

    def __init__(self):
        self.lock = threading.Lock()
        self.condition = threading.Condition()

    def holds(self, function):
        with self.lock:
            return function()

    async def takes(self, function):
        with self.lock:
            return await function()

    def waits_for_ten(self, function):
        with self.condition:
            self.condition.wait_for(lambda: False, 10)
        return function()

    def wakes_for_nothing(self):
        with self.condition:
            self.condition.notify_all()

"""
        + "\n\n".join(methods)
        + "\n"
    )


@pytest.fixture(scope="module")
def readers() -> Iterator[Session]:
    with session_of(READERS) as session:
        yield session


@pytest.fixture(scope="module")
def waiters() -> Iterator[Session]:
    with session_of(_waiters()) as session:
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
    _ends_on_time(waiters, _identifier("t_", way), "sync")


@pytest.mark.parametrize("way", IN_A_TASK)
def test_a_wait_in_a_task_ends_on_virtual_time(waiters: Session, way: str) -> None:
    _ends_on_time(waiters, _identifier("a_", way), "async")


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
        call = called(lab.breaker(), _identifier("b_", way), PERIOD, mode="async")
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
