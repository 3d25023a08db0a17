"""Random histories by Hypothesis: drawn from a seed, and shrunk once one goes wrong.

It chooses from short lists alone: larger numbers it would draw also from the constants of whatever
modules are imported.
"""

import contextlib
from collections.abc import Callable, Iterator, Sequence

import hypothesis
import hypothesis.errors
from hypothesis import strategies
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants

from spec_tests.model import Step

HISTORIES, FEWEST_STEPS, MOST_STEPS = 4, 5, 9
"""How many histories are drawn at a time, and of how many steps."""


@contextlib.contextmanager
def _no_constants() -> Iterator[None]:
    """Keep Hypothesis from reading constants out of every module of ours.

    It would parse them all, leave a folder behind where it is run, and use none of them: what is
    drawn here are places in short lists. There is no public switch; without this one it is slower.
    """
    name = "_get_local_constants"
    before = getattr(providers, name, None)
    setattr(providers, name, Constants)
    try:
        yield
    finally:
        setattr(providers, name, before)


class _GoesWrong(Exception):  # noqa: N818  it is what is looked for
    """A history is not allowed."""


def play_drawn(
    goes_wrong: Callable[[int, Sequence[Step]], bool],
    *,
    kinds: int,
    moves: Sequence[Step],
    seed: int,
) -> None:
    """Draw histories and have each played, up to the first that goes wrong and those like it.

    `goes_wrong` plays the steps with a breaker of one of the `kinds`, a number from 0.
    """

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=HISTORIES,
        database=None,
        deadline=None,
        phases=(hypothesis.Phase.generate, hypothesis.Phase.shrink),
        suppress_health_check=list(hypothesis.HealthCheck),
        report_multiple_bugs=False,
        verbosity=hypothesis.Verbosity.quiet,
    )
    @hypothesis.given(
        strategies.sampled_from(range(kinds)),
        strategies.lists(
            strategies.sampled_from(moves), min_size=FEWEST_STEPS, max_size=MOST_STEPS
        ),
    )
    def history(kind: int, steps: list[Step]) -> None:
        if goes_wrong(kind, steps):
            raise _GoesWrong

    with _no_constants():
        _play(history)


def _play(history: Callable[[], None]) -> None:
    # It finds by itself that a history is wrong in one play and right in another; what
    # was wrong last counts once it was wrong in another worker as well.
    with contextlib.suppress(_GoesWrong, hypothesis.errors.Flaky):
        history()
