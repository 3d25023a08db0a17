"""What the worker may say, as strict types: anything else is a breach of the protocol."""

from typing import Any

import msgspec


class Opaque(msgspec.Struct, frozen=True):
    """A value that is no exact builtin scalar, known by its type's name alone."""

    opaque: str


Scalar = str | int | float | bool | None | Opaque


class ErrorSeen(msgspec.Struct, frozen=True, kw_only=True):
    """An exception as the worker describes it."""

    type: str
    bases: tuple[str, ...]
    """Names of its classes, most derived first."""
    dedicated: tuple[str, ...]
    """Those of them that the candidate defines itself."""
    message: str
    same: bool
    """It is the very object that the protected function raised (attested)."""
    caused_by_same: bool
    cause_changed: bool
    depth: int
    """Frames in its traceback (attested)."""
    numbers: dict[str, float]
    """Its public numeric attributes, durations in seconds."""

    def __str__(self) -> str:
        return f"{self.type}({self.message!r})"


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened while a request was served."""

    event: str
    call: int | None = None
    at: float | None = None
    value: Scalar = None
    error: ErrorSeen | None = None
    what: str = ""


class UpCall(msgspec.Struct, frozen=True, kw_only=True):
    """A protected function runs, with these arguments."""

    up: int
    at: float
    args: tuple[Scalar, ...]
    kwargs: dict[str, Scalar]


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a request, sent when the worker has come to rest."""

    id: str
    now: float
    """Virtual seconds since the worker started."""
    events: tuple[Event, ...] = ()
    value: Any = None
    error: ErrorSeen | None = None
    fault: str = ""


class Fatal(msgspec.Struct, frozen=True, kw_only=True):
    """The worker's last word."""

    fatal: str


_reply = msgspec.json.Decoder(Reply)
_up_call = msgspec.json.Decoder(UpCall)
_fatal = msgspec.json.Decoder(Fatal)


def decode(line: bytes) -> Reply | UpCall | Fatal:
    """Read one message; raises `msgspec.MsgspecError` or `RecursionError` for anything else."""
    if line.startswith(b'{"up":'):
        return _up_call.decode(line)
    if line.startswith(b'{"fatal":'):
        return _fatal.decode(line)
    return _reply.decode(line)
