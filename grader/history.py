"""What happened, as frozen values: calls on virtual time. Requirements judge these alone."""

import msgspec

from grader.conversation.messages import ErrorSeen, Opaque, Scalar


class CallSeen(msgspec.Struct, frozen=True, kw_only=True):
    """One call through a breaker, from the moment it was made to what came of it."""

    number: int
    asked_at: float
    """Virtual seconds."""
    entered_at: float | None = None
    """When the protected function first ran; None where it did not."""
    entries: int = 0
    """How often the protected function ran."""
    arguments: tuple[Scalar, ...] = ()
    keywords: dict[str, Scalar] = {}
    ended_at: float | None = None
    how: str = ""
    """`returned`, `raised` or `refused` (a permit that answered no); empty while under way."""
    value: Scalar = None
    """What it returned instead of its own result."""
    own_result: bool = False
    """It returned the token that was made for this call alone, which is another in every run."""
    error: ErrorSeen | None = None
    cancelled_inside: bool = False
    """The protected function saw a cancellation."""
    planned: str = ""
    """What the protected function was told: `return`, or the name of an error."""

    @property
    def admitted(self) -> bool:
        """The protected function ran."""
        return self.entries > 0

    @property
    def ended(self) -> bool:
        """The caller has got an answer."""
        return self.how != ""

    @property
    def running(self) -> bool:
        """The protected function is in the middle of its work."""
        return self.admitted and not self.ended

    @property
    def waiting(self) -> bool:
        """Neither admitted nor answered: it waits inside the breaker."""
        return not self.admitted and not self.ended

    @property
    def rejected(self) -> bool:
        """The caller was turned away without the function having run."""
        return not self.admitted and self.how in {"raised", "refused"}

    @property
    def turned_away(self) -> bool:
        """The function did not run: the caller was rejected, or given an answer of another make."""
        return self.ended and not self.admitted

    @property
    def succeeded(self) -> bool:
        """The function ran and its own result came back."""
        return self.admitted and self.how == "returned" and self.own_result

    @property
    def failed(self) -> bool:
        """The function ran and an error came back."""
        return self.admitted and self.how == "raised"

    def tell(self) -> str:
        """Return the outcome in words."""
        if self.waiting and self.error is not None:
            return f"was never made: decorating the function raised {self.error.type}"
        if self.waiting:
            return "waits inside the breaker"
        if self.running:
            return "is running"
        if self.how == "raised" and self.error is not None:
            ran = "ran and raised" if self.admitted else "was rejected with"
            return f"{ran} {self.error.type}"
        if self.how == "refused":
            return "was refused by the permit"
        if self.succeeded:
            return "ran and returned its result"
        return f"{'ran' if self.admitted else 'did not run'} and returned {show(self.value)}"


def show(value: Scalar) -> str:
    """Return a value as it stands in evidence."""
    return f"a {value.opaque} object" if isinstance(value, Opaque) else repr(value)


def tell_all(calls: tuple[CallSeen, ...] | list[CallSeen]) -> str:
    """Return the outcomes of several calls in words, runs of the same outcome counted once."""
    told: list[tuple[str, int]] = []
    for call in calls:
        words = call.tell()
        if told and told[-1][0] == words:
            told[-1] = (words, told[-1][1] + 1)
        else:
            told.append((words, 1))
    return "; ".join(f"{n} × {words}" if n > 1 else words for words, n in told)


class Metrics(msgspec.Struct, frozen=True, kw_only=True):
    """What the breaker's metrics say at one moment."""

    total: float | None = None
    successes: float | None = None
    failures: float | None = None
    rejections: float | None = None
    transitions: float | None = None
    state: str | None = None
    everything: dict[str, Scalar] = {}
    """All scalars that were found, by dotted path."""
    broken: str = ""
    """The error that reading them raised."""

    def tell(self) -> str:
        """Return the counts in words."""
        counts = {
            "total": self.total,
            "successes": self.successes,
            "failures": self.failures,
            "rejections": self.rejections,
            "transitions": self.transitions,
        }
        return ", ".join(f"{k} {'absent' if n is None else f'{n:g}'}" for k, n in counts.items())


class OpenPeriod(msgspec.Struct, frozen=True, kw_only=True):
    """How long a breaker stayed open, between two polls: `low` still rejected, `high` admitted."""

    low: float
    """Seconds after the breaker opened; the last poll that was rejected."""
    high: float | None
    """Seconds; the first poll that was admitted. None: never within what was waited."""

    @property
    def figure(self) -> float | None:
        """The interval as one number of seconds: of those in it, the one with fewest digits."""
        if self.high is None:
            return None
        for digits in range(1, 6):
            rounded = float(f"{self.high:.{digits - 1}e}")
            step = 10.0 ** (len(str(int(self.high))) - digits)
            for candidate in (rounded, rounded - step):
                if self.low <= candidate <= self.high and candidate:
                    return round(candidate, 9)
        return self.high

    def within(self, low: float, high: float) -> bool:
        """Whether some value of the interval lies between two bounds, in seconds."""
        return self.high is not None and self.low <= high and self.high >= low

    def tell(self) -> str:
        """Return the period in words."""
        if self.figure is None:
            return f"more than {self.low:.4g} s"
        return f"{self.figure:.4g} s"


class Burst(msgspec.Struct, frozen=True, kw_only=True):
    """Several callers at once."""

    limit: int | None
    """The configured half-open limit; None where it cannot be configured."""
    callers: int
    running: int
    """How many were inside the protected function together."""
    rejected: int
    """How many had been turned away while the others still ran."""
    waiting: int
    """How many neither ran nor were answered."""

    def tell(self) -> str:
        """Return the burst in words."""
        return (
            f"of {self.callers} callers {self.running} ran together, {self.rejected} were"
            f" rejected at once and {self.waiting} waited inside the breaker"
        )


class ExampleCall(msgspec.Struct, frozen=True, kw_only=True):
    """One call into the usage example of an answer, and the requests that left meanwhile."""

    at_once: int
    """Requests that left before any time had passed."""
    requests: int
    """All requests: an example may try again by itself."""
    waited: float = 0.0
    """Virtual seconds that passed until it ended, at most."""
    how: str = ""
    """`returned` or `raised`; empty where it never ended, or could not be made."""
    body: str = ""
    """Whose body was seen in what it returned: `served`, `earlier`, or empty for none."""
    error: str = ""

    def tell(self) -> str:
        """Return the outcome in words."""
        sent = f"{self.requests} request{'s' if self.requests != 1 else ''} left"
        if self.how == "raised":
            return f"{sent}, and it raised {self.error}"
        return f"{sent}, and it {self.how or 'never ended'}"


class Explored(msgspec.Struct, frozen=True, kw_only=True):
    """Two calls of two threads, in every order of their steps with one switch between them."""

    sequence: dict[str, Scalar]
    """How it ends when one call follows the other."""
    schedules: int
    exhausted: bool = False
    """No schedule was left out."""
    differing: dict[str, Scalar] = {}
    """How it ended in the first schedule that differs; empty where all end alike."""
    switched: str = ""
    """Before which line the first thread stopped, in that schedule, for the second to go."""
    stuck: str = ""
    """The same, for a schedule that came to no end."""
    unplayed: str = ""
    """Why it could not be played at all."""

    @property
    def doubt(self) -> str:
        """Why nothing follows from it; empty where something does."""
        if self.unplayed:
            return f"thread schedules could not be explored: {self.unplayed}"
        if self.stuck:
            return f"a thread that stopped before {self.stuck} was waited for without end"
        if not (self.differing or self.exhausted):
            return f"after {self.schedules} thread schedules there were more"
        return ""

    def tell(self) -> str:
        """Return the schedule that differs in words."""
        return (
            f"one thread stops before {self.switched!r}, another makes its whole call, the first"
            " goes on"
        )
