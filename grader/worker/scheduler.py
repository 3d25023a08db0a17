"""Knows of every thread whether it runs or waits, so that "settled" is a fact.

A thread waits when it is blocked in one of the waiting primitives of
`waiting` or parked in a protected function; whoever wakes it counts it as
running *before* it really runs, so there is no moment at which a thread that
is about to run looks idle. Where a thread blocks in something that is not
ours (a socket, a lock made in C), the kernel is asked instead.
"""

import _thread
import threading
from collections.abc import Callable
from pathlib import Path

from .clock import NANOSECONDS, Timer, VirtualClock

_real_lock = _thread.allocate_lock
# Reentrant, because a destructor may run, and take a lock, anywhere.
_real_rlock = _thread.RLock
_GRACE = 0.005
_SAMPLE_EVERY = 0.002
_STABLE_SAMPLES = 3
# A thread that sleeps in a loop would let time run for ever while the loop's thread is stuck.
_MOST_TIMERS_WHILE_STUCK = 10_000


class Waiter:
    """One wait of one thread."""

    __slots__ = ("baton", "done", "granted", "is_main", "timer", "when_quiet", "when_woken")

    def __init__(
        self,
        *,
        is_main: bool,
        when_woken: Callable[[], None] | None = None,
        when_quiet: Callable[[], None] | None = None,
    ) -> None:
        self.baton = _real_lock()
        self.baton.acquire()
        self.granted = False
        self.done = False
        self.is_main = is_main
        self.timer: Timer | None = None
        self.when_woken = when_woken
        """Wakes a thread that waits in something else than `Scheduler.wait`."""
        self.when_quiet = when_quiet
        """Called once, if it still waits when every thread does."""


class Turn:
    """Lets one thread run at a time: one that waits gives it, and takes it again when woken."""

    def __init__(self) -> None:
        self._lock = _real_lock()
        self._holder = 0

    def take(self) -> None:
        """Wait, in real time, until it is this thread's turn."""
        self._lock.acquire()
        self._holder = _thread.get_ident()

    def give(self) -> bool:
        """Let others run; False where it was not this thread's turn."""
        if self._holder != _thread.get_ident():
            return False
        self._holder = 0
        self._lock.release()
        return True


class Scheduler:
    """Counts the threads that run, and moves time when only time can help."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.lock = _real_rlock()
        self.main = _thread.get_ident()
        self.running = 0
        self.turn: Turn | None = None
        """Held by the thread that runs, where one alone may run at any time."""
        self._stuck_main: Waiter | None = None
        self._watched: list[Waiter] = []
        self._quiet: _thread.LockType | None = None
        self.on_deadlock: Callable[[], None] = lambda: None

    def adopt_main(self) -> None:
        """Make the calling thread the main one; needed after a fork."""
        self.main = _thread.get_ident()

    def is_main_thread(self) -> bool:
        """Whether the calling thread is the one that serves requests."""
        return _thread.get_ident() == self.main

    # --- waiting ----------------------------------------------------------------------

    def begin(
        self,
        timeout: float | None = None,
        *,
        when_woken: Callable[[], None] | None = None,
        when_quiet: Callable[[], None] | None = None,
    ) -> Waiter:
        """Count the calling thread as waiting; hold `lock`. Then call `wait`, without it."""
        waiter = Waiter(is_main=self.is_main_thread(), when_woken=when_woken, when_quiet=when_quiet)
        if when_quiet is not None:
            self._watched.append(waiter)
        if timeout is not None:
            deadline = self.clock.now + max(0, round(timeout * NANOSECONDS))
            waiter.timer = self.clock.call_at(deadline, lambda: self.wake(waiter, granted=False))
        if waiter.is_main:
            self._stuck_main = waiter
        else:
            self.running -= 1
        self._maybe_quiet()
        return waiter

    def wait(self, waiter: Waiter) -> bool:
        """Wait until woken; return whether that was a grant and not the time-out."""
        turn = self.turn
        gave = turn is not None and turn.give()
        waiter.baton.acquire()
        if turn is not None and gave:
            turn.take()
        return waiter.granted

    def wake(self, waiter: Waiter, *, granted: bool = True) -> None:
        """Let a waiter go on, once; hold `lock`."""
        if waiter.done:
            return
        waiter.done = True
        waiter.granted = granted
        if waiter.timer is not None:
            waiter.timer.cancel()
        if waiter.is_main:
            self._stuck_main = None
        else:
            self.running += 1
        waiter.baton.release()
        if waiter.when_woken is not None:
            waiter.when_woken()

    def sleep(self, seconds: float) -> None:
        """Wait for virtual time to pass."""
        with self.lock:
            waiter = self.begin(seconds)
        self.wait(waiter)

    # --- threads ----------------------------------------------------------------------

    def thread_begins(self) -> None:
        """Count a thread that is about to be started."""
        with self.lock:
            self.running += 1

    def thread_ends(self) -> None:
        """Forget a thread that has nothing left to do."""
        with self.lock:
            self.running -= 1
            self._maybe_quiet()

    # --- being quiet ------------------------------------------------------------------

    def _maybe_quiet(self) -> None:
        if self.running > 0:
            return
        watched, self._watched = self._watched, []
        for waiter in watched:
            if not waiter.done and waiter.when_quiet is not None:
                waiter.when_quiet()
        if self._quiet is not None:
            quiet, self._quiet = self._quiet, None
            quiet.release()
        self._unstick_main()

    def _unstick_main(self) -> None:
        """Move time on while the loop's thread is blocked and nobody else runs."""
        for _ in range(_MOST_TIMERS_WHILE_STUCK):
            if self._stuck_main is None or self.running > 0:
                return
            due = self.clock.next_timer()
            if due is None:
                break
            self.clock.move_to(due)
        if self._stuck_main is not None and self.running <= 0:
            self.on_deadlock()

    def is_quiet(self) -> bool:
        """Whether every other thread waits."""
        with self.lock:
            return self.running <= 0

    def wait_until_quiet(self) -> None:
        """Block the main thread, in real time, until every other thread waits."""
        with self.lock:
            if self.running <= 0:
                return
            baton = _real_lock()
            baton.acquire()
            self._quiet = baton
        if baton.acquire(timeout=_GRACE):
            return
        stable, before = 0, None
        while stable < _STABLE_SAMPLES:
            if baton.acquire(timeout=_SAMPLE_EVERY):
                return
            now = _threads_of_the_kernel()
            asleep = all(state in "SD" for _, state, _ in now)
            stable = stable + 1 if asleep and now == before else 0
            before = now
        with self.lock:
            self._quiet = None


def _threads_of_the_kernel() -> list[tuple[str, str, str]]:
    """Return (id, state, switches) of every thread but this one, as the kernel sees them."""
    own = str(threading.get_native_id())
    threads = []
    for task in sorted(Path("/proc/self/task").iterdir()):
        if task.name == own:
            continue
        try:
            state = (task / "stat").read_text().rpartition(")")[2].split()[0]
            switches = (task / "status").read_text().partition("voluntary_ctxt_switches:")[2]
        except OSError:
            continue
        threads.append((task.name, state, switches))
    return threads
