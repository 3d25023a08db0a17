"""The clock certificate as frozen values; `grader.driver.certify` makes it."""

import msgspec


class Keeps(msgspec.Struct, frozen=True, kw_only=True):
    """A place where the candidate keeps a clock."""

    way: str
    """`default argument`, `class attribute`, `dataclass field`, `closure`, `module alias`,
    `injected clock` or `injected clock object`."""
    where: str
    reads: str
    frozen: bool
    """Read twice, it moved exactly as the virtual clock did in between."""


class Reads(msgspec.Struct, frozen=True, kw_only=True):
    """A clock or a wait that the candidate's own code used while its breaker was at work."""

    reads: str
    where: str
    """The function that did."""
    thread: str
    """`event loop`, `caller's thread`, `thread` or `executor`."""


class Certificate(msgspec.Struct, frozen=True, kw_only=True):
    """What was found out about one candidate's time."""

    frozen: bool
    """Nothing of it was seen to follow real time."""
    reason: str = ""
    """Why what depends on time cannot be judged; empty where it can."""
    keeps: tuple[Keeps, ...] = ()
    reads: tuple[Reads, ...] = ()
