"""Ways of making a call that signatures alone tell: one is a way if it guards as the known ones do.

What takes a function may as well note it as a listener, and hand it back unguarded.
"""

from grader.binding.model import Surface
from grader.driver.trial import Trial

_MOST = 6
"""So many ways are worth a trial."""


def settle_further_ways(trial: Trial, further: tuple[Surface, ...]) -> None:
    """Add those that run the function, and reject once calls of the known way have tripped it."""
    number = trial.binding.trips_at
    if number is None:
        return
    guarding = tuple(way for way in further[:_MOST] if _guards(trial, way, number))
    if guarding:
        trial.adopt(surfaces=(*trial.binding.surfaces, *guarding))


def _guards(trial: Trial, way: Surface, number: int) -> bool:
    breaker = trial.fresh()
    if breaker is None:
        return False
    before = breaker.succeed(surface=way)
    breaker.fails(number)
    return before.succeeded and before.entries == 1 and breaker.succeed(surface=way).rejected
