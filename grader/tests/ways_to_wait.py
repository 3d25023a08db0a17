"""The ways in which Python code waits: each `s` seconds, by its name, as code of a method."""

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


def identifier(prefix: str, way: str) -> str:
    """Return the name of the method that waits this way."""
    return prefix + "".join(letter if letter.isalnum() else "_" for letter in way)


def _method(kind: str, prefix: str, way: str, body: str, last: str) -> str:
    lines = [f"{kind} {identifier(prefix, way)}(self, function, s):"]
    lines += [f"    {line}" for line in body.split("\n")]
    lines.append(f"    return {last}")
    return "\n".join(f"    {line}" for line in lines)


def program() -> str:
    """Return a module whose class has a method for every way."""
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
