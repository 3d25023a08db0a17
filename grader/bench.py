"""Plays scenarios with one candidate, each once, each in a worker of its own."""

from collections.abc import Iterable
from types import TracebackType
from typing import Any, Self

import msgspec

from grader.binding.model import Binding
from grader.binding.override import override
from grader.binding.reading import unread_parameters
from grader.candidate import Candidate
from grader.conversation.failures import (
    Blocked,
    CandidateFailure,
    Interrupted,
    NotOffered,
    Unknown,
)
from grader.conversation.session import Session
from grader.conversation.worker import Worker
from grader.driver.lab import Lab, Refused
from grader.driver.learn import learn
from grader.sandbox import Tier
from grader.specification import Scenario

_KINDS: dict[str, type[Interrupted]] = {
    "error": CandidateFailure,
    "not offered": NotOffered,
    "unknown": Unknown,
}


def no_call(binding: Binding) -> Interrupted:
    """Return why nothing can be seen where no call runs its function."""
    text = f"{binding.surfaces[0]} does not run the function it is given"
    return (
        Blocked("de-breaker", text) if binding.sure else Unknown(f"the binding is unsure: {text}")
    )


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """Why a scenario ended early."""

    kind: str
    """`error`, `blocked`, `not offered` or `unknown`."""
    text: str
    because: str = ""

    def exception(self) -> Interrupted:
        """Return it as what a test raises."""
        if self.kind == "blocked":
            return Blocked(self.because, self.text)
        return _KINDS[self.kind](self.text)


class Played(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a scenario."""

    scenario: str
    value: Any = None
    ending: Ending | None = None
    """Why there is no value."""
    cut_off_ran: bool = False
    """A function that is cut off in the answer ran while it was played."""


class Bench:
    """One candidate, its binding and the scenarios that were played with it."""

    def __init__(self, candidate: Candidate, tier: Tier, *, seed: int = 0) -> None:
        self.candidate = candidate
        self.seed = seed
        self._session = Session(candidate, tier, seed=seed)
        self.played: dict[str, Played] = {}
        """What came of the scenarios so far, by name."""
        self._binding: Binding | Ending | None = None

    @property
    def modules(self) -> list[str]:
        """The implementation's modules, the main one first."""
        main = self.candidate.main
        files = [f.path for f in self.candidate.files if f.role == "implementation"]
        names = [_module(path) for path in files if not path.endswith("__main__.py")]
        return [main, *(n for n in names if n != main)] if main is not None else []

    @property
    def absent(self) -> tuple[str, ...]:
        """Third-party modules that the candidate imports and this machine does not have."""
        return self._session.absent

    def preload(self, modules: Iterable[str]) -> tuple[str, ...]:
        """Import packages for all workers to come; return those that this machine lacks."""
        return self._session.preload(modules)

    def worker(self) -> Any:
        """Fork a worker; a context manager."""
        return self._session.worker()

    # --- the binding ------------------------------------------------------------------

    @property
    def binding(self) -> Binding:
        """How the breaker is used; raises an Interrupted where there is no telling."""
        if self._binding is None:
            self._binding = self._learn()
        if isinstance(self._binding, Ending):
            raise self._binding.exception()
        return self._binding

    def _learn(self) -> Binding | Ending:
        if not self.modules:
            return Ending(kind="blocked", because="de-code", text="there is no Python code")
        try:
            with self._session.worker() as worker:
                found = learn(worker, self.modules, unread_parameters(self.candidate), self.seed)
                return override(found, self.candidate.binding)
        except Interrupted as interrupted:
            ending = _ending(interrupted)
            if ending.because == "de-imports" and self.absent:
                missing = ", ".join(self.absent)
                return Ending(kind="unknown", text=f"package absent: {missing}")
            return ending

    @property
    def calls_are_cut_off(self) -> bool:
        """Whether calls run into a function that is cut off in the answer."""
        return isinstance(self._binding, Binding) and self._binding.cut_off

    # --- scenarios --------------------------------------------------------------------

    def play(self, scenario: Scenario) -> Played:
        """Return what came of a scenario, playing it at first use."""
        if scenario.name not in self.played:
            play = self._play_static if scenario.static else self._play_in_worker
            self.played[scenario.name] = play(scenario)
        return self.played[scenario.name]

    def _play_static(self, scenario: Scenario) -> Played:
        try:
            return Played(scenario=scenario.name, value=scenario.play(self))
        except Interrupted as interrupted:
            return Played(scenario=scenario.name, ending=_ending(interrupted))

    def _play_in_worker(self, scenario: Scenario) -> Played:
        lab: Lab | None = None
        try:
            binding = self.binding
            if not binding.surfaces:
                raise Blocked("de-breaker", "there is no way to make a call")
            if not (binding.works or binding.cut_off):
                raise no_call(binding)
            with self._session.worker() as worker:
                self._load(worker)
                lab = Lab(worker, binding, seed=self.seed)
                value = scenario.play(lab)
        except Interrupted as interrupted:
            ran = lab is not None and lab.cut_off_ran
            return Played(scenario=scenario.name, ending=_ending(interrupted), cut_off_ran=ran)
        except Refused as refused:
            text = f"the constructor refused what this needs: {refused}"
            return Played(scenario=scenario.name, ending=Ending(kind="unknown", text=text))
        return Played(scenario=scenario.name, value=value, cut_off_ran=lab.cut_off_ran)

    def _load(self, worker: Worker) -> None:
        for module in self.modules:
            worker.request("load", modules=[module])

    # --- ending -----------------------------------------------------------------------

    def close(self) -> None:
        """End the sandbox."""
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _module(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _ending(interrupted: Interrupted) -> Ending:
    if isinstance(interrupted, Blocked):
        return Ending(kind="blocked", because=interrupted.because, text=str(interrupted))
    for kind, exception in _KINDS.items():
        if isinstance(interrupted, exception):
            return Ending(kind=kind, text=f"{_prefix(interrupted)}{interrupted}")
    return Ending(kind="unknown", text=str(interrupted))


def _prefix(interrupted: Interrupted) -> str:
    """Return how a candidate failed, unless the text says so already."""
    kind = type(interrupted)
    special = isinstance(interrupted, CandidateFailure) and kind is not CandidateFailure
    return f"{kind.__name__.lower()}: " if special else ""
