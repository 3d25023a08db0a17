"""What became of a usage example: the values that the requirements of its area judge."""

import msgspec

from grader.history import ExampleCall

_OWN_FAULTS = ("NameError", "AttributeError", "TypeError", "UnboundLocalError", "SyntaxError")


class Outage(msgspec.Struct, frozen=True, kw_only=True):
    """Calls while the upstream is out of order in one way, until no request leaves any more."""

    calls: tuple[ExampleCall, ...] = ()
    together: tuple[ExampleCall, ...] = ()
    """Where calls take their time: several in one moment, and one more after their end. The first
    is told all the requests of the several."""
    opened_after: int | None = None
    """Calls that sent a request before the first that sent none; None: none such came."""
    while_open: tuple[ExampleCall, ...] = ()
    """More calls in the same moment."""
    open_for: float | None = None
    """Seconds until a request left again; None: not within what was waited."""
    afterwards: tuple[ExampleCall, ...] = ()
    """Calls from then on, the upstream being well again."""
    interrupted: str = ""
    """Why it could not be played to its end."""
    cut_off_ran: bool = False

    @property
    def slow(self) -> bool:
        """A call takes so long by itself that a period may be over before the next."""
        return any(call.waited > 0 for call in self.calls)

    @property
    def fails_together(self) -> bool:
        """Several calls ended in one moment, each after one request."""
        several = self.together[:-1]
        return (
            bool(several)
            and several[0].requests == len(several)
            and len({call.waited for call in several}) == 1
        )

    @property
    def longest(self) -> float:
        """Virtual seconds that the longest call took."""
        return max((call.waited for call in self.calls), default=0.0)

    @property
    def works_afterwards(self) -> bool:
        """All calls after the open period sent a request and returned."""
        return all(call.requests and call.how == "returned" for call in self.afterwards)


class Program(msgspec.Struct, frozen=True, kw_only=True):
    """The example as a whole, run as a program: how many requests left."""

    requests: dict[str, int] = {}
    """By what the upstream did: a status, `refused` or `silent`."""
    error: str = ""
    """What it raised in the end, the upstream being well."""
    ended: bool = False

    @property
    def by_its_own_fault(self) -> bool:
        """It ended with an error that no surroundings excuse."""
        return self.error.startswith(_OWN_FAULTS)


class Housekeeping(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the example tidies up."""

    closing: str = ""
    """How its object is closed: `async with`, `with` or a method; empty: by nothing it has."""
    clients_made: int = 0
    clients_left_open: int = 0
    shared: bool = False
    """A second call opened no more of them: one serves all calls."""
    open_in_public: bool = False
    """Those left open are public attributes, which their user can close."""
    sent_at_import: tuple[str, ...] = ()
    logging_at_import: tuple[str, ...] = ()


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the usage example."""

    clients: tuple[str, ...] = ()
    """HTTP clients that the answer imports."""
    used: bool = False
    left_out: str = ""
    """Where a client is used in code that cannot be read; in words."""
    absent: tuple[str, ...] = ()
    """Packages it needs that are not on this machine."""
    cut_off: bool = False
    """The answer breaks off somewhere."""
    cut_off_ran: bool = False
    way: str = ""
    """What is called to send one request; empty where nothing could be found."""
    first: ExampleCall | None = None
    """The first call, the upstream being well."""
    tried: tuple[str, ...] = ()
    """What was tried in vain, with what came of it."""
    program: Program | None = None
    """Run as a whole, where it cannot be called."""
    errors: Outage | None = None
    refused: Outage | None = None
    silent: Outage | None = None
    not_found: tuple[ExampleCall, ...] | None = None
    elsewhere: ExampleCall | None = None
    """A call to another host while the first is given up."""
    another_client: bool = False
    """The other host was asked through another object of the same class."""
    housekeeping: Housekeeping | None = None

    @property
    def doubtful(self) -> bool:
        """It may be our doing that no request left."""
        if not self.used:
            return False
        program = self.program
        if program is not None and program.error:
            return not program.by_its_own_fault
        if program is not None and program.ended:
            return False
        return not any("raised NameError" in told for told in self.tried)

    def why_not(self) -> str:
        """Return why no request left, in words."""
        if not self.clients:
            return "no HTTP client is imported anywhere"
        if not self.used and self.left_out:
            return f"{self.clients[0]} is used only in {self.left_out}"
        if not self.used:
            return f"{self.clients[0]} is imported and never used"
        program = self.program
        if program is not None and program.error:
            return f"run as a program, it ends with {program.error}"
        if program is not None and program.ended:
            return "run as a program, it ends without a request having left"
        return self.tried[0] if self.tried else "no function was found that sends a request"
