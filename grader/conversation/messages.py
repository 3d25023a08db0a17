"""What the worker may say, as strict types: anything else is a breach of the protocol."""

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

import msgspec

from grader.conversation.failures import Misspoke

MOST_BYTES = 64 * 1024
"""Of one message, the end of the line not counted."""

Kind = TypeVar("Kind")


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
    cause_changed: bool
    depth: int
    """Frames in its traceback (attested)."""
    numbers: dict[str, float]
    """Its public numeric attributes, durations in seconds."""
    instants: dict[str, float] = {}
    """Its public attributes that are dates with a time, in seconds from when it was described."""

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

    def value_as(self, kind: type[Kind]) -> Kind:
        """Return the value as what it has to be; raises Misspoke where it is something else."""
        try:
            return msgspec.convert(self.value, kind)
        except msgspec.ValidationError as error:
            raise Misspoke(f"answered with something else than was asked for: {error}") from None


class Fatal(msgspec.Struct, frozen=True, kw_only=True):
    """The worker's last word."""

    fatal: str


_LONGEST = 1e12
"""Seconds; no scenario waits as long."""
Seconds = Annotated[float, msgspec.Meta(ge=0.0, le=_LONGEST)]
Count = Annotated[int, msgspec.Meta(ge=0)]


class Polled(msgspec.Struct, frozen=True, kw_only=True):
    """What `poll` answers, in virtual seconds."""

    rejected: Count
    low: Seconds | None
    high: Seconds | None

    def __post_init__(self) -> None:
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError("it admitted a call before the last that it rejected")


class Repeated(msgspec.Struct, frozen=True, kw_only=True):
    """What `repeat` answers, beside a count for each `!ErrorName`."""

    ran: Count
    returned: Count
    raised: Count
    kept_out: Count
    patterns: tuple[Annotated[str, msgspec.Meta(pattern="^[REx]+$")], ...]


class Decorated(msgspec.Struct, frozen=True, kw_only=True):
    """What `decorated` answers."""

    ran: int
    coroutine_function: bool
    name: Scalar
    doc: Scalar
    unwraps: bool


class FailedCall(msgspec.Struct, frozen=True, kw_only=True):
    """What `failed_call` answers."""

    ran: bool
    alive: bool


class OfGenerators(msgspec.Struct, frozen=True, kw_only=True):
    """What `generators` answers, in a few words each."""

    plain: str
    asynchronous: str


class Size(msgspec.Struct, frozen=True, kw_only=True):
    """What `size` answers."""

    objects: int
    bytes: int


class LoopRuns(msgspec.Struct, frozen=True, kw_only=True):
    """What `several_loops` answers with."""

    runs: Annotated[tuple["LoopRun", ...], msgspec.Meta(min_length=1)]
    afterwards: str
    """Calls of another breaker, which opened in one that has ended; letters as in `LoopRun`."""


class LoopRun(msgspec.Struct, frozen=True, kw_only=True):
    """One `asyncio.run` of those that are played by `several_loops`.

    Each call is one letter: R it returned, E it raised its own error, x it was kept out, ! else.
    """

    closed: str
    half_open: str
    later: str
    ended: bool
    errors: tuple["LoopError", ...]


class LoopError(msgspec.Struct, frozen=True, kw_only=True):
    """An error in it that is not the protected function's own."""

    type: str
    message: str
    own: bool
    """It was raised by a line of the candidate's own."""


class Unawaited(msgspec.Struct, frozen=True, kw_only=True):
    """What `unawaited` answers; a call that neither ran nor was kept out is a dash."""

    outcomes: str
    unawaited: tuple[str, ...]


class Keepsake(msgspec.Struct, frozen=True, kw_only=True):
    """What `keep` answers."""

    method: bool
    """A method gave it, not an attribute."""
    json: bool
    said: dict[str, Scalar]


VALUES: dict[str, tuple[Any, ...]] = {
    "read": (dict[str, Scalar],),
    "holds": (dict[str, Scalar],),
    "poll": (Polled,),
    "repeat": (Repeated, dict[str, int | tuple[str, ...]]),
    "decorated": (Decorated,),
    "size": (Size,),
    "several_loops": (LoopRuns,),
    "failed_call": (FailedCall,),
    "generators": (OfGenerators,),
    "unawaited": (Unawaited,),
    "keep": (Keepsake,),
    "look_again": (dict[str, Scalar],),
}
"""The types that the values of replies have to have, by request."""


def check_value(op: str, arguments: Mapping[str, Any], reply: Reply) -> None:
    """Raise Misspoke where a reply without an error does not hold what its request asks for."""
    if reply.error is not None:
        return
    for kind in VALUES.get(op, ()):
        reply.value_as(kind)
    if op == "repeat":
        told = reply.value_as(Repeated).patterns
        if any(len(pattern) != len(arguments["orders"]) for pattern in told):
            raise Misspoke("told of more calls than it was to make, or of fewer")


_reply = msgspec.json.Decoder(Reply)
_up_call = msgspec.json.Decoder(UpCall)
_fatal = msgspec.json.Decoder(Fatal)


def decode(line: bytes) -> Reply | UpCall | Fatal:
    """Read one message; raises Misspoke for anything else."""
    if len(line) > MOST_BYTES:
        raise Misspoke("sent a message that is too long")
    try:
        return _decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Misspoke(f"sent something that is no message: {error}") from None


def _decode(line: bytes) -> Reply | UpCall | Fatal:
    if line.startswith(b'{"up":'):
        return _up_call.decode(line)
    if line.startswith(b'{"fatal":'):
        return _fatal.decode(line)
    return _reply.decode(line)
