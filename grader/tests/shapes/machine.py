"""What the breakers of this folder share, so that each file is an interface and nothing else."""

import functools
import threading
import time
from collections import Counter, deque


class Rejected(Exception):
    """The circuit breaker let nothing through."""

    def __init__(self, retry_after):
        super().__init__(f"rejected, try again in {max(0.0, retry_after):g} s")
        self.retry_after = max(0.0, retry_after)


def positive(**numbers):
    for name, (value, low) in numbers.items():
        if not isinstance(value, (int, float)) or not low <= value < float("inf"):
            raise ValueError(f"{name} must be a number of at least {low}")


def counted(machine):
    """What a machine counts, in the words that most breakers use."""
    c = machine.counts
    return {
        "calls": c["total"],
        "successes": c["ok"],
        "failures": c["failed"],
        "rejected": c["rejected"],
        "transitions": c["changes"],
    }


def one_at_a_time(method):
    @functools.wraps(method)
    def locked(self, *args):
        with self._lock:
            return method(self, *args)

    return locked


class Machine:
    def __init__(self, n=5, t=30.0, m=2.0, c=300.0, most=1, k=1, clock=time.monotonic):
        positive(n=(n, 1), t=(t, 0), m=(m, 1), c=(c, t), most=(most, 1), k=(k, 1))
        self.n, self.t, self.m, self.c, self.most, self.k = n, t, m, c, most, k
        self.clock = clock
        self._lock = threading.Lock()
        self.counts = Counter(total=0, ok=0, failed=0, rejected=0, changes=0)
        self.word = "closed"
        self.round = self.streak = self.good = self.running = 0
        self.period, self.until = t, 0.0

    def _to(self, word):
        self.word = word
        self.counts["changes"] += 1
        self.round += 1
        self.streak = self.good = self.running = 0
        if word == "open":
            self.until = self.clock() + self.period

    @one_at_a_time
    def enter(self):
        if self.word == "open" and self.clock() >= self.until:
            self._to("half_open")
        if self.word == "open" or (self.word == "half_open" and self.running >= self.most):
            self.counts["rejected"] += 1
            raise Rejected(self.until - self.clock())
        self.running += 1
        return self.round

    @one_at_a_time
    def leave(self, ticket, error=None):
        if error is None:
            self.counts["total"] += 1
            self.counts["ok"] += 1
        elif isinstance(error, Exception):
            self.counts["total"] += 1
            self.counts["failed"] += 1
        if ticket != self.round:
            return
        self.running -= 1
        if error is not None and not isinstance(error, Exception):
            return
        if self.word == "half_open":
            self._judge_probe(error is None)
        else:
            self._judge_call(error is None)

    def _judge_probe(self, good):
        if not good:
            self.period = min(self.period * self.m, self.c)
            self._to("open")
            return
        self.good += 1
        if self.good >= self.k:
            self.period = self.t
            self._to("closed")

    def _judge_call(self, good):
        self.streak = 0 if good else self.streak + 1
        if self.streak >= self.n:
            self._to("open")

    async def run(self, function, /, *args, **kwargs):
        ticket = self.enter()
        try:
            result = await function(*args, **kwargs)
        except BaseException as error:
            self.leave(ticket, error)
            raise
        self.leave(ticket)
        return result


class RateMachine(Machine):
    """Opens at a share of failures among the last calls, or among those of the last seconds."""

    def __init__(self, rate, minimum, size=None, seconds=None, **others):
        super().__init__(**others)
        if not 0 < rate <= 1 or minimum < 1 or (size is not None and size < minimum):
            raise ValueError("the window makes no sense")
        self.rate, self.minimum, self.seconds = rate, minimum, seconds
        self.last = deque(maxlen=size or 10_000)

    def _judge_call(self, good):
        now = self.clock()
        self.last.append((now, good))
        while self.seconds is not None and now - self.last[0][0] > self.seconds:
            self.last.popleft()
        kept = [g for _, g in self.last]
        if len(kept) >= self.minimum and kept.count(False) >= self.rate * len(kept):
            self._to("open")

    def _to(self, word):
        super()._to(word)
        self.last.clear()
