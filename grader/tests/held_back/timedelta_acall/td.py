import functools
import inspect
import random
import threading
from collections import Counter
from datetime import timedelta
from enum import IntEnum, auto
from time import monotonic


class State(IntEnum):
    CLOSED = auto()
    OPEN = auto()
    HALF_OPEN = auto()


class CircuitOpen(RuntimeError):
    """The circuit does not let the call through."""

    def __init__(self, retry_after: timedelta):
        RuntimeError.__init__(self, "circuit open for another %s" % retry_after)
        self.retry_after = retry_after


class Breaker:
    """Breaker with the open period as a timedelta and +-10 % of jitter, on unless switched off."""

    __slots__ = (
        "threshold", "reset_timeout", "factor", "max_reset_timeout", "jitter", "max_probes", "counter",
        "_lock", "_state", "_ticket", "_streak", "_attempt", "_opened_at", "_period", "_probes", "_rng", "__weakref__",
    )

    def __init__(self, threshold=3, reset_timeout=timedelta(seconds=20), *, factor=2, max_reset_timeout=timedelta(minutes=10),
                 jitter=0.1, max_probes=1):
        if isinstance(threshold, bool) or not isinstance(threshold, int):
            raise TypeError("threshold must be an int")
        if threshold < 1:
            raise ValueError("threshold must be positive")
        if not isinstance(reset_timeout, timedelta) or not isinstance(max_reset_timeout, timedelta):
            raise TypeError("time-outs must be timedeltas")
        if reset_timeout < timedelta(0):
            raise ValueError("reset_timeout must not be negative")
        if max_reset_timeout < reset_timeout:
            raise ValueError("max_reset_timeout is below reset_timeout")
        if not 1 <= factor < float("inf"):
            raise ValueError("factor must be at least 1")
        if not 0 <= jitter < 1:
            raise ValueError("jitter must be in [0, 1)")
        if isinstance(max_probes, bool) or not isinstance(max_probes, int) or max_probes < 1:
            raise ValueError("max_probes must be a positive int")
        self.threshold = threshold
        self.reset_timeout = reset_timeout
        self.factor = factor
        self.max_reset_timeout = max_reset_timeout
        self.jitter = jitter
        self.max_probes = max_probes
        self.counter = Counter()
        self._lock = threading.Lock()
        self._state = State.CLOSED
        self._ticket = 0
        self._streak = 0
        self._attempt = 0
        self._opened_at = 0.0
        self._period = 0.0
        self._probes = 0
        self._rng = random.Random()

    @property
    def current_state(self):
        return self._state

    def _trip(self):
        base, cap = self.reset_timeout.total_seconds(), self.max_reset_timeout.total_seconds()
        try:
            nominal = base * float(self.factor) ** self._attempt
        except OverflowError:
            nominal = cap
        nominal = min(nominal, cap)
        self._period = min(nominal * self._rng.uniform(1 - self.jitter, 1 + self.jitter), cap)
        self._opened_at = monotonic()
        self._switch(State.OPEN)

    def _switch(self, state):
        self._state = state
        self._ticket += 1
        self._streak = self._probes = 0
        self.counter["transitions"] += 1
        if state is State.OPEN:
            self.counter["opened"] += 1

    def _enter(self):
        with self._lock:
            self.counter["calls"] += 1
            if self._state is State.OPEN:
                left = self._opened_at + self._period - monotonic()
                if left > 0:
                    self.counter["rejected"] += 1
                    raise CircuitOpen(timedelta(seconds=left))
                self._switch(State.HALF_OPEN)
            if self._state is State.HALF_OPEN:
                if self._probes >= self.max_probes:
                    self.counter["rejected"] += 1
                    raise CircuitOpen(timedelta(0))
                self._probes += 1
            return self._ticket

    def _leave(self, ticket, failed):
        """failed: True, False or None for an ending which says nothing about the service."""
        with self._lock:
            if failed is True:
                self.counter["failures"] += 1
            elif failed is False:
                self.counter["successes"] += 1
            if ticket != self._ticket:
                return
            if self._state is State.HALF_OPEN:
                if failed is None:
                    self._probes -= 1
                elif failed:
                    self._attempt += 1
                    self._trip()
                else:
                    self._attempt = 0
                    self._switch(State.CLOSED)
            elif failed:
                self._streak += 1
                if self._streak >= self.threshold:
                    self._trip()
            elif failed is False:
                self._streak = 0

    def call(self, fn, /, *args, **kwargs):
        ticket = self._enter()
        verdict = None
        try:
            value = fn(*args, **kwargs)
            verdict = False
            return value
        except Exception:
            verdict = True
            raise
        finally:
            self._leave(ticket, verdict)

    async def acall(self, fn, /, *args, **kwargs):
        ticket = self._enter()
        verdict = None
        try:
            value = fn(*args, **kwargs)
            if inspect.isawaitable(value):
                value = await value
            verdict = False
            return value
        except Exception:
            verdict = True
            raise
        finally:
            self._leave(ticket, verdict)

    def protect(self, fn):
        if inspect.iscoroutinefunction(fn):
            @functools.wraps(fn)
            async def guarded(*args, **kwargs):
                return await self.acall(fn, *args, **kwargs)
            return guarded

        @functools.wraps(fn)
        def guarded_sync(*args, **kwargs):
            return self.call(fn, *args, **kwargs)
        return guarded_sync
