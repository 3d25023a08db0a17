import asyncio
import contextlib
import time

from .errors import BreakerOpenError
from .settings import BreakerSettings
from .types import BreakerSnapshot, BreakerState


class CircuitBreaker:
    """Used as ``async with breaker.acquire(): ...``"""

    def __init__(self, name, settings=None):
        self.name = name
        self.settings = settings or BreakerSettings()
        self._lock = asyncio.Lock()  # held for bookkeeping alone, never over a call
        self._state = BreakerState.PASSING
        self._stay = object()
        self._failures = 0
        self._successes = 0
        self._probes = 0
        self._reopened = 0
        self._opened_at = None
        self._until = 0.0
        self._calls = self._ok = self._bad = self._rejected = self._opened = 0

    @property
    def state(self):
        return self._state

    async def snapshot(self):
        async with self._lock:
            return BreakerSnapshot(self._state, self._calls, self._ok, self._bad, self._rejected, self._opened,
                                   self._failures, self._opened_at)

    def _become(self, state):
        self._state = state
        self._stay = object()
        self._failures = self._successes = self._probes = 0
        if state is BreakerState.BROKEN:
            self._opened += 1
            self._opened_at = time.monotonic()
            self._until = self._opened_at + self.settings.backoff.delay(self._reopened)
        elif state is BreakerState.PASSING:
            self._reopened = 0
            self._opened_at = None

    @contextlib.asynccontextmanager
    async def acquire(self):
        async with self._lock:
            self._calls += 1
            now = time.monotonic()
            if self._state is BreakerState.BROKEN and now >= self._until:
                self._become(BreakerState.RECOVERING)
            if self._state is BreakerState.BROKEN or (
                    self._state is BreakerState.RECOVERING and self._probes >= self.settings.max_concurrent_probes):
                self._rejected += 1
                raise BreakerOpenError(self.name, max(0.0, self._until - now))
            stay = self._stay
            if self._state is BreakerState.RECOVERING:
                self._probes += 1
        try:
            yield self
        except Exception:
            self._ended(stay, False)
            raise
        except BaseException:
            self._ended(stay, None)
            raise
        else:
            self._ended(stay, True)

    def _ended(self, stay, ok):
        # No await in here: on one event loop nothing can come between.
        if ok:
            self._ok += 1
        elif ok is False:
            self._bad += 1
        if stay is not self._stay:
            return
        if self._state is BreakerState.RECOVERING:
            self._probes -= 1
            if ok:
                self._successes += 1
                if self._successes >= self.settings.close_threshold:
                    self._become(BreakerState.PASSING)
            elif ok is False:
                self._reopened += 1
                self._become(BreakerState.BROKEN)
        elif ok:
            self._failures = 0
        elif ok is False:
            self._failures += 1
            if self._failures >= self.settings.failure_limit:
                self._become(BreakerState.BROKEN)
