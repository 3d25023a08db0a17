"""Breakers whose names say nothing, or something else: what they do tells that they are ones."""

from textwrap import dedent

import pytest

from grader.bench import Bench
from grader.binding.model import Binding
from grader.candidate import Candidate, SourceFile
from grader.conversation.failures import Blocked, Unknown
from grader.sandbox import choose

CORE = """
import time

class _Core:
    def __init__(self, after, rest, by=2.0, most=500.0):
        self.after, self.rest, self.by, self.most = after, rest, by, most
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
            self.pause = min(self.pause * self.by, self.most)
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


# --- ways of calling that no name tells -----------------------------------------------------------

RULES = """
from dataclasses import dataclass

@dataclass(frozen=True)
class Rules:
    failure_threshold: int = 5
    open_seconds: float = 30.0
"""


def test_settings_by_any_name_and_a_function_that_takes_nothing_are_enough() -> None:
    binding = bound(f"""{CORE}{RULES}
class Tripwire:
    def __init__(self, rules: Rules | None = None):
        rules = rules or Rules()
        self._core = _Core(rules.failure_threshold, rules.open_seconds)

    async def shelter(self, thunk):
        return await self._core.run(thunk)
    """)
    assert (binding.constructor.told, binding.trips_at) == ("made:Tripwire", 3)
    assert binding.parameters["base"] == "rules.open_seconds"
    assert (str(binding.surfaces[0]), binding.surfaces[0].closed) == ("shelter", True)


@pytest.mark.parametrize("name", ["__call__", "wired"])
def test_a_class_that_only_decorates_is_enough(name: str) -> None:
    binding = bound(f"""{CORE}
class TripSwitch:
    def __init__(self, *, after=5, off_for=30.0):
        self._core = _Core(after, off_for)

    def {name}(self, function):
        async def inner(*args, **kwargs):
            return await self._core.run(function, *args, **kwargs)
        return inner
    """)
    assert (binding.constructor.told, binding.trips_at) == ("made:TripSwitch", 3)
    assert binding.parameters == {"threshold": "after", "base": "off_for"}
    assert {surface.style for surface in binding.surfaces} == {"decorate"}


SENTINEL = f"""{CORE}
class Ticket:
    def __init__(self, core):
        self._core = core

    def good(self):
        self._core.leave(False)

    def bad(self, error=None):
        self._core.leave(True)

    def void(self):
        self._core.probing = False

class Sentinel:
    strikes = 5
    exile = 30.0

    def __init__(self, name="sentinel", **settings):
        for key, value in settings.items():
            if key not in ("strikes", "exile"):
                raise TypeError(key)
            setattr(self, key, value)
        self._core = _Core(self.strikes, self.exile)

    def ask(self):
        self._core.enter()
        return Ticket(self._core)
"""


def test_tickets_and_settings_that_a_class_declares_are_found() -> None:
    binding = bound(SENTINEL)
    assert (binding.constructor.told, binding.trips_at) == ("made:Sentinel", 3)
    assert binding.parameters == {"threshold": "strikes", "base": "exile"}
    assert str(binding.surfaces[0]) == "ask / good / bad"


def test_what_has_settings_and_can_be_entered_is_none_where_it_never_trips() -> None:
    with pytest.raises(Blocked, match="nothing in the code looks like a circuit breaker"):
        bound("""
        class Client:
            def __init__(self, retries=5, timeout=30.0):
                self.retries, self.timeout = retries, timeout

            async def __aenter__(self):
                return self

            async def __aexit__(self, *error):
                return False

            async def execute(self, work):
                for attempt in range(self.retries):
                    try:
                        return await work()
                    except Exception:
                        if attempt == self.retries - 1:
                            raise

            def on_retry(self, callback):
                self.callback = callback
        """)


@pytest.mark.parametrize("states", ["types", "an enum"])
def test_what_has_three_states_and_cannot_be_driven_is_no_certain_failure(states: str) -> None:
    text = {
        "types": "class Closed: ...\nclass Open: ...\nclass HalfOpen: ...\n",
        "an enum": "import enum\nclass Watch(enum.Enum):\n    ARMED, CUT, PROBING = range(3)\n",
    }
    sentinel = SENTINEL.replace("def ask(", "def next_of(").replace(
        "    exile =", "    many = 1\n    exile ="
    )
    with pytest.raises(Unknown, match="Sentinel may be the circuit breaker"):
        bound(text[states] + sentinel)


def test_what_was_tried_before_does_not_mix_with_what_is_measured() -> None:
    """The first proposal is the private core, and its calls had the numbers of the later ones."""
    binding = bound(
        BREAKER.replace("by", "growth")
        .replace("most", "longest")
        .replace("CircuitBreaker", "Fuse")
        .replace("failure_threshold", "after")
        .replace("recovery_timeout", "off_for")
    )
    assert (binding.constructor.told, binding.trips_at) == ("made:Fuse", 3)
    assert binding.parameters == {"threshold": "after", "base": "off_for"}


# --- settings that only the code tells ------------------------------------------------------------


@pytest.mark.parametrize("told", ["Optional[Iterable[float]]", "Sequence[float] | None"])
def test_pauses_one_after_the_other_are_given_by_the_class_that_stands_in(told: str) -> None:
    binding = bound(f"""
import time
from typing import Iterable, Optional, Sequence

class Exponential:
    def __init__(self, first: float = 30.0, factor: float = 2.0, ceiling: float = 600.0):
        self.first, self.factor, self.ceiling = first, factor, ceiling

    def __iter__(self):
        pause = self.first
        while True:
            yield pause
            pause = min(pause * self.factor, self.ceiling)

class CircuitBreaker:
    def __init__(self, max_failures: int = 5, pauses: {told} = None):
        if pauses is None:
            pauses = Exponential()
        if iter(pauses) is pauses:
            raise TypeError("pauses come again and again")
        self.pauses, self.most, self.row, self.until = pauses, max_failures, 0, None

    async def call(self, function, *args, **kwargs):
        if self.until is not None and time.monotonic() < self.until:
            raise RuntimeError("not now")
        try:
            result = await function(*args, **kwargs)
        except Exception:
            self.row += 1
            if self.row == self.most:
                self.coming = iter(self.pauses)
            if self.row >= self.most:
                self.until = time.monotonic() + next(self.coming)
            raise
        self.row, self.until = 0, None
        return result
    """)
    assert binding.parameters == {
        "threshold": "max_failures",
        "base": "pauses.first",
        "multiplier": "pauses.factor",
        "cap": "pauses.ceiling",
    }
