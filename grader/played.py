"""What came of a scenario: a value, or why there is none."""

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Literal, Protocol, Self

import msgspec

from grader.conversation.failures import (
    Blocked,
    CandidateFailure,
    Died,
    Exhausted,
    Interrupted,
    NotOffered,
    Unknown,
)
from grader.specification import Scenario
from grader.timeline import Timeline

Kind = Literal["error", "blocked", "not offered", "unknown"]

_EXCEPTIONS: dict[Kind, type[Interrupted]] = {
    "error": CandidateFailure,
    "not offered": NotOffered,
    "unknown": Unknown,
}


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """Why a scenario ended early."""

    kind: Kind
    text: str
    because: str = ""
    """The prerequisite of what is blocked; what a candidate died of: `crash`, `hang`, `resource`,
    `protocol`."""

    @property
    def died(self) -> bool:
        """Whether the worker's process ended."""
        return self.kind == "error" and self.because in {Died.of, Exhausted.of}

    def exception(self) -> Interrupted:
        """Return it as what a test raises."""
        if self.kind == "blocked":
            return Blocked(self.because, self.text)
        exception = _EXCEPTIONS[self.kind](self.text)
        if isinstance(exception, CandidateFailure):
            exception.of = self.because
        return exception


def ending(interrupted: Interrupted) -> Ending:
    """Return why a scenario ended, from what it raised."""
    if isinstance(interrupted, Blocked):
        return Ending(kind="blocked", because=interrupted.because, text=str(interrupted))
    for kind, exception in _EXCEPTIONS.items():
        if isinstance(interrupted, exception):
            of = interrupted.of if isinstance(interrupted, CandidateFailure) else ""
            return Ending(kind=kind, because=of, text=f"{_prefix(interrupted)}{interrupted}")
    return Ending(kind="unknown", text=str(interrupted))


def _prefix(interrupted: Interrupted) -> str:
    """Return how a candidate failed, unless the text says so already."""
    kind = type(interrupted)
    special = isinstance(interrupted, CandidateFailure) and kind is not CandidateFailure
    return f"{kind.__name__.lower()}: " if special else ""


class Played(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a scenario."""

    scenario: str
    value: Any = None
    ending: Ending | None = None
    """Why there is no value."""
    cut_off_ran: bool = False
    """A function that is cut off in the answer ran while it was played."""
    timelines: tuple[Timeline, ...] = ()
    """What was done with each breaker, for pictures; no requirement looks at it."""


def plain(value: Any) -> Any:
    """Return a value as what JSON has: dicts, lists, text, numbers."""
    return msgspec.to_builtins(value, str_keys=True)


def typed(data: Any, scenario: Scenario) -> Any:
    """Return plain data as the value that a scenario declares to return.

    Raises `msgspec.ValidationError` where it is something else.
    """
    return msgspec.convert(data, scenario.result, str_keys=True)


def with_value(scenario: Scenario, value: Any, *, cut_off_ran: bool = False) -> Played:
    """Return a value as it will be once it has been stored and read.

    So what is judged now is what is judged later, down to an int that is declared a float.
    """
    try:
        value = typed(plain(value), scenario)
    except (TypeError, ValueError) as error:
        text = f"what was seen in {scenario.name} is not what it declares to return: {error}"
        unkept = Ending(kind="unknown", text=text)
        return Played(scenario=scenario.name, ending=unkept, cut_off_ran=cut_off_ran)
    return Played(scenario=scenario.name, value=value, cut_off_ran=cut_off_ran)


class Player(Protocol):
    """Says what came of a scenario: by playing it (`Bench`), or out of a file (`Archive`)."""

    @property
    def played(self) -> Mapping[str, Played]:
        """What came of the scenarios that were asked for so far, by name."""

    @property
    def calls_are_cut_off(self) -> bool:
        """Whether calls run into a function that is cut off in the answer."""

    def expect(self, scenarios: Sequence[Scenario]) -> None:
        """Be told which scenarios will be asked for, in this order."""

    def play(self, scenario: Scenario) -> Played:
        """Return what came of a scenario."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...
