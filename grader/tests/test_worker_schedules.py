"""Every order with one switch between two threads is played, the same way in every run."""

from collections.abc import Iterator

import pytest

from grader.binding.model import Accessor, Surface
from grader.conversation.session import Session
from grader.driver.exploring import explore
from grader.history import Explored
from grader.tests.driver_helpers import lab_of, session_of

SOURCE = '''
import threading, time

class Counts:
    def __init__(self):
        self.lock, self.other = threading.Lock(), threading.RLock()
        self.n = 0

    def data(self):
        return {"n": self.n}

class Racy(Counts):
    def call(self, function):
        self.n += 1
        return function()

class Locked(Counts):
    def call(self, function):
        with self.lock:
            self.n += 1
        return function()

class LooksOutside(Counts):
    """What is read before the lock is taken is old when it is held."""
    def call(self, function):
        seen = self.n
        with self.lock:
            self.n = seen + 1
        return function()

class LocksTwice(Counts):
    """The second thread waits in the middle, is woken in the middle, and goes on in its turn."""
    def call(self, function):
        with self.lock:
            self.n += 1
        with self.lock:
            self.n += 1
        return function()

class OneInside(Counts):
    inside = False
    def call(self, function):
        with self.lock:
            if self.inside:
                raise RuntimeError
            self.inside = True
        try:
            return function()
        finally:
            self.inside = False

class ManyInside(OneInside):
    def call(self, function):
        if self.inside:
            raise RuntimeError
        with self.lock:
            self.inside = True
        try:
            return function()
        finally:
            self.inside = False

class Sleeps(Counts):
    def call(self, function):
        self.n += 1
        time.sleep(1)
        return function()

class Raises(Counts):
    def __init__(self):
        raise ValueError("no")

class Endless(Counts):
    def call(self, function):
        for number in range(5_000):
            self.latest = number
        return function()
'''


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with session_of(SOURCE) as started:
        yield started


def explored(session: Session, built: str, *outcome: str, stay: bool = False) -> Explored:
    with lab_of(session, built) as lab:
        lab.binding = type(lab.binding)(
            constructor=lab.binding.constructor,
            surfaces=(),
            metrics=Accessor(path=("data",)),
            counts={"n": "n"},
        )
        surface = Surface(style="call", mode="sync", name="call")
        return explore(lab, surface, outcome, planned="return", stay=stay)


def test_a_lost_update_is_found_and_told(session: Session) -> None:
    seen = explored(session, "Racy", "n")
    assert (seen.sequence, seen.differing) == ({"n": 2}, {"n": 1})
    assert seen.switched == "line 14, in call: self.n += 1"
    assert "'line 14, in call: self.n += 1', another makes its whole call" in seen.tell()
    assert seen.doubt == ""


@pytest.mark.parametrize(("built", "total"), [("Locked", 2), ("LocksTwice", 4)])
def test_what_is_locked_ends_as_in_sequence(session: Session, built: str, total: int) -> None:
    seen = explored(session, built, "n")
    assert (seen.sequence, seen.differing, seen.exhausted) == ({"n": total}, {}, True)
    assert seen.schedules > 3
    assert seen.doubt == ""


def test_a_look_outside_the_lock_is_found(session: Session) -> None:
    assert explored(session, "LooksOutside", "n").differing == {"n": 1}


def test_two_threads_inside_at_once_are_found(session: Session) -> None:
    assert explored(session, "OneInside", "inside", stay=True).exhausted
    assert explored(session, "ManyInside", "inside", stay=True).differing == {"inside": 2}


def test_every_run_is_the_same(session: Session) -> None:
    for built in ("LooksOutside", "LocksTwice"):
        assert explored(session, built, "n") == explored(session, built, "n")


@pytest.mark.parametrize(
    ("built", "doubt"),
    [
        ("Sleeps", "line 65, in call: self.n += 1 was waited for without end"),
        ("Raises", "could not be explored: ValueError"),
        ("Endless", "after 300 thread schedules there were more"),
    ],
)
def test_what_cannot_be_explored_is_a_doubt(session: Session, built: str, doubt: str) -> None:
    assert doubt in explored(session, built, "n").doubt
