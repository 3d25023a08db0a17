"""One worker process, seen from the trusted side: requests, replies and up-calls."""

import json
import secrets
import socket
import time
from collections.abc import Callable
from typing import Any

from grader.conversation.failures import Died, Hung, Misspoke
from grader.conversation.messages import (
    MOST_BYTES,
    Fatal,
    Reply,
    UpCall,
    check_value,
    decode,
)
from grader.conversation.pressure import share_of_waiting

_MOST_UP_CALLS = 2_000
_LEAST_WAITING, _MOST_WAITING = 0.2, 0.8
_WORTH_LOOKING = 0.1
# `json.dumps` with separators of its own makes an encoder for every message.
_encode = json.JSONEncoder(separators=(",", ":")).encode

Order = dict[str, Any]
Answer = Callable[[UpCall], Order | None]


class Worker:
    """A conversation with one worker; every request has a deadline in real time."""

    def __init__(self, sock: socket.socket, patience: "Patience") -> None:
        self._socket = sock
        self._patience = patience
        self._buffer = b""
        self._lines: list[bytes] = []
        self._deadline = 0.0
        self._stretched = False
        self.answer: Answer = lambda _up: None
        """Decides what a protected function does; None leaves it parked."""
        self.gone = False
        self.calls = 0
        """How many calls were given a number, which the worker knows them by for all its life."""

    def request(self, op: str, **arguments: Any) -> Reply:
        """Ask, answer the up-calls that come, and return the reply.

        Raises Hung, Died or Misspoke; the worker is of no use after any of them.
        """
        if self.gone:
            raise Died("the worker is gone")
        began = time.monotonic()
        try:
            return self._converse(op, arguments)
        except (Hung, Died, Misspoke):
            self.close()
            raise
        finally:
            self._patience.took(time.monotonic() - began)

    def close(self) -> None:
        """Hang up."""
        self.gone = True
        self._socket.close()

    def _converse(self, op: str, arguments: dict[str, Any]) -> Reply:
        if self._lines or self._buffer:
            raise Misspoke("sent bytes that nobody asked for")
        request_id = secrets.token_hex(8)
        self._deadline = time.monotonic() + self._patience.seconds
        self._stretched = False
        self._send({"id": request_id, "op": op, **arguments})
        for _ in range(_MOST_UP_CALLS):
            message = self._receive()
            if isinstance(message, Fatal):
                raise Hung(message.fatal)
            if isinstance(message, UpCall):
                self._send({"up": message.up, "order": self.answer(message)})
                continue
            if message.id != request_id:
                raise Misspoke("replied to another request")
            if self._lines or self._buffer:
                raise Misspoke("said more than its reply")
            if message.fault:
                raise Misspoke(message.fault)
            check_value(op, arguments, message)
            return message
        raise Misspoke(f"called up more than {_MOST_UP_CALLS} times in one request")

    def _send(self, message: dict[str, Any]) -> None:
        self._socket.settimeout(max(0.001, self._deadline - time.monotonic()))
        try:
            self._socket.sendall(_encode(message).encode() + b"\n")
        except TimeoutError:
            raise self._hung() from None
        except OSError:
            raise Died("the worker process ended") from None

    def _receive(self) -> Reply | UpCall | Fatal:
        while not self._lines:
            remaining = self._deadline - time.monotonic()
            if remaining <= 0:
                self._stretch()
                continue
            self._socket.settimeout(remaining)
            try:
                data = self._socket.recv(MOST_BYTES)
            except TimeoutError:
                continue
            except OSError:
                data = b""
            if not data:
                raise Died("the worker process ended")
            *lines, self._buffer = (self._buffer + data).split(b"\n")
            self._lines.extend(lines)
            if len(self._buffer) > MOST_BYTES:
                raise Misspoke("sent a message that is too long")
        return decode(self._lines.pop(0))

    def _stretch(self) -> None:
        """Give a request the time once more that the machine kept everything waiting.

        Raises Hung where it has had that already, or the machine is not to blame.
        """
        more = 0.0 if self._stretched else self._patience.kept_waiting()
        if more <= 0:
            raise self._hung()
        self._stretched = True
        self._deadline = time.monotonic() + more

    def _hung(self) -> Hung:
        self._patience.lose()
        # Without the seconds: they depend on what hung before it.
        return Hung("no reply before the deadline")


class Patience:
    """How long one request of a candidate may take in real seconds, and all its hangs together.

    The first time-out is generous, because a machine may be loaded; a candidate that hangs
    everywhere gets less and less, and in the end nothing. One that is merely slow everywhere has a
    limit as well: the reference takes some five seconds in all.
    """

    def __init__(
        self,
        seconds: float = 4.0,
        *,
        together: float = 6.0,
        altogether: float = 120.0,
        waiting: Callable[[], float] = share_of_waiting,
    ) -> None:
        self.seconds = seconds
        self.left = together
        self.altogether = altogether
        self._waiting = waiting

    @property
    def spent(self) -> bool:
        """Whether the candidate has hung for as long as it may."""
        return self.left <= 0

    @property
    def exhausted(self) -> bool:
        """Whether all requests together have taken as long as they may."""
        return self.altogether <= 0

    def took(self, seconds: float) -> None:
        """Note what a request took, less what it waited for a processor."""
        share = min(self._waiting(), _MOST_WAITING) if seconds > _WORTH_LOOKING else 0.0
        self.altogether -= seconds * (1 - share)

    def kept_waiting(self) -> float:
        """Return the seconds that a request lacks for what others took of the machine.

        Where work waits for a processor four fifths of the time, it gets a fifth of it: what takes
        four seconds takes twenty. More than that is never given, nor anything for a slight load.
        """
        share = min(self._waiting(), _MOST_WAITING)
        return self.seconds * share / (1 - share) if share >= _LEAST_WAITING else 0.0

    def lose(self) -> None:
        """Note a request that was not answered in time."""
        self.left -= self.seconds
        self.seconds = max(0.4, self.seconds / 4)
