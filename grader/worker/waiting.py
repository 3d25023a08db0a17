"""The waiting primitives of the standard library, on virtual time.

Everything in `threading`, `queue` and `concurrent.futures` that waits is built
on a lock, on `time.sleep` or on a queue made in C. Replacing those three puts
events, conditions, semaphores, barriers, timers and executors on the clock of
the worker too, and tells the scheduler which thread waits.
"""

import _thread
import asyncio
import collections
import concurrent.futures
import queue
import threading
import time
import types
from collections.abc import Callable
from typing import Any, ClassVar

from .scheduler import Scheduler, Waiter

_internal = threading.local()
_real_as_completed = concurrent.futures.as_completed


class Observed:
    """What was seen of blocking calls on a thread that runs an event loop."""

    def __init__(self) -> None:
        self.note: Callable[[str], None] = lambda _what: None

    def blocking(self, what: str) -> Callable[[], None] | None:
        """Return what notes a blocking call; None if it is our own or holds up no loop."""
        if asyncio._get_running_loop() is None or getattr(_internal, "quiet", False):  # noqa: SLF001
            return None
        return lambda: self.note(what)


def install(scheduler: Scheduler, observed: Observed) -> None:
    """Replace the primitives, for every module that is imported later or looks them up."""
    Lock.scheduler, Lock.observed = scheduler, observed
    replace: Any = setattr
    replace(_thread, "allocate_lock", Lock)
    replace(threading, "_allocate_lock", Lock)
    replace(threading, "Lock", Lock)
    # Without the class in C, `threading.RLock()` makes the one in Python, on our lock.
    replace(threading, "_CRLock", None)
    replace(queue, "SimpleQueue", vars(queue)["_PySimpleQueue"])
    replace(_thread, "RLock", vars(threading)["_PyRLock"])
    replace(time, "sleep", _Sleep(scheduler, observed).sleep)
    replace(concurrent.futures, "as_completed", _as_completed)
    replace(vars(concurrent.futures)["_base"], "as_completed", _as_completed)
    _patch_threads(scheduler)


class Lock:
    """A lock that is handed over in the order of arrival, with time-outs in virtual time."""

    scheduler: ClassVar[Scheduler]
    observed: ClassVar[Observed]

    __slots__ = ("__weakref__", "_held", "_waiters")

    def __init__(self) -> None:
        self._held = False
        self._waiters: collections.deque[Waiter] = collections.deque()

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:  # noqa: FBT001, FBT002
        """Take the lock; see `threading.Lock.acquire`."""
        if not blocking and timeout != -1:
            raise ValueError("can't specify a timeout for a non-blocking call")
        if timeout < 0 and timeout != -1:
            raise ValueError("timeout value must be a non-negative number")
        with self.scheduler.lock:
            if not self._held:
                self._held = True
                return True
            if not blocking or timeout == 0:
                return False
            # One that is handed over at once holds nothing up, and whether it is held is chance.
            waiter = self.scheduler.begin(
                None if timeout == -1 else timeout,
                when_quiet=self.observed.blocking("waits for a lock that is held"),
            )
            self._waiters.append(waiter)
        # A waiter that timed out stays in the queue as done, and `release` passes over it.
        return self.scheduler.wait(waiter)

    def release(self) -> None:
        """Hand the lock to the first waiter, or free it."""
        with self.scheduler.lock:
            if not self._held:
                raise RuntimeError("release unlocked lock")
            while self._waiters:
                waiter = self._waiters.popleft()
                if not waiter.done:
                    self.scheduler.wake(waiter)
                    return
            self._held = False

    def locked(self) -> bool:
        """Whether somebody holds it."""
        return self._held

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *exc_info: object) -> None:
        self.release()

    def _at_fork_reinit(self) -> None:
        self._held = False
        self._waiters.clear()

    acquire_lock = acquire
    release_lock = release
    locked_lock = locked


class _Sleep:
    """`time.sleep`; a method, because a plain function cannot be a class attribute of others."""

    def __init__(self, scheduler: Scheduler, observed: Observed) -> None:
        self._scheduler = scheduler
        self._observed = observed

    def sleep(self, seconds: float, /) -> None:
        """Let virtual time pass for this thread."""
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
        if seconds:
            note = self._observed.blocking(f"time.sleep({seconds:g})")
            if note is not None:
                note()
            self._scheduler.sleep(seconds)


# A quarter of a nanosecond: `as_completed` looks at the clock until its time-out is *past*, for
# which a clock that stands still when it is reached would have it look for ever.
_PAST = 0.25e-9


def _as_completed(fs: Any, timeout: float | None = None) -> Any:
    """Do what `concurrent.futures.as_completed` does."""
    return _real_as_completed(fs, None if timeout is None else timeout - _PAST)


def _patch_threads(scheduler: Scheduler) -> None:
    def counted(function: Callable[..., object]) -> Callable[..., None]:
        owner = function.__self__ if isinstance(function, types.MethodType) else None
        done = Lock()
        done.acquire()
        if isinstance(owner, threading.Thread):
            vars(owner)["_virtually_done"] = done

        def run(*args: object, **kwargs: object) -> None:
            try:
                function(*args, **kwargs)
            finally:
                done.release()
                scheduler.thread_ends()

        scheduler.thread_begins()
        return run

    real_start_new = _thread.start_new_thread

    def start_new_thread(
        function: Callable[..., object], args: tuple[Any, ...], kwargs: dict[str, Any] | None = None
    ) -> int:
        run = counted(function)
        try:
            return real_start_new(run, args, kwargs or {})
        except BaseException:
            scheduler.thread_ends()
            raise

    replace: Any = setattr
    replace(_thread, "start_new_thread", start_new_thread)
    replace(_thread, "start_new", start_new_thread)
    replace(threading, "_start_new_thread", start_new_thread)
    if hasattr(threading, "_start_joinable_thread"):  # Python 3.13
        real_start_joinable = threading._start_joinable_thread  # noqa: SLF001

        def start_joinable_thread(function: Callable[..., object], **options: Any) -> Any:
            return real_start_joinable(counted(function), **options)

        threading._start_joinable_thread = start_joinable_thread  # noqa: SLF001
    _patch_start_and_join()


def _patch_start_and_join() -> None:
    real_start, real_join = threading.Thread.start, threading.Thread.join

    def start(self: threading.Thread) -> None:
        # Starting waits until the new thread runs: real, short, and not the candidate's doing.
        _internal.quiet = True
        try:
            real_start(self)
        finally:
            _internal.quiet = False

    def join(self: threading.Thread, timeout: float | None = None) -> None:
        done = getattr(self, "_virtually_done", None)
        if done is not None and self is not threading.current_thread():
            if not done.acquire(timeout=-1 if timeout is None else max(timeout, 0)):
                return
            done.release()
        real_join(self)

    threading.Thread.start = start  # type: ignore[method-assign]
    threading.Thread.join = join  # type: ignore[method-assign]
