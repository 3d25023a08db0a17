"""Which methods of a breaker only tell something, and change nothing."""

import re

from grader.binding.model import Accessor
from grader.binding.shape import ObjectShape
from grader.driver.breaker import Breaker
from grader.driver.trial import Trial

# What changes something, or may wait for something, is not asked what it tells.
_ORDER = re.compile(
    r"(^|_)(reset|force|trip|open|close|isolate|clear|override|replace|restore|repair|switch|set"
    r"|start|stop|run|wait|join|serve|shutdown|acquire|release|enter|exit|begin|end|admit|allow"
    r"|try|check|record|on|before|after|subscribe|enable|disable|pause|resume|cancel|fail|succeed"
    r"|success|failure|guard|protect|slot|permit|attempt|probe)(_|$)"
)


class Questions:
    """Methods that may be asked, of one proposal.

    Names do not tell all orders: a fuse may have a `blow()`. What no name speaks against is
    tried once, on breakers of its own, and is not asked again where those then went otherwise.
    """

    def __init__(self, trial: Trial) -> None:
        self._trial = trial
        self._known: dict[tuple[str, str], bool] = {}

    def of(self, target: str, shape: ObjectShape) -> list[str]:
        """Return the methods of an object that can be asked."""
        named = (name for name in shape.methods if not _ORDER.search(name))
        return [name for name in named if self._is_one(target, name)]

    def _is_one(self, target: str, name: str) -> bool:
        if (target, name) not in self._known:
            self._known[target, name] = self._try_out(Accessor(path=(name,), target=target))
        return self._known[target, name]

    def _try_out(self, asked: Accessor) -> bool:
        """Whether it tells something, and leaves closed what is closed and open what is open."""
        closed, opened = self._trial.fresh(), self._trial.fresh()
        if closed is None or opened is None or not self._tells(asked, closed):
            return False
        if not closed.succeed().admitted:
            return False
        if self._trial.fail_until_rejected(opened) is None:
            return True
        self._trial.ask(asked, opened)
        return opened.succeed().rejected

    def _tells(self, asked: Accessor, breaker: Breaker) -> bool:
        return self._trial.read(asked, breaker, named=True) not in ({}, {"": None})
