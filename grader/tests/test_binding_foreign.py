"""Breakers whose names say nothing, or something else: what they do tells that they are ones."""

from textwrap import dedent

import pytest

from grader.bench import Bench
from grader.binding.model import Binding
from grader.candidate import Candidate, SourceFile
from grader.conversation.failures import Blocked
from grader.sandbox import choose

CORE = """
import time

class _Core:
    def __init__(self, after, rest, growth=2.0, longest=500.0):
        self.after, self.rest, self.growth, self.longest = after, rest, growth, longest
        self.strikes, self.pause, self.until, self.probing = 0, rest, None, False

    @property
    def word(self):
        return "closed" if self.until is None else "half_open" if self.probing else "open"

    def enter(self):
        if self.probing or (self.until is not None and time.monotonic() < self.until):
            raise RuntimeError("not now")
        self.probing = self.until is not None

    def leave(self, failed):
        if not failed:
            self.strikes, self.pause, self.until = 0, self.rest, None
        elif self.probing:
            self.pause = min(self.pause * self.growth, self.longest)
            self.until = time.monotonic() + self.pause
        else:
            self.strikes += 1
            if self.strikes >= self.after:
                self.until = time.monotonic() + self.pause
        self.probing = False

    async def run(self, function, *args, **kwargs):
        self.enter()
        try:
            result = await function(*args, **kwargs)
        except Exception:
            self.leave(True)
            raise
        self.leave(False)
        return result

"""

BREAKER = f"""{CORE}
class CircuitBreaker:
    def __init__(self, failure_threshold=5, recovery_timeout=20.0):
        self._core = _Core(failure_threshold, recovery_timeout)

    async def call(self, fn, /, *args, **kwargs):
        return await self._core.run(fn, *args, **kwargs)
"""


def bound(text: str) -> Binding:
    """Return what is found out about a module that holds this."""
    text = dedent(text)
    file = SourceFile(path="made.py", delivered=text, text=text)
    with Bench(Candidate(id="made", name="made", files=(file,), main="made"), choose()) as bench:
        return bench.binding


# --- names that end as those of what stands beside a breaker --------------------------------------

ENDINGS = ("ApiGuard", "CircuitManager", "CircuitBreakerPolicy", "BreakerStrategy", "ServiceClient")


@pytest.mark.parametrize("name", ENDINGS)
def test_no_ending_of_a_name_rules_a_breaker_out(name: str) -> None:
    binding = bound(BREAKER.replace("CircuitBreaker", name))
    assert (binding.constructor.told, binding.trips_at) == (f"made:{name}", 3)
    assert binding.sure, binding.doubts


def test_what_is_called_a_breaker_comes_before_what_is_around_it() -> None:
    around = """
    class CircuitBreakerManager:
        def __init__(self, failure_threshold=5, recovery_timeout=20.0):
            self._breaker = CircuitBreaker(failure_threshold, recovery_timeout)

        async def call(self, fn, /, *args, **kwargs):
            return await self._breaker.call(fn, *args, **kwargs)
    """
    assert bound(BREAKER + around).constructor.told == "made:CircuitBreaker"


NEVER_TRIPS = """
    class {}:
        def __init__(self, {}=5, base_delay=20.0, multiplier=2.0):
            self.delay = base_delay

        async def call(self, fn, /, *args, **kwargs):
            return await fn(*args, **kwargs)
"""


@pytest.mark.parametrize("name", ["ServiceClient", "RetryPolicy"])
def test_what_never_trips_and_does_not_say_that_it_would_is_none(name: str) -> None:
    with pytest.raises(Blocked, match="nothing in the code looks like a circuit breaker"):
        bound(NEVER_TRIPS.format(name, "max_attempts"))


@pytest.mark.parametrize(
    ("name", "number"), [("CircuitGuard", "attempts"), ("ApiGuard", "max_failures")]
)
def test_what_says_that_it_trips_and_never_does_leaves_a_doubt(name: str, number: str) -> None:
    binding = bound(NEVER_TRIPS.format(name, number))
    assert binding.doubts == ("no number of failures led to a rejection",)


@pytest.mark.parametrize("name", ["Limiter", "RequestGuard"])
def test_what_rejects_whatever_comes_of_its_calls_is_none(name: str) -> None:
    limiter = f"""
    class {name}:
        def __init__(self, most=5, window=20.0):
            self.left, self.window = most, window

        async def call(self, fn, /, *args, **kwargs):
            if self.left == 0:
                raise RuntimeError("too many calls")
            self.left -= 1
            return await fn(*args, **kwargs)
    """
    with pytest.raises(Blocked, match="nothing in the code looks like a circuit breaker"):
        bound(limiter)


# --- breakers for plain functions alone -----------------------------------------------------------

# It hands coroutines through and sees none of them fail.
PLAIN = f"""{CORE}
class CircuitBreaker:
    def __init__(self, blow_after=5, recovery_timeout=20.0):
        self._core = _Core(blow_after, recovery_timeout)

    def call(self, fn, /, *args, **kwargs):
        self._core.enter()
        try:
            result = fn(*args, **kwargs)
        except Exception:
            self._core.leave(True)
            raise
        self._core.leave(False)
        return result
"""


def test_a_threshold_that_no_name_tells_is_found_by_the_way_of_calling_that_trips() -> None:
    binding = bound(PLAIN)
    assert binding.parameters["threshold"] == "blow_after"
    assert (str(binding.surfaces[0]), binding.surfaces[0].mode) == ("call", "sync")
    assert binding.trips_at == 3


def test_what_was_tried_by_a_way_of_calling_that_never_trips_is_put_back() -> None:
    by_rate = PLAIN.replace("blow_after=5", "failure_rate=0.5, minimum_calls=5")
    by_rate = by_rate.replace("_Core(blow_after", "_Core(minimum_calls")
    binding = bound(by_rate)
    assert (binding.trips_at, binding.settings) == (3, {})
