"""Finds out what trips a breaker: which errors, how many of them, and by which way of calling."""

from typing import Any

from grader.binding.model import Surface
from grader.driver.breaker import MOST_FAILURES
from grader.driver.lab import Refused
from grader.driver.readings import Readings
from grader.driver.trial import Trial
from grader.driver.unnamed import Unnamed

_ANOTHER_THRESHOLD = 5
# Error classes that are tried when the plain one does not count, as HTTP examples raise them.
_FAILURES = (
    "ServiceFailure",
    "ConnectionError",
    "TimeoutError",
    "httpx:ConnectError",
    "aiohttp:ClientError",
    "requests:ConnectionError",
    "ValueError",
)


class Tripping:
    """Settles, for one proposal, what trips it and by which ways of calling that shows."""

    def __init__(self, trial: Trial, readings: Readings, unnamed: Unnamed) -> None:
        self._trial = trial
        self._readings = readings
        self._unnamed = unnamed

    def settle(self) -> bool:
        """Find the error that counts, the failures that trip, and the state's words.

        Return whether it trips at all.
        """
        if self._trips() or self._another_surface_trips():
            return True
        breaker = self._trial.fresh()
        if breaker is not None:
            self._readings.settle_state(breaker)
        return False

    def _trips(self) -> bool:
        """Whether it trips by the first way of calling; where it does not, nothing has changed."""
        self._unnamed.settle_threshold()
        before = self._trial.binding
        rates: list[dict[str, Any]] = [{}]
        if "rate" in before.parameters:
            rates = [{}, {"rate": 0.99}, {"rate": 0.5}]
        failures = _FAILURES[:1] if "counted" in before.parameters else _FAILURES
        for rate in rates:
            for failure in failures:
                self._trial.adopt(failure=failure, settings={**before.settings, **rate})
                breaker = self._trial.fresh()
                tripped = self._trial.fail_until_rejected(breaker) if breaker is not None else None
                if breaker is not None and tripped is not None:
                    self._trial.adopt(trips_at=tripped)
                    if failure != failures[0]:
                        self._unnamed.settle_threshold()  # now that it is known what counts
                    self._readings.settle_state(breaker)
                    self._settle_threshold(tripped)
                    return True
        self._trial.adopt(failure=before.failure, settings=before.settings)
        return False

    def _settle_threshold(self, tripped: int) -> None:
        """See whether another threshold takes another number of failures, or is ignored."""
        binding = self._trial.binding
        if "threshold" not in binding.parameters and not binding.by_rate:
            return
        try:
            breaker = self._trial.lab.breaker(threshold=_ANOTHER_THRESHOLD)
        except Refused:
            return
        if self._trial.fail_until_rejected(breaker) == tripped:
            self._trial.adopt(ignores_threshold=True)

    def _another_surface_trips(self) -> bool:
        """Try other ways: what is for plain functions runs coroutine functions blindly.

        Of the same mode only one counts that rejects after failures of the first: that one
        counts them, and leaves it to others to look. What does not even count is the defect.
        """
        surfaces = self._trial.binding.surfaces
        ranked = sorted(surfaces[1:], key=lambda s: s.mode != surfaces[0].mode)
        for surface in ranked:
            same = surface.mode == surfaces[0].mode
            if same and (surface.plain or not self._rejects_after(surfaces[0], surface)):
                continue
            self._trial.adopt(surfaces=(surface, *(s for s in surfaces if s is not surface)))
            if self._trips():
                return True
        self._trial.adopt(surfaces=surfaces)
        return False

    def settle_other_mode(self) -> None:
        """Of the ways of the other mode, put one first that looks whether it is open.

        Some only count, and leave it to another way to look; that they do is judged apart.
        """
        first, *others = self._trial.binding.surfaces
        if self._trial.binding.trips_at is None:
            return
        of_mode = [s for s in others if s.mode != first.mode]
        looking = next((s for s in of_mode if self._rejects_once_open(first, s)), None)
        if looking is not None and looking is not of_mode[0]:
            rest = [s for s in others if s is not looking]
            self._trial.adopt(surfaces=(first, looking, *rest))

    def _rejects_once_open(self, tripping: Surface, looking: Surface) -> bool:
        breaker = self._trial.fresh()
        if breaker is None:
            return False
        for _ in range(breaker.threshold):
            breaker.fail(surface=tripping)
        return breaker.succeed(surface=looking).rejected

    def _rejects_after(self, failing: Surface, looking: Surface) -> bool:
        """Whether one way rejects after failures that came another way."""
        breaker = self._trial.fresh()
        if breaker is None:
            return False
        for _ in range(MOST_FAILURES):
            breaker.fail(surface=failing)
        return breaker.succeed(surface=looking).rejected
