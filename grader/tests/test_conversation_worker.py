"""Whatever the other end of the socket does, a request ends in time, by one of three names."""

import contextlib
import json
import socket
import threading
import time
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.conversation.failures import Died, Exhausted, Hung, Misspoke
from grader.conversation.messages import MOST_BYTES, Fatal, Reply, UpCall, decode
from grader.conversation.session import Session
from grader.conversation.worker import Patience
from grader.sandbox import choose
from grader.tests.driver_helpers import Peer, asked, candidate_of, say, talking_to

# --- peers ------------------------------------------------------------------------------------


def answers_as_it_should(peer: socket.socket) -> None:
    """Reply to every request, until we hang up."""
    while True:
        say(peer, id=asked(peer)["id"], now=0)


def replies_with(**fields: Any) -> Peer:
    """Reply once, with these fields in place of the right ones."""

    def reply(peer: socket.socket) -> None:
        say(peer, **{"id": asked(peer)["id"], "now": 0, **fields})

    return reply


def replies_in_bytes(template: bytes) -> Peer:
    """Reply once, with these bytes and the id of the request where they say ID."""

    def reply(peer: socket.socket) -> None:
        peer.sendall(template.replace(b"ID", asked(peer)["id"].encode()) + b"\n")

    return reply


def always_replies_with_another_id(peer: socket.socket) -> None:
    """Reply as if to a request that was never made."""
    asked(peer)
    say(peer, id="0123456789abcdef", now=0)


def says_more_than_its_reply(peer: socket.socket) -> None:
    """Reply, and in the same breath reply to the next request, whatever it may be."""
    request = asked(peer)["id"]
    said = json.dumps({"id": request, "now": 0}).encode() + b"\n"
    peer.sendall(said + b'{"id":"next","now":0}\n')


def begins_another_message(peer: socket.socket) -> None:
    """Reply, and begin a line that never ends."""
    peer.sendall(json.dumps({"id": asked(peer)["id"], "now": 0}).encode() + b'\n{"id":')


def hangs_up_at_once(_peer: socket.socket) -> None:
    """Be gone before the first request."""


def hangs_up_when_asked(peer: socket.socket) -> None:
    """Read a request and be gone."""
    asked(peer)


def hangs_up_in_the_middle_of_a_word(peer: socket.socket) -> None:
    """Be gone before the line ends."""
    peer.sendall(f'{{"id":"{asked(peer)["id"]}"'.encode())


def never_answers(peer: socket.socket) -> None:
    """Read everything and say nothing."""
    while True:
        asked(peer)


def answers_letter_by_letter_for_ever(peer: socket.socket) -> None:
    """Always be about to finish."""
    asked(peer)
    while True:
        peer.sendall(b" ")


def says_one_endless_line(peer: socket.socket) -> None:
    """Fill our memory, if it could."""
    asked(peer)
    while True:
        peer.sendall(b"x" * MOST_BYTES)


def calls_up_for_ever(peer: socket.socket) -> None:
    """Let functions run and run."""
    asked(peer)
    while True:
        say(peer, up=1, at=0, args=[], kwargs={})
        asked(peer)


def calls_up_and_never_listens(peer: socket.socket) -> None:
    """Let our answers pile up until we cannot send any."""
    asked(peer)
    while True:
        peer.sendall(b'{"up":1,"at":0,"args":[],"kwargs":{}}\n' * 100)


def reports_a_deadlock(peer: socket.socket) -> None:
    """Say the last word of a worker that cannot go on."""
    asked(peer)
    say(peer, fatal="deadlock: all wait for all")


# --- tests ------------------------------------------------------------------------------------


def test_a_peer_that_does_as_it_should_is_understood() -> None:
    with talking_to(answers_as_it_should) as worker:
        assert [worker.request("advance", seconds=1).now for _ in range(3)] == [0, 0, 0]


BREACHES: dict[str, tuple[Peer, str]] = {
    "another id": (always_replies_with_another_id, "replied to another request"),
    "no id": (replies_with(id=None), r"no message: Expected `str`, got `null` - at `\$\.id`"),
    "two replies": (says_more_than_its_reply, "said more than its reply"),
    "the beginning of another": (begins_another_message, "said more than its reply"),
    "an endless line": (says_one_endless_line, "sent a message that is too long"),
    "a long line": (
        replies_with(value="x" * (MOST_BYTES + 1)),
        "sent a message that is too long",
    ),
    "its own admission": (replies_with(fault="reply too long"), "reply too long"),
    "no JSON": (replies_in_bytes(b"hello"), "no message"),
    "nothing": (replies_in_bytes(b""), "no message"),
    "no UTF-8": (replies_in_bytes(b'{"id":"ID\xff","now":0}'), "no message.*utf-8"),
    "a list": (replies_in_bytes(b'["ID"]'), "Expected `object`, got `array`"),
    "NaN": (replies_in_bytes(b'{"id":"ID","now":NaN}'), "JSON is malformed"),
    "Infinity": (replies_in_bytes(b'{"id":"ID","now":Infinity}'), "JSON is malformed"),
    "more than any float": (replies_in_bytes(b'{"id":"ID","now":1e999}'), "out of range"),
    "deep JSON": (
        replies_in_bytes(b'{"id":"ID","now":0,"value":' + b"[" * 50_000),
        "no message",
    ),
    "a truth for a time": (replies_with(now=True), "Expected `float`, got `bool`"),
    "a text for a time": (replies_with(now="0"), "Expected `float`, got `str`"),
    "a truth for a call": (
        replies_with(events=[{"event": "returned", "call": True}]),
        r"Expected `int \| null`, got `bool`",
    ),
    "a fraction for a call": (
        replies_in_bytes(b'{"up":1.0,"at":0,"args":[],"kwargs":{}}'),
        "Expected `int`, got `float`",
    ),
    "a list as a result": (
        replies_with(events=[{"event": "returned", "call": 1, "value": [1]}]),
        "got `array`",
    ),
    "half an error": (
        replies_with(error={"type": "ValueError"}),
        "Object missing required field `bases`",
    ),
    "up-calls without end": (calls_up_for_ever, "called up more than 2000 times"),
}


@pytest.mark.parametrize("breach", BREACHES)
def test_a_breach_of_the_protocol_is_named(breach: str) -> None:
    peer, message = BREACHES[breach]
    with talking_to(peer) as worker, pytest.raises(Misspoke, match=message):
        worker.request("advance", seconds=1)


@pytest.mark.parametrize(
    ("op", "value"),
    [
        ("poll", {"rejected": 1, "low": "x", "high": 2}),
        ("poll", None),
        ("repeat", {"ran": 1, "returned": 1, "raised": 0, "kept_out": 0}),
        (
            "repeat",
            {"ran": 1, "returned": 1, "raised": 0, "kept_out": 0, "patterns": [], "!E": "many"},
        ),
        ("poll", {"rejected": 1, "low": 1e308, "high": -1e308}),
        ("poll", {"rejected": 1, "low": 3.0, "high": 2.0}),
        (
            "repeat",
            {"ran": 1, "returned": 1, "raised": 0, "kept_out": 0, "patterns": ["", "Q"]},
        ),
        ("several_loops", {"runs": [], "afterwards": ""}),
        ("failed_call", {}),
        ("generators", {}),
        ("decorated", {"ran": True}),
        ("size", {"objects": "many", "bytes": 1}),
        ("read", {"failures": [1]}),
        ("read", "closed"),
    ],
)
def test_a_value_that_is_not_what_was_asked_for_is_a_breach(op: str, value: Any) -> None:
    """Or a scenario would stumble over it, and the grader would have failed, not the candidate."""
    with (
        talking_to(replies_with(value=value)) as worker,
        pytest.raises(Misspoke, match="answered with something else than was asked for"),
    ):
        worker.request(op, orders=[{"return": 1}])


@pytest.mark.parametrize(
    "peer", [hangs_up_at_once, hangs_up_when_asked, hangs_up_in_the_middle_of_a_word]
)
def test_a_worker_that_hangs_up_has_died(peer: Peer) -> None:
    with talking_to(peer) as worker, pytest.raises(Died, match="the worker process ended"):
        worker.request("advance", seconds=1)


@pytest.mark.parametrize(
    "peer", [never_answers, answers_letter_by_letter_for_ever, calls_up_and_never_listens]
)
def test_a_worker_that_gives_no_reply_in_time_hangs(peer: Peer) -> None:
    started = time.monotonic()
    with (
        talking_to(peer, patience=0.05) as worker,
        pytest.raises((Hung, Misspoke), match=r"no reply before the deadline|too long|2000 times"),
    ):
        worker.request("advance", seconds=1)
    took = time.monotonic() - started
    assert took < 3, f"it took {took:.1f} s to see that nothing comes"


def test_a_deadlock_that_the_worker_reports_is_a_hang_with_its_reason() -> None:
    with (
        talking_to(reports_a_deadlock) as worker,
        pytest.raises(Hung, match="deadlock: all wait for all"),
    ):
        worker.request("advance", seconds=1)


def test_after_a_breach_the_worker_is_gone() -> None:
    with talking_to(always_replies_with_another_id) as worker:
        with pytest.raises(Misspoke):
            worker.request("advance", seconds=1)
        with pytest.raises(Died, match="the worker is gone"):
            worker.request("advance", seconds=1)


def test_up_calls_are_answered_with_what_was_decided_for_each() -> None:
    answers = []

    def runs_two_functions(peer: socket.socket) -> None:
        request = asked(peer)["id"]
        for call in (1, 2):
            say(peer, up=call, at=0.5, args=[call], kwargs={"key": None})
            answers.append(asked(peer))
        say(peer, id=request, now=1)

    with talking_to(runs_two_functions) as worker:
        worker.answer = lambda up: {"return": "token"} if up.up == 1 else None
        assert worker.request("burst").now == 1
    assert answers == [{"up": 1, "order": {"return": "token"}}, {"up": 2, "order": None}]


def test_every_request_has_an_id_that_cannot_be_foretold() -> None:
    seen = set()

    def remembers(peer: socket.socket) -> None:
        while True:
            request = asked(peer)["id"]
            seen.add(request)
            say(peer, id=request, now=0)

    with talking_to(remembers) as worker:
        for _ in range(50):
            worker.request("advance")
    assert len(seen) == 50, "an id came twice"
    assert {len(request) for request in seen} == {16}, "64 bits each"


def test_patience_shrinks_with_every_hang_down_to_a_floor() -> None:
    patience = Patience(4.0)
    seen = []
    for _ in range(6):
        patience.lose()
        seen.append(patience.seconds)
    assert seen == [1.0, 0.4, 0.4, 0.4, 0.4, 0.4]


def test_a_reply_is_waited_for_longer_where_the_machine_keeps_everything_waiting() -> None:
    late = threading.Event()

    def waiting() -> float:
        late.set()  # asked for when the deadline has passed, and not before
        return 0.8

    def replies_late(peer: socket.socket) -> None:
        request = asked(peer)["id"]
        late.wait(5)
        say(peer, id=request, now=7)

    with talking_to(replies_late) as worker:
        worker._patience = Patience(0.5, waiting=waiting)
        assert worker.request("advance").now == 7


def test_no_reply_is_waited_for_twice() -> None:
    asked_for: list[str] = []

    def waiting() -> float:
        asked_for.append("once")
        return 0.5

    def says_nothing(peer: socket.socket) -> None:
        asked(peer)
        peer.recv(1)  # until we hang up

    with talking_to(says_nothing) as worker:
        worker._patience = Patience(0.01, waiting=waiting)
        with pytest.raises(Hung, match="no reply before the deadline"):
            worker.request("advance")
    assert asked_for == ["once"], "the deadline was stretched more than once"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
FIELDS = ("id", "now", "events", "value", "error", "fault", "up", "at", "args", "kwargs", "fatal")


@given(st.binary(max_size=200) | JSON.map(msgspec.json.encode))
def test_any_bytes_are_a_message_or_a_breach(line: bytes) -> None:
    _is_a_message_or_a_breach(line)


@given(st.dictionaries(st.sampled_from(FIELDS), JSON))
def test_any_object_with_our_fields_is_a_message_or_a_breach(message: dict[str, Any]) -> None:
    _is_a_message_or_a_breach(msgspec.json.encode(message))


def _is_a_message_or_a_breach(line: bytes) -> None:
    with contextlib.suppress(Misspoke):
        assert isinstance(decode(line), (Reply, UpCall, Fatal))


# --- all requests together ----------------------------------------------------------------


def test_one_that_is_slow_everywhere_is_exhausted_in_the_end() -> None:
    patience = Patience(altogether=10.0, waiting=lambda: 0.0)
    for _ in range(5):
        assert not patience.exhausted
        patience.took(2.0)
    assert patience.exhausted
    assert not patience.spent, "it never hung"


def test_what_waits_for_a_processor_is_not_held_against_it() -> None:
    patience = Patience(altogether=10.0, waiting=lambda: 0.75)
    patience.took(20.0)
    assert patience.altogether == 5.0


def test_an_exhausted_candidate_gets_no_further_worker() -> None:
    with Session(candidate_of("x = 1\n"), choose()) as session:
        session._patience.took(1_000.0)
        with pytest.raises(Exhausted, match="altogether"), session.worker():
            pass
