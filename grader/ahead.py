"""Plays several scenarios at once, ahead of the requirements that will ask for them.

Each has a worker of its own, so what comes of one does not depend on what is played beside it.
"""

import sys
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor

from grader.played import Played
from grader.specification import Scenario

_SWITCH = 0.001
"""Seconds after which a thread lets another one go on, a fifth of what is usual."""


class Ahead:
    """Scenarios under way, and what came of them, by name."""

    def __init__(self, play: Callable[[Scenario], Played], at_once: int) -> None:
        self._play = play
        # Its threads live until the end: a sandbox that one of them starts goes with its thread.
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="scenario")
        self._under_way: dict[str, Future[Played]] = {}
        # They mostly wait for their workers; one that need not should not hold the others up.
        self._interval = sys.getswitchinterval()
        sys.setswitchinterval(_SWITCH)

    def prepare(self, what: Callable[[], object]) -> None:
        """Do this first: what all scenarios wait for."""
        self._pool.submit(what)

    def begin(self, scenarios: Iterable[Scenario]) -> None:
        """Play them, in this order.

        What looks at the delivery itself is left to the thread that asks for it: it parses, as
        pytest does in that thread, and two at a time disturb each other in some versions of
        CPython (see `grader.answers.parsing`).
        """
        for scenario in scenarios:
            if not scenario.static:
                self._under_way[scenario.name] = self._pool.submit(self._play, scenario)

    def take(self, scenario: Scenario) -> Played | None:
        """Wait for what came of a scenario; None where it has to be played by itself.

        That is where it was not begun, and where its worker died: perhaps the sandbox went down
        with another one.
        """
        future = self._under_way.pop(scenario.name, None)
        if future is None:
            return None
        played = future.result()
        return None if played.ending is not None and played.ending.died else played

    def close(self) -> None:
        """Give up what has not begun, and wait for the rest."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        sys.setswitchinterval(self._interval)
