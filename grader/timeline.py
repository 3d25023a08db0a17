"""What a scenario did with one breaker, call by call on virtual time.

It is for pictures, not for verdicts: requirements judge the value that a scenario returns, and
nothing here. A timeline is kept beside that value, so that whoever reads a failure can see what
led to it.
"""

import msgspec

from grader.history import CallSeen

MOST_CALLS = 48
MOST_BREAKERS = 4


class Mark(msgspec.Struct, frozen=True, omit_defaults=True):
    """One call: when it was made, when its function ran, and what came of it."""

    at: float
    """Virtual seconds since the worker started, as all times here."""
    ran: float | None = None
    """When the protected function first ran; None where it did not."""
    ended: float | None = None
    """When the caller got an answer; None where it was still under way at the end."""
    how: str = ""
    """As `grader.history.CallSeen.how`."""
    planned: str = ""
    """What the function was told: `return`, or the name of an error."""
    polled: bool = False
    """It was made again and again until it was let in; `at` is the first time."""

    @property
    def rejected(self) -> bool:
        """The caller was answered without the function having run."""
        return self.ran is None and self.how != ""

    @property
    def failed(self) -> bool:
        """The function ran and was told to raise."""
        return self.ran is not None and self.planned not in {"", "return"}

    @property
    def broken_off(self) -> bool:
        """The function ran, was not told to raise, and the caller got an error: a cancellation."""
        return self.ran is not None and not self.failed and self.how == "raised"

    @property
    def never_let_in(self) -> bool:
        """It was made again and again, and turned away each time."""
        return self.polled and self.ran is None


class Look(msgspec.Struct, frozen=True):
    """The state that was read at one moment."""

    at: float
    state: str


class Timeline(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One breaker of a scenario."""

    settings: dict[str, float] = {}
    """The numbers it was built with, by concept, as far as the candidate takes them."""
    special: bool = False
    """It was built or handled in a way that the plain rules alone do not tell what follows from."""
    calls: tuple[Mark, ...] = ()
    looks: tuple[Look, ...] = ()
    until: float = 0.0
    """When it was last used."""
    left_out: int = 0
    """How many further calls are not kept."""


def mark(call: CallSeen, *, polled: bool) -> Mark:
    """Return what a timeline keeps of a call; texts of a candidate's own are not in it."""
    return Mark(
        at=_time(call.asked_at),
        ran=None if call.entered_at is None else _time(call.entered_at),
        ended=None if call.ended_at is None else _time(call.ended_at),
        how=call.how,
        planned=call.planned,
        polled=polled,
    )


def _time(seconds: float) -> float:
    return round(seconds, 3)
