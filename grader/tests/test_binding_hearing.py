"""Listeners of every make are found by hearing of a trip, and their events are understood."""

import pytest

from grader.bench import Bench
from grader.binding.hearing import change_of, with_ear
from grader.binding.model import Hearing
from grader.sandbox import choose
from grader.tests.driver_helpers import candidate_of

BREAKER = """
import asyncio, enum, time
from collections import namedtuple
from dataclasses import dataclass

class State(enum.Enum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"

class Rejected(Exception):
    pass

Change = namedtuple("Change", "at previous current")

class CircuitBreakerListener:
    def state_change(self, breaker, old, new):
        raise NotImplementedError

class Base:
    def __init__(self, fail_max=3, reset_timeout=10.0):
        self.fail_max, self.reset_timeout = fail_max, reset_timeout
        self.state, self.failures, self.since = State.CLOSED, 0, 0.0
        self.on_change, self._told = None, []

    def to(self, new):
        old, self.state = self.state, new
        self.tell(old, new)

    async def call(self, function, *args, **kwargs):
        if self.state is State.OPEN:
            if time.monotonic() - self.since < self.reset_timeout:
                raise Rejected
            self.to(State.HALF_OPEN)
        try:
            result = await function(*args, **kwargs)
        except Exception:
            self.failures += 1
            if self.failures >= self.fail_max:
                self.since = time.monotonic()
                self.to(State.OPEN)
            raise
        self.failures = 0
        if self.state is not State.CLOSED:
            self.to(State.CLOSED)
        return result

class CircuitBreaker(Base):
{body}
"""
SUBSCRIBE = """
    def subscribe(self, handler):
        self._told.append(handler)
    def tell(self, old, new):
        for handler in self._told:
            handler(Change(time.monotonic(), old, new))
"""
ATTRIBUTE = """
    def tell(self, old, new):
        if self.on_change:
            self.on_change(name="b", old_state=old, new_state=new)
"""
EACH_STATE = """
    def __init__(self, fail_max=3, reset_timeout=10.0, on_open=None, on_close=None):
        super().__init__(fail_max, reset_timeout)
        self.on_open = on_open
    def tell(self, old, new):
        if new is State.OPEN and self.on_open:
            self.on_open()
"""
AWAITED = """
    def __init__(self, fail_max=3, reset_timeout=10.0, on_transition=None):
        super().__init__(fail_max, reset_timeout)
        self.on_transition = on_transition
    def tell(self, old, new):
        if self.on_transition:
            self.task = asyncio.ensure_future(self.on_transition(old.value, new.value))
"""
OWN_CLASS = """
    def add_listener(self, listener):
        if not isinstance(listener, CircuitBreakerListener):
            raise TypeError
        self._told.append(listener)
    def tell(self, old, new):
        for entry in self._told:
            entry.state_change(self, old, new)
"""
BY_WORD = """
    def on(self, event: str, handler):
        if event not in {"opened", "closed"}:
            raise ValueError(event)
        self._told.append((event, handler))
    def tell(self, old, new):
        for event, handler in self._told:
            if event.startswith(new.value):
                handler()
"""
DECORATES = """
    def on(self, event: State):
        def noted(handler):
            self._told.append((event, handler))
            return handler
        return noted
    def tell(self, old, new):
        for event, handler in self._told:
            if event is new:
                handler(old.value, new.value)
"""
NOBODY = """
    def tell(self, old, new):
        pass
"""
LISTENER = "cand_made:CircuitBreakerListener"
WAYS = [
    (SUBSCRIBE, Hearing(via="method", name="subscribe", shape="function")),
    (ATTRIBUTE, Hearing(via="attribute", name="on_change", shape="function")),
    (EACH_STATE, Hearing(via="parameter", name="on_open", shape="function")),
    (AWAITED, Hearing(via="parameter", name="on_transition", shape="coroutine")),
    (OWN_CLASS, Hearing(via="method", name="add_listener", shape="object", base=LISTENER)),
    (BY_WORD, Hearing(via="method", name="on", shape="function", event="opened")),
    (
        DECORATES,
        Hearing(
            via="method",
            name="on",
            shape="function",
            event="cand_made:State.OPEN",
            decorates=True,
        ),
    ),
    (NOBODY, None),
]


@pytest.mark.parametrize(
    ("body", "hearing"),
    WAYS,
    ids=[
        "event object",
        "keywords",
        "hook of a state",
        "awaited",
        "own class",
        "a word",
        "decorated handler",
        "nobody",
    ],
)
def test_a_way_to_listen_is_found(body: str, hearing: Hearing | None) -> None:
    source = BREAKER.replace("{body}", body)
    with Bench(candidate_of(source, kind="library", provenance="made"), choose()) as bench:
        assert bench.binding.hearing == hearing
        assert bench.binding.trips_at == 3


@pytest.mark.parametrize(
    ("what", "change"),
    [
        ("\x1fclosed\x1fopen", ("closed", "open")),
        ("\x1fmy service\x1fState.OPEN\x1fHALF_OPEN", ("open", "half_open")),
        ("state_change\x1fCircuitHalfOpenState\x1fCircuitClosedState", ("half_open", "closed")),
        ("on_half_open", ("", "half_open")),
        ("\x1f0\x1f1", ("closed", "open")),
        ("before_call\x1fopen", None),
        ("\x1fServiceFailure", None),
    ],
)
def test_events_are_understood(what: str, change: tuple[str, str] | None) -> None:
    hearing = Hearing(via="parameter", name="listener", shape="object")
    assert change_of(what, hearing, {"0": "closed", "1": "open"}) == change


def test_a_listener_is_given_to_what_keeps_many_circuits() -> None:
    hearing = Hearing(via="parameter", name="settings.on_change", shape="function")
    settings = {"$call": "made:Settings", "kwargs": {"limit": 1}}
    kept = {"$call": "made:Breakers", "kwargs": {"settings": settings}}
    heard = with_ear({"$keyed": kept, "names": ["key"]}, hearing)
    assert heard["names"] == ["key"]
    assert heard["$keyed"]["kwargs"]["settings"]["kwargs"] == {
        "limit": 1,
        "on_change": {"$ear": hearing.ear()},
    }
