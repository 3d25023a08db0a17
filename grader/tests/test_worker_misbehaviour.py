"""What a candidate does to its own worker is seen as what it is, and costs the next worker nothing.

Each method of the probe is one misdeed; it stands where a breaker's `call` would.
"""

from collections.abc import Iterator

import pytest

from grader.conversation.failures import Died, Hung, Misspoke
from grader.conversation.messages import Opaque
from grader.conversation.session import Session
from grader.driver.loading import describe
from grader.tests.driver_helpers import called, lab_of, session_of

SOURCE = '''
import asyncio, gc, os, signal, sys, threading

class EqualText(str):
    def __eq__(self, other):
        return True
    def __hash__(self):
        return 1

class EqualAnything:
    def __eq__(self, other):
        return True

class Unspeakable(Exception):
    """Raises whatever is done to it."""
    def __str__(self):
        raise SystemExit
    def __dir__(self):
        raise KeyboardInterrupt

class Booby(Exception):
    @property
    def retry_after(self):
        raise KeyboardInterrupt

def wire():
    return next(o for o in gc.get_objects() if type(o).__name__ == "Wire")._socket

class Probe:
    def __init__(self):
        self.endless = "x" * 1_000_000

    def plain(self, function):
        return function()

    async def task(self, function):
        return await function()

    async def inner_task(self, function):
        return await asyncio.ensure_future(function())

    def equal_text(self, function):
        function()
        return EqualText("anything")

    def text_of_its_own_class(self, function):
        return EqualText(function())

    def equal_anything(self, function):
        function()
        return EqualAnything()

    def guessed(self, function):
        return "0" * 16

    def long_text(self, function):
        return "x" * 10_000_000

    def unspeakable(self, function):
        raise Unspeakable

    def booby(self, function):
        raise Booby

    def exits(self, function):
        os._exit(0)

    def closes_everything(self, function):
        os.closerange(0, 64)
        return function()

    def kills_itself(self, function):
        os.kill(os.getpid(), signal.SIGKILL)

    def spins(self, function):
        while True:
            pass

    async def spins_in_a_task(self, function):
        while True:
            await asyncio.sleep(0)

    def says_no_message(self, function):
        wire().sendall(b"hello\\n")
        return function()

    def says_no_text(self, function):
        wire().sendall(b'{"id":"\\xff","now":0}\\n')
        return function()

    def says_a_reply(self, function):
        wire().sendall(b'{"id":"0123456789abcdef","now":0}\\n')
        return function()

    def speaks_later(self, function):
        threading.Timer(1, lambda: wire().sendall(b'{"id":"x","now":0}\\n')).start()
        return function()

    def raises_interrupt(self):
        raise KeyboardInterrupt

    def exits_politely(self):
        sys.exit(3)

    def interrupts_itself(self):
        os.kill(os.getpid(), signal.SIGINT)
'''


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with session_of(SOURCE) as opened:
        yield opened


@pytest.mark.parametrize("error", ["KeyboardInterrupt", "SystemExit", "GeneratorExit"])
@pytest.mark.parametrize(
    ("method", "mode"), [("plain", "sync"), ("task", "async"), ("inner_task", "async")]
)
def test_what_ends_a_process_and_is_raised_in_a_protected_call_does_not_end_the_worker(
    session: Session, method: str, mode: str, error: str
) -> None:
    with lab_of(session) as lab:
        probe = lab.breaker()
        call = called(probe, method, mode=mode, planned=error)
        assert call.seen.tell() == f"ran and raised {error}"
        after = called(probe, method, mode=mode)
        assert after.seen.succeeded, f"the next call {after.seen.tell()}"


@pytest.mark.parametrize("method", ["raises_interrupt", "exits_politely", "interrupts_itself"])
def test_what_ends_a_process_and_is_raised_in_a_method_does_not_end_the_worker(
    session: Session, method: str
) -> None:
    with lab_of(session) as lab:
        probe = lab.breaker()
        reply = lab.request("invoke", breaker=probe.handle, name=method)
        assert reply.error is not None, "nothing was raised"
        after = called(probe, "plain", mode="sync")
        assert after.seen.succeeded, f"the next call {after.seen.tell()}"


@pytest.mark.parametrize(
    ("method", "kind"),
    [
        ("equal_text", "EqualText"),
        ("text_of_its_own_class", "EqualText"),
        ("equal_anything", "EqualAnything"),
    ],
)
def test_what_is_equal_to_everything_is_not_the_token(
    session: Session, method: str, kind: str
) -> None:
    with lab_of(session) as lab:
        call = called(lab.breaker(), method, mode="sync")
        assert call.seen.value == Opaque(kind), f"it crossed as {call.seen.value!r}"
        assert not call.seen.own_result, "it counted as the protected function's own result"


def test_a_token_cannot_be_guessed(session: Session) -> None:
    with lab_of(session) as lab:
        call = called(lab.breaker(), "guessed", mode="sync")
        assert call.seen.tell() == "did not run and returned '0000000000000000'"


def test_a_text_crosses_cut_short(session: Session) -> None:
    with lab_of(session) as lab:
        call = called(lab.breaker(), "long_text", mode="sync")
        assert call.seen.value == "x" * 300, f"{len(str(call.seen.value))} characters crossed"


@pytest.mark.parametrize(("method", "name"), [("unspeakable", "Unspeakable"), ("booby", "Booby")])
def test_an_error_that_raises_when_it_is_looked_at_is_told_all_the_same(
    session: Session, method: str, name: str
) -> None:
    with lab_of(session) as lab:
        call = called(lab.breaker(), method, mode="sync")
        assert call.seen.tell() == f"was rejected with {name}"


@pytest.mark.parametrize("method", ["exits", "closes_everything", "kills_itself"])
def test_a_worker_that_ends_has_died(session: Session, method: str) -> None:
    with lab_of(session) as lab:
        probe = lab.breaker()
        with pytest.raises(Died, match="the worker process ended"):
            called(probe, method, mode="sync")
        with pytest.raises(Died, match="the worker is gone"):
            lab.wait(1)
    _the_next_worker_works(session)


@pytest.mark.parametrize(
    ("method", "message"),
    [
        ("says_no_message", "sent something that is no message"),
        ("says_no_text", "sent something that is no message"),
        ("says_a_reply", "replied to another request"),
    ],
)
def test_a_word_of_its_own_in_our_conversation_is_a_breach(
    session: Session, method: str, message: str
) -> None:
    with lab_of(session) as lab:
        probe = lab.breaker()
        with pytest.raises(Misspoke, match=message):
            called(probe, method, mode="sync")
    _the_next_worker_works(session)


def test_a_word_that_comes_later_is_a_breach_too(session: Session) -> None:
    with lab_of(session) as lab:
        called(lab.breaker(), "speaks_later", mode="sync")
        with pytest.raises(Misspoke, match="replied to another request"):
            lab.wait(2)


@pytest.mark.parametrize(("method", "mode"), [("spins", "sync"), ("spins_in_a_task", "async")])
def test_a_worker_that_never_comes_to_rest_hangs(method: str, mode: str) -> None:
    with session_of(SOURCE) as session:
        session._patience.seconds = 0.4
        with lab_of(session) as lab:
            probe = lab.breaker()
            with pytest.raises(Hung, match="no reply before the deadline"):
                called(probe, method, mode=mode)
        session._patience.seconds = 4.0
        _the_next_worker_works(session)


def _the_next_worker_works(session: Session) -> None:
    with lab_of(session) as lab:
        call = called(lab.breaker(), "plain", mode="sync")
        assert call.seen.succeeded, f"in the next worker, a call {call.seen.tell()}"


def test_a_library_of_many_classes_is_described_whole() -> None:
    methods = "\n".join(
        f"    def method_{m}(self, one: 'Callable[..., Awaitable[T]]', two: int = 3): ..."
        for m in range(20)
    )
    classes = [f"class Thing{n}:\n{methods}" for n in range(40)]
    source = "\n".join([*classes, "class CircuitBreaker:", "    def call(self, function): ..."])
    with session_of(source) as session, session.worker() as worker:
        names = [member.name for member in describe(worker, ["cand_made"])]
    assert names == [*(f"Thing{n}" for n in range(40)), "CircuitBreaker"]
