"""Finds settings, and forms of them, that a constructor accepts."""

from typing import Any

import msgspec

from grader.binding.construct import NAME, guesses
from grader.binding.model import Argument
from grader.binding.spares import assigned, place_of
from grader.driver.lab import Refused
from grader.driver.settings import DEFAULTS, LEFT_OUT
from grader.driver.trial import Trial


class Building:
    """Settles, for one proposal, what its breakers are built with."""

    def __init__(self, trial: Trial) -> None:
        self._trial = trial
        self.doubt = ""
        """Why it may be our guess, not the candidate, that nothing is accepted."""
        self.refused = False
        """Whether nothing is accepted at all."""

    def settle(self) -> None:
        """Find settings that the constructor accepts, leaving out what it refuses."""
        refusals = []
        trials: list[dict[str, Any]] = [
            {},
            {"call_timeout": LEFT_OUT, "window_time": LEFT_OUT},
            {"cap": 10_000.0},
            {"cap": 10_000.0, "call_timeout": LEFT_OUT, "window_time": LEFT_OUT},
            {"cap": 600.0, "call_timeout": LEFT_OUT, "window_time": LEFT_OUT},
            {"jitter": LEFT_OUT, "call_timeout": LEFT_OUT, "window_time": LEFT_OUT},
            {"limit": LEFT_OUT, "successes": LEFT_OUT, "call_timeout": LEFT_OUT},
            {"rate": 0.5},
            {"rate": 0.5, "cap": 10_000.0, "call_timeout": LEFT_OUT, "window_time": LEFT_OUT},
            {"counted": LEFT_OUT},
            # Nothing but what it requires.
            dict.fromkeys([*DEFAULTS, "counted"], LEFT_OUT),
        ]
        for trial in trials:
            try:
                constructor = self._trial.binding.constructor
                self._trial.lab.build(constructor, self._trial.lab.settings(**trial))
            except Refused as refused:
                refusals.append(str(refused))
                continue
            self._trial.adopt(settings={**trial, **self._trial.binding.settings})
            self._settle_name()
            return
        if any("timedelta" in refusal for refusal in refusals) and self._retimed():
            self.settle()
            return
        if guesses(self._trial.binding.constructor):
            self.doubt = f"the constructor refused every setting: {refusals[-1]}"
        self.refused = True

    def _settle_name(self) -> None:
        """Give each breaker a name where two that have none cannot stand side by side."""
        before = self._trial.binding.constructor
        if not before.name or self._trial.fresh() is not None:
            return
        named = Argument(name=before.name, fixed=NAME)
        constructor = msgspec.structs.replace(before, arguments=(*before.arguments, named))
        self._trial.adopt(constructor=constructor)
        if self._trial.fresh() is None:
            self._trial.adopt(constructor=before)

    def _retimed(self) -> bool:
        """Have times passed as `timedelta`, which nothing announced; whether any was not before."""
        before = self._trial.binding.constructor
        for concept in ("base", "cap", "window_time", "call_timeout"):
            place = place_of(self._trial.binding.constructor, concept)
            if place is not None:
                retimed = assigned(self._trial.binding.constructor, place, kind="timedelta")
                self._trial.adopt(constructor=retimed)
        return self._trial.binding.constructor != before

    def settle_error_lists(self) -> None:
        """Find in which form error classes are taken, where the form that it seems is refused."""
        for concept in ("counted", "ignored"):
            before = self._trial.binding.constructor
            place = place_of(before, concept)
            for kind in ("", "tuple", "type", "list") if place else ():
                if kind and place:
                    self._trial.adopt(constructor=assigned(before, place, kind=kind))
                try:
                    self._trial.lab.breaker(**{concept: ["ExcludedFailure"]})
                    break
                except Refused:
                    self._trial.adopt(constructor=before)
