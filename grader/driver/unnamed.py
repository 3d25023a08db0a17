"""Finds out by experiment what the parameters set whose names tell nothing.

Each experiment builds breakers that differ in one parameter, and accepts it where what they do
follows the value and nothing else explains that.
"""

from collections.abc import Callable

from grader.binding import vocabulary as v
from grader.binding.model import Argument, Constructor
from grader.binding.spares import Place, assigned, spares
from grader.conversation.failures import CandidateFailure
from grader.driver.breaker import MOST_FAILURES, Breaker
from grader.driver.lab import Refused
from grader.driver.trial import Trial

_NUMBERS = frozenset({"number", "integer"})
_TIMES = frozenset({"number", "integer", "timedelta", "milliseconds", "minutes"})
_LISTS = frozenset({"type", "tuple", "list", "set", "frozenset"})
_MOST_SPARES = 12
_GROWS = 1.2
_NEAR = 0.4
_LONG = 2_000.0


class Unnamed:
    """Settles, for one proposal, which parameters set what no name claims to set."""

    def __init__(self, trial: Trial) -> None:
        self._trial = trial
        self._experiments: dict[str, tuple[frozenset[str], Callable[[], bool]]] = {
            "threshold": (_NUMBERS, self._sets_threshold),
            "base": (_TIMES, self._sets_base),
            "multiplier": (_NUMBERS, self._sets_multiplier),
            "cap": (_TIMES, self._sets_cap),
            "limit": (_NUMBERS, self._sets_limit),
            "successes": (_NUMBERS, self._sets_successes),
            "ignored": (_LISTS, self._sets_ignored),
            "counted": (_LISTS, self._sets_counted),
        }

    def settle_threshold(self) -> None:
        """Find what sets how many failures trip it."""
        if not self._trial.binding.by_rate:
            self._settle("threshold")

    def settle_others(self) -> None:
        """Find what sets the rest, of a breaker that trips."""
        for concept in self._experiments:
            if concept != "threshold":
                self._settle(concept)

    def _settle(self, concept: str) -> None:
        kinds, experiment = self._experiments[concept]
        before = self._trial.binding
        if concept in before.parameters:
            return
        for place, spare in spares(before.constructor, kinds)[:_MOST_SPARES]:
            if v.resembles(spare.name) in (None, concept) and self._shows(
                before.constructor, place, spare, concept, experiment
            ):
                return
        self._trial.adopt(constructor=before.constructor)

    def _shows(
        self,
        constructor: Constructor,
        place: Place,
        spare: Argument,
        concept: str,
        experiment: Callable[[], bool],
    ) -> bool:
        kind = "number" if concept == "multiplier" else spare.kind
        self._trial.adopt(constructor=assigned(constructor, place, concept=concept, kind=kind))
        try:
            return experiment()
        except (Refused, CandidateFailure):
            return False

    # --- the experiments --------------------------------------------------------------

    def _sets_threshold(self) -> bool:
        # Which one it is of so many is judged elsewhere: two more have to take two more.
        two, four = (
            self._trial.fail_until_rejected(self._trial.lab.breaker(threshold=number)) or 0
            for number in (2, 4)
        )
        return two >= 1 and four == two + 2

    def _sets_base(self) -> bool:
        short, long = (self._periods(base=seconds) for seconds in (7.0, 23.0))
        as_asked = _NEAR < short[0] / 7.0 < 1 / _NEAR and _follows(long[0], 23.0 / 7.0 * short[0])
        # What caps the period sets the first one as well, but then the next is no longer.
        return as_asked and short[1] > _GROWS * short[0]

    def _sets_multiplier(self) -> bool:
        found = {factor: self._periods(multiplier=factor) for factor in (2.5, 4.0)}
        return all(_follows(second, factor * first) for factor, (first, second) in found.items())

    def _sets_cap(self) -> bool:
        return all(_follows(self._periods(cap=seconds)[1], seconds) for seconds in (12.0, 15.0))

    def _sets_limit(self) -> bool:
        return all(self._probes(limit=number, successes=number) == number for number in (2, 3))

    def _sets_successes(self) -> bool:
        """Whether one success fewer leaves it half-open, where a failure opens it at once."""
        return all(
            self._opens_after(number - 1, successes=number) is True
            and self._opens_after(number, successes=number) is False
            for number in (2, 3)
        )

    def _opens_after(self, good: int, **settings: object) -> bool | None:
        """Whether a failure after so many good probes opens it; None where it goes otherwise."""
        breaker = self._tripped(**settings)
        breaker.wait(_LONG)
        probes = [breaker.succeed() for _ in range(good)]
        if not all(probe.succeeded for probe in probes) or not breaker.fail().failed:
            return None
        after = breaker.succeed()
        return after.rejected if after.rejected or after.succeeded else None

    def _sets_ignored(self) -> bool:
        breaker = self._trial.lab.breaker(ignored=["ExcludedFailure"])
        return self._never_trips(breaker, "ExcludedFailure") and self._trips(breaker)

    def _sets_counted(self) -> bool:
        breaker = self._trial.lab.breaker(counted=["ServiceFailure"])
        return self._never_trips(breaker, "UnrelatedFailure") and self._trips(breaker)

    # --- what they share --------------------------------------------------------------

    def _tripped(self, **settings: object) -> Breaker:
        breaker = self._trial.lab.breaker(**settings)
        breaker.fails(breaker.threshold)
        return breaker

    def _periods(self, **settings: object) -> tuple[float, float]:
        """Return the first two open periods, in seconds; 0 for one that did not end."""
        breaker = self._tripped(**settings)
        first, second = (breaker.open_period()[0].high or 0.0 for _ in range(2))
        return first, second

    def _probes(self, **settings: object) -> int:
        breaker = self._tripped(**settings)
        breaker.wait(_LONG)
        calls = breaker.queue(5)
        running = sum(call.seen.running for call in calls)
        for call in calls:
            if call.seen.running:
                call.succeed()
        return running

    def _never_trips(self, breaker: Breaker, error: str) -> bool:
        return not any(breaker.fail(error).rejected for _ in range(MOST_FAILURES))

    def _trips(self, breaker: Breaker) -> bool:
        return any(breaker.fail("ServiceFailure").rejected for _ in range(MOST_FAILURES))


def _follows(found: float, asked: float) -> bool:
    return 0.9 * asked <= found <= 1.1 * asked
