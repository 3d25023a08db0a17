"""Finds a state under a name and in words of its own: by what it says in turn.

What says one thing while the breaker is closed, another while it is open, a third in a probe,
and the first again once it recovered, is its state: a light that is green, red and amber.
"""

import re
from collections.abc import Iterable, Iterator

from grader.binding.model import Accessor
from grader.binding.state import CLOSED, HALF_OPEN, OPEN, raw_state
from grader.driver.breaker import Breaker
from grader.driver.questions import Questions
from grader.driver.trial import LONG, Trial

_DEEPEST = 3
_WORD = re.compile(r"[A-Za-z_\- ]{1,30}")
_FLAGS = {
    CLOSED: (True, False, False, True),
    OPEN: (False, True, False, False),
    HALF_OPEN: (False, False, True, False),
}
"""What a member says in turn that is true in one state alone."""

Place = tuple[str, tuple[str, ...]]
"""A target, and the path from there."""
Told = dict[Place, str | bool]
InTurns = dict[Place, tuple[str | bool | None, ...]]
"""What is said while closed, open, in a probe, and once recovered."""


class InTurn:
    """Looks for such a state, for one proposal."""

    def __init__(self, trial: Trial, questions: Questions) -> None:
        self._trial = trial
        self._questions = questions

    def settle(self, fresh: Breaker, tripped: Breaker) -> None:
        """Adopt the state that is found, or what may be one and cannot be understood."""
        while_closed = self._read(fresh, self._places(fresh))
        while_open = self._read(tripped, {(target, path[:1]) for target, path in while_closed})
        # A flag for half-open changes later than the others.
        places = [
            place
            for place, closed in while_closed.items()
            if (opened := while_open.get(place)) is not None
            and (opened != closed or isinstance(closed, bool))
        ]
        if all(while_open[place] == while_closed[place] for place in places):
            return
        places.sort(key=lambda place: (place[1][0].startswith("_"), len(place[1])))
        wholes = {(target, path[:1]) for target, path in places}
        later = self._in_a_probe(wholes), self._once_recovered(wholes)
        in_turn: InTurns = {
            place: (while_closed[place], while_open[place], *(told.get(place) for told in later))
            for place in places
        }
        if not (self._word(in_turn) or self._flags(in_turn)):
            unclear = next(filter(None, (_unclear(p, told) for p, told in in_turn.items())), "")
            self._trial.adopt(state_unclear=unclear)

    def _word(self, in_turn: InTurns) -> bool:
        for (target, path), said in in_turn.items():
            closed, opened, probed, again = (w if isinstance(w, str) else "" for w in said)
            if all((closed, opened, probed)) and len({closed, opened, probed}) == len(_FLAGS):
                if again != closed:
                    continue
                words = {closed: CLOSED, opened: OPEN, probed: HALF_OPEN}
                self._trial.adopt(state=Accessor(path=path, target=target), state_words=words)
                return True
        return False

    def _flags(self, in_turn: InTurns) -> bool:
        for target in {target for target, _ in in_turn}:
            flags = {
                state: path[0]
                for state, wanted in _FLAGS.items()
                for (where, path), said in in_turn.items()
                if (where, len(path), said) == (target, 1, wanted)
            }
            if flags.keys() == _FLAGS.keys():
                self._trial.adopt(state=Accessor(path=(), target=target, flags=flags))
                return True
        return False

    # --- looking ----------------------------------------------------------------------

    def _places(self, breaker: Breaker) -> Iterator[Place]:
        for target, shape in self._trial.targets(breaker):
            for name in (*shape.data, *self._questions.of(target, shape)):
                yield target, (name,)

    def _read(self, breaker: Breaker, wholes: Iterable[Place]) -> Told:
        """Return the words and truth values that stand at these places, and just below them."""
        found: Told = {}
        for target, path in wholes:
            flat = self._trial.read(Accessor(path=path, target=target), breaker, named=True)
            if "@type" in flat:
                found[target, path] = raw_state(flat) or ""
            for key, value in flat.items():
                below = tuple(key.split(".")) if key else ()
                if isinstance(value, (str, bool)) and key[:1] != "@" and len(below) < _DEEPEST:
                    found[target, (*path, *below)] = value
        return found

    def _in_a_probe(self, wholes: set[Place]) -> Told:
        breaker = self._trial.fresh()
        if breaker is None or self._trial.fail_until_rejected(breaker) is None:
            return {}
        breaker.wait(LONG)
        probe = breaker.call()
        told = self._read(breaker, wholes) if probe.seen.running else {}
        if probe.seen.running:
            probe.succeed()
        return told

    def _once_recovered(self, wholes: set[Place]) -> Told:
        breaker = self._trial.recovered()
        return {} if breaker is None else self._read(breaker, wholes)


def _unclear(place: Place, said: tuple[str | bool | None, ...]) -> str:
    """Return what may be the state, and is no plain word for open that holds in a probe as well."""
    target, path = place
    closed, opened, probed, again = said
    words = all(isinstance(word, str) and _WORD.fullmatch(word) for word in (closed, opened))
    if not words or path[0].startswith("_") or (probed == opened and again == closed):
        return ""
    return str(Accessor(path=path, target=target))
