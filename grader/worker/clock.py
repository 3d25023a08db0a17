"""Virtual time: a clock that stands still until it is moved, and its timers.

Time is kept in whole nanoseconds, so that a sum of many small steps is exact.
"""

import heapq
import itertools
from collections.abc import Callable

NANOSECONDS = 1_000_000_000
# An uptime of three days: a clock that starts at zero would hide `if self.opened_at:`.
STARTS_AT = 3 * 86_400 * NANOSECONDS


class Timer:
    """Something that happens at one instant, unless it is cancelled first."""

    __slots__ = ("action", "when")

    def __init__(self, when: int, action: Callable[[], None]) -> None:
        self.when = when
        self.action: Callable[[], None] | None = action

    def cancel(self) -> None:
        """Let it never fire; cancelling twice is fine."""
        self.action = None


class VirtualClock:
    """The time of a worker, in nanoseconds since a made-up boot."""

    def __init__(self) -> None:
        self.now = STARTS_AT
        self.wall_offset = 0
        self._timers: list[tuple[int, int, Timer]] = []
        self._order = itertools.count()
        self._moved: list[Callable[[], None]] = []

    def on_move(self, callback: Callable[[], None]) -> None:
        """Call `callback` after every move, so that other clocks can follow."""
        self._moved.append(callback)

    def seconds(self) -> float:
        """Return the monotonic time in seconds."""
        return self.now / NANOSECONDS

    def elapsed(self) -> float:
        """Return the seconds since the worker started."""
        return (self.now - STARTS_AT) / NANOSECONDS

    def call_at(self, when: int, action: Callable[[], None]) -> Timer:
        """Run `action` when the clock reaches `when` nanoseconds."""
        timer = Timer(when, action)
        heapq.heappush(self._timers, (when, next(self._order), timer))
        return timer

    def next_timer(self) -> int | None:
        """Return when the next timer is due, or None where there is none."""
        while self._timers and self._timers[0][2].action is None:
            heapq.heappop(self._timers)
        return self._timers[0][0] if self._timers else None

    def move_to(self, when: int) -> None:
        """Set the clock, never backwards, and fire what is due, earliest first."""
        self.now = max(self.now, when)
        for callback in self._moved:
            callback()
        while (due := self.next_timer()) is not None and due <= self.now:
            timer = heapq.heappop(self._timers)[2]
            action, timer.action = timer.action, None
            if action is not None:
                action()
