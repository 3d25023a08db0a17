"""Orders that are given by hand to what hangs on a decorated function, or to a bundle of functions.

Of a class the shape of the code tells the methods; here only an object that was built does.
"""

from grader.binding import vocabulary as v
from grader.driver.trial import Trial


def settle_orders(trial: Trial) -> None:
    """Find how it is reset and opened by hand, where that is not known."""
    if trial.binding.reset and trial.binding.force_open:
        return
    breaker = trial.fresh()
    if breaker is None:
        return
    ways = [(target, shape.methods) for target, shape in trial.targets(breaker)]
    trial.adopt(
        reset=trial.binding.reset or _likeliest(ways, v.RESETS),
        force_open=trial.binding.force_open or _likeliest(ways, v.FORCE_OPEN),
    )


def _likeliest(ways: list[tuple[str, tuple[str, ...]]], words: tuple[str, ...]) -> str:
    """Return the best name, `@breaker.reset` where it hangs on a decorated function."""
    ranked = [
        (rank, place, f"{target}.{name}" if target else name)
        for place, (target, names) in enumerate(ways)
        for name in names
        if (rank := v.match(name, words)) is not None
    ]
    return min(ranked)[2] if ranked else ""
