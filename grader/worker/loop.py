"""An event loop on virtual time.

The loop that serves never waits for a timer: `Mover.advance` goes from timer to
timer. A loop that a candidate starts itself (a sync facade over `asyncio.run`, or
an example that runs at import) waits as any other thread does: on the scheduler.
"""

import asyncio
import inspect
import math
import selectors
from collections.abc import Callable
from typing import Any

from .clock import NANOSECONDS, VirtualClock
from .scheduler import Scheduler, Waiter
from .surfaces import settle

_MOST_TIMERS = 5_000


class VirtualLoop(asyncio.SelectorEventLoop):
    """Reads the frozen clock; the select of the loop that serves waits for input alone."""

    def __init__(
        self,
        scheduler: Scheduler,
        selector: selectors.BaseSelector | None = None,
        *,
        serves: bool = False,
    ) -> None:
        self._scheduler = scheduler
        self._serves = serves
        self._waiting: Waiter | None = None
        self._own_readers = 0
        super().__init__(selector)
        self._real_select = self._selector.select  # type: ignore[attr-defined]
        self._selector.select = self._select  # type: ignore[attr-defined]

    def time(self) -> float:
        """Return the virtual monotonic time in seconds."""
        return self._scheduler.clock.seconds()

    @property
    def _clock_resolution(self) -> float:
        """The least there is: a timer fires when it is due, however late the hour, and not before.

        What fires early and finds that some time is left sets another timer. As time stands still
        meanwhile, that would go on for ever.
        """
        return math.ulp(self.time())

    @_clock_resolution.setter
    def _clock_resolution(self, _seconds: float) -> None:
        """Leave it: asyncio sets that of the real clock."""

    def _select(self, timeout: float | None = None) -> list[Any]:
        if timeout is not None and timeout <= 0:
            # Callbacks are ready, and the next request can wait for them: where nobody else listens
            # to anything, the kernel need not be asked in every turn.
            return [] if self._hears_nobody_else() else self._real_select(0)
        if self._serves:
            return self._real_select(None)  # type: ignore[no-any-return]
        return self._select_as_a_thread(timeout)

    def _select_as_a_thread(self, timeout: float | None) -> list[Any]:
        with self._scheduler.lock:
            due = self.next_timer()
            if timeout is not None and due is not None:  # to the nanosecond, or it would ask again
                timeout = (due - self._scheduler.clock.now) / NANOSECONDS
            # Looking and beginning to wait are one step: a wake-up between the two would find
            # nobody waiting, and this thread would count as idle with work at hand.
            events: list[Any] = self._real_select(0)
            if events:
                return events
            # It may be woken before this returns, where all the others wait for time to pass.
            self._waiting = self._scheduler.begin(timeout, when_woken=super()._write_to_self)  # type: ignore[misc]
        events = self._real_select(None)
        with self._scheduler.lock:
            self._wake()
        return events

    def _wake(self) -> None:
        waiter, self._waiting = self._waiting, None
        if waiter is not None:
            waiter.when_woken = None
            self._scheduler.wake(waiter)

    def _write_to_self(self) -> None:
        with self._scheduler.lock:
            self._wake()
            super()._write_to_self()  # type: ignore[misc]

    def next_timer(self) -> int | None:
        """Return when the loop's next live timer is due, in nanoseconds, or None."""
        # A loop keeps its timers to itself: there is no public way to ask for the next.
        handles = [h for h in self._scheduled if not h._cancelled]  # type: ignore[attr-defined] # noqa: SLF001
        due = min((handle._when for handle in handles), default=math.inf)  # noqa: SLF001
        return _not_before(due) if math.isfinite(due) else None

    def idle(self) -> bool:
        """Whether no callback waits to be run."""
        return not self._ready  # type: ignore[attr-defined]

    def at_rest(self) -> bool:
        """Whether another turn of the loop that serves would surely find nothing to run.

        True only where no callback is ready, no timer is due, and nobody but the worker itself
        listens to a descriptor, of which a turn alone could tell that something has come.
        """
        # A loop keeps to itself what is ready; its type does not tell.
        if self._ready or not self._hears_nobody_else():  # type: ignore[attr-defined]
            return False
        timers = self._scheduled  # type: ignore[attr-defined]
        return not timers or timers[0]._when >= self.time() + self._clock_resolution  # noqa: SLF001

    def _hears_nobody_else(self) -> bool:
        """Whether only the worker itself listens to descriptors, with the loop that serves."""
        # Nor does it tell of its selector.
        return len(self._selector.get_map()) <= self._own_readers  # type: ignore[attr-defined]

    def count_own_readers(self) -> None:
        """Take the descriptors that are listened to now for the worker's own."""
        self._own_readers = len(self._selector.get_map())  # type: ignore[attr-defined]


def _not_before(when: float) -> int:
    """Return the first nanosecond at which the loop's time is no less than `when`, in seconds."""
    whole, parts = when.as_integer_ratio()
    return -(-whole * NANOSECONDS // parts)


def install(scheduler: Scheduler) -> None:
    """Give every loop that anyone makes the virtual clock, by whatever name they make it."""

    class Loop(VirtualLoop):
        def __init__(self, selector: selectors.BaseSelector | None = None) -> None:
            super().__init__(scheduler, selector)

    replace: Any = setattr
    for name in ("SelectorEventLoop", "EventLoop"):  # the second one is new in Python 3.13
        for module in (asyncio, asyncio.unix_events):
            if hasattr(module, name):
                replace(module, name, Loop)
    replace(asyncio.DefaultEventLoopPolicy, "_loop_factory", Loop)
    asyncio.set_event_loop_policy(asyncio.DefaultEventLoopPolicy())


class Mover:
    """Lets the worker come to rest, and moves its time from timer to timer."""

    def __init__(self, loop: VirtualLoop, scheduler: Scheduler, clock: VirtualClock) -> None:
        self._loop = loop
        self._scheduler = scheduler
        self._clock = clock
        self.unanswered: Callable[[], asyncio.Future[None] | None] = lambda: None

    def elapsed(self) -> float:
        """Return the virtual seconds since the worker started."""
        return self._clock.elapsed()

    async def settle(self) -> None:
        """Return when every task is blocked, every thread waits and no up-call is unanswered."""
        if self._is_settled():
            return
        while True:
            await asyncio.sleep(0)
            if not self._loop.idle():
                continue
            self._scheduler.wait_until_quiet()
            if not self._loop.idle():
                continue
            answer = self.unanswered()
            if answer is None:
                return
            await answer

    async def complete(self, value: Any) -> Any:
        """Return a value, awaited where it can be.

        Raises TimeoutError where it waits for something that nobody is about to do.
        """
        if not inspect.isawaitable(value):
            return value
        task = asyncio.ensure_future(settle(value))
        await self.settle()
        if not task.done():
            task.cancel()
            await self.settle()
            raise TimeoutError("it is awaited for ever")
        return task.result()

    def _is_settled(self) -> bool:
        """Whether that holds already, which costs a small part of a turn of the loop to see."""
        return self._scheduler.is_quiet() and self._loop.at_rest() and self.unanswered() is None

    async def advance(self, seconds: float) -> None:
        """Let `seconds` of virtual time pass, stopping at every timer on the way."""
        await self.settle()
        target = self._clock.now + round(seconds * NANOSECONDS)
        # What is due at the target by the candidate's sums may come a nanosecond after it by ours.
        while (due := self._next()) is not None and due <= target + 1:
            with self._scheduler.lock:
                self._clock.move_to(due)
            await asyncio.sleep(0)
            await self.settle()
        with self._scheduler.lock:
            self._clock.move_to(target)
        await self.settle()

    async def advance_until(self, happened: Callable[[], bool], seconds: float) -> None:
        """Let time pass, but not past the timer that makes something happen."""
        await self.settle()
        target = self._clock.now + round(seconds * NANOSECONDS)
        for _ in range(_MOST_TIMERS):
            due = self._next()
            if happened() or due is None or due > target:
                return
            await self.advance(max(0, due - self._clock.now) / NANOSECONDS)

    def _next(self) -> int | None:
        timers = (self._loop.next_timer(), self._clock.next_timer())
        return min((when for when in timers if when is not None), default=None)
