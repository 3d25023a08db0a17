"""Plays scenarios with one candidate, each once, each in a worker of its own."""

import contextlib
import threading
from collections.abc import Iterable, Iterator, Sequence
from types import TracebackType
from typing import Any, Self

import msgspec

from grader.ahead import Ahead
from grader.answers import installed
from grader.binding.model import Binding
from grader.binding.outcomes import unless_told
from grader.binding.override import override, settings_of
from grader.binding.reading import Reading
from grader.binding.tasks import is_for_tasks_alone
from grader.candidate import Candidate
from grader.certificate import Certificate
from grader.conversation.failures import Blocked, CandidateFailure, Interrupted, Unknown
from grader.conversation.session import Session
from grader.conversation.worker import Patience, Worker
from grader.driver.certify import certify
from grader.driver.lab import Lab, Refused
from grader.driver.learn import learn
from grader.driver.loading import load
from grader.played import Ending, Played, ending, with_value
from grader.sandbox import Tier
from grader.specification import Scenario


def no_call(binding: Binding) -> Interrupted:
    """Return why nothing can be seen where no call runs its function."""
    text = "there is no way to make a call"
    if binding.surfaces:
        text = f"a call through {binding.surfaces[0]} {binding.first_call}"
    return (
        Blocked("de-breaker", text) if binding.sure else Unknown(f"the binding is unsure: {text}")
    )


class Bench:
    """One candidate, its binding and the scenarios that were played with it."""

    def __init__(
        self,
        candidate: Candidate,
        tier: Tier,
        *,
        seed: int = 0,
        at_once: int = 1,
        patience: Patience | None = None,
    ) -> None:
        """Take at most `at_once` workers at a time; verdicts do not depend on how many.

        `patience` is how long the candidate may take; by default what every candidate gets.
        """
        self.candidate = candidate
        self._at_once = at_once
        self._ahead: Ahead | None = None
        self.seed = seed
        self._reading = Reading.of(candidate)  # here: one thread alone parses
        self._session = Session(candidate, tier, seed=seed, patience=patience)
        self.played: dict[str, Played] = {}
        """What came of the scenarios so far, by name."""
        self._binding: Binding | Ending | None = None
        self._learning = threading.RLock()
        """The binding is found out once, by whichever thread is the first to need it."""
        self.certificate: Certificate | None = None
        """How the candidate tells the time; None while there is no binding that works."""

    @property
    def modules(self) -> list[str]:
        """The implementation's modules, the main one first."""
        main = self.candidate.main
        files = [f.path for f in self.candidate.files if f.role == "implementation"]
        names = [_module(path) for path in files if not path.endswith("__main__.py")]
        if self.candidate.package is not None:
            names += installed.breaker_modules(self.candidate.package)
        return list(dict.fromkeys([main, *names])) if main is not None else []

    @property
    def _within(self) -> str:
        """The module of an installed package that the manifest points at."""
        candidate = self.candidate
        pointed = candidate.package is not None and candidate.main != candidate.package
        return candidate.main or "" if pointed else ""

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
        with self._learning:
            if self._binding is None:
                found = self._learn()
                if isinstance(found, Binding):
                    self._certify(found)
                self._binding = found
        if isinstance(self._binding, Ending):
            raise self._binding.exception()
        return self._binding

    def _learn(self) -> Binding | Ending:
        if not self.modules:
            return Ending(kind="blocked", because="de-code", text="there is no Python code")
        try:
            with self._session.worker() as worker:
                load(worker, self.modules)
                self._session.share_generated(worker)
                written = self.candidate.binding
                found = learn(
                    worker,
                    self._reading,
                    self.seed,
                    within=self._within,
                    settings=settings_of(written),
                )
                alone = is_for_tasks_alone(found, self.candidate)
                found = msgspec.structs.replace(found, for_tasks=alone)
                found = unless_told(found, self.candidate)
                return override(self._doubted(found), written)
        except Interrupted as interrupted:
            found_none = ending(interrupted)
            if found_none.because == "de-imports" and self.absent:
                if not self._reading.defines:
                    nothing = "nothing in the code defines a class or a function"
                    return Ending(kind="blocked", because="de-breaker", text=nothing)
                missing = ", ".join(self.absent)
                return Ending(kind="unknown", text=f"package absent: {missing}")
            if found_none.because == "de-breaker" and self._is_used_elsewhere:
                return Ending(kind="unknown", text=f"the binding is unsure: {found_none.text}")
            return found_none

    def _doubted(self, found: Binding) -> Binding:
        if (found.surfaces and found.works) or not self._is_used_elsewhere:
            return found
        doubts = (*found.doubts, str(no_call(found)))
        return msgspec.structs.replace(found, sure=False, doubts=doubts)

    @property
    def _is_used_elsewhere(self) -> bool:
        """Whether others are known to make calls with it, so that not seeing how is our doubt."""
        return self.candidate.kind == "library" and self.candidate.package is not None

    @property
    def learnt(self) -> Binding | Ending | None:
        """The binding, or why there is none, as far as anything has asked for it."""
        return self._binding

    def _certify(self, binding: Binding) -> None:
        if not (binding.surfaces and binding.works):
            return
        # In a worker of its own: a thread that runs already cannot be watched.
        with contextlib.suppress(CandidateFailure), self._session.worker() as worker:
            self._load(worker)
            self.certificate = certify(Lab(worker, binding, seed=self.seed))

    @property
    def calls_are_cut_off(self) -> bool:
        """Whether calls run into a function that is cut off in the answer."""
        return isinstance(self._binding, Binding) and self._binding.cut_off

    @contextlib.contextmanager
    def lab(self) -> Iterator[Lab]:
        """Fork a worker in which the candidate is loaded and bound.

        Raises an Interrupted where there is no telling how it is used, or no call works.
        """
        binding = self.binding
        if not binding.surfaces or not (binding.works or binding.cut_off):
            raise no_call(binding)
        with self._session.worker() as worker:
            self._load(worker)
            lab = Lab(worker, binding, seed=self.seed)
            lab.real_time = self.certificate.reason if self.certificate is not None else ""
            yield lab

    # --- scenarios --------------------------------------------------------------------

    def prepare(self) -> None:
        """Begin to find out how the breaker is used: all scenarios will ask for it."""
        if self._at_once > 1:
            self._ahead = Ahead(self._play, self._at_once)
            self._ahead.prepare(lambda: self.binding)

    def expect(self, scenarios: Sequence[Scenario]) -> None:
        """Be told which scenarios will be asked for, in this order, and begin with them."""
        if self._at_once > 1 and len(scenarios) > 1:
            self._ahead = self._ahead or Ahead(self._play, self._at_once)
            self._ahead.begin(scenarios)

    def play(self, scenario: Scenario) -> Played:
        """Return what came of a scenario, playing it at first use."""
        if scenario.name not in self.played:
            played = self._ahead.take(scenario) if self._ahead is not None else None
            self.played[scenario.name] = played or self._play(scenario)
        return self.played[scenario.name]

    def _play(self, scenario: Scenario) -> Played:
        return self._play_static(scenario) if scenario.static else self._play_in_worker(scenario)

    def _play_static(self, scenario: Scenario) -> Played:
        try:
            return with_value(scenario, scenario.play(self))
        except Interrupted as interrupted:
            return Played(scenario=scenario.name, ending=ending(interrupted))
        except Refused as refused:
            return _refused(scenario, refused)

    def _play_in_worker(self, scenario: Scenario) -> Played:
        lab: Lab | None = None
        try:
            with self.lab() as lab:
                value = scenario.play(lab)
        except Interrupted as interrupted:
            return Played(
                scenario=scenario.name,
                ending=ending(interrupted),
                cut_off_ran=lab is not None and lab.cut_off_ran,
                timelines=lab.timelines() if lab is not None else (),
            )
        except Refused as refused:
            return _refused(scenario, refused)
        played = with_value(scenario, value, cut_off_ran=lab.cut_off_ran)
        return msgspec.structs.replace(played, timelines=lab.timelines())

    def _load(self, worker: Worker) -> None:
        for module in self.modules:
            worker.request("load", modules=[module])

    # --- ending -----------------------------------------------------------------------

    def close(self) -> None:
        """End the sandbox."""
        self._session.close()  # first, so that what is still played ends at once
        if self._ahead is not None:
            self._ahead.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _refused(scenario: Scenario, refused: Refused) -> Played:
    text = f"the constructor refused what this needs: {refused}"
    return Played(scenario=scenario.name, ending=Ending(kind="unknown", text=text))


def _module(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
