"""What a breaker built with these numbers does with these calls, by the plain rules.

An illustration beside a timeline, never a judgement: verdicts come from the requirements. It is
drawn only where the plain rules alone say what follows: failures in a row, an open period that
was configured, a number of probes. Where a breaker counts a rate, ignores errors, draws jitter
or was handled by hand, there is no picture of what to expect.
"""

import msgspec

from grader.timeline import Mark, Timeline

CLOSED, OPEN, HALF_OPEN = "closed", "open", "half-open"


class Phase(msgspec.Struct, frozen=True):
    """A state, from one moment to the next phase's."""

    since: float
    state: str


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be expected of one breaker."""

    phases: tuple[Phase, ...]
    let_in: tuple[bool, ...]
    """For each call, whether its function should have run at once."""
    probes: tuple[bool, ...]
    late: tuple[bool, ...]
    """For each call, whether it ended in another period than it began in."""
    sentence: str


def expected(timeline: Timeline) -> Expected | None:
    """Return what to expect, or None where the plain rules alone do not tell."""
    numbers = timeline.settings
    if (
        not timeline.calls
        or timeline.special
        or timeline.left_out
        or not {"threshold", "base"} <= numbers.keys()
    ):
        return None
    makes_sense = 0 < numbers["base"] <= numbers.get("cap", float("inf"))
    if numbers["threshold"] < 1 or not makes_sense:
        return None
    return _Replay(timeline).run()


class _Replay:
    """Goes through the calls as they were really let in, so that one mistake is told once."""

    def __init__(self, timeline: Timeline) -> None:
        numbers = timeline.settings
        self._calls = timeline.calls
        self._until = timeline.until
        self._threshold = int(numbers["threshold"])
        self._base = numbers["base"]
        self._factor = numbers.get("multiplier", 2.0)
        self._cap = numbers.get("cap", float("inf"))
        self._limit = int(numbers.get("limit", 1))
        self._successes = int(numbers.get("successes", 1))
        self._state, self._due = CLOSED, 0.0
        self._failures = self._good = self._opened = self._generation = 0
        self._began: dict[int, int] = {}
        """The generation in which each call that is under way began."""
        self._phases = [Phase(min(call.at for call in self._calls), CLOSED)]

    def run(self) -> Expected:
        count = len(self._calls)
        let_in, probes, late = [True] * count, [False] * count, [False] * count
        for at, ends, index in self._moments():
            self._pass(at)
            call = self._calls[index]
            if ends:
                late[index] = self._began.pop(index) != self._generation
                if not late[index]:
                    self._ended(call, at)
                continue
            let_in[index] = self._lets_in()
            if call.ran is not None:
                probes[index] = self._state == HALF_OPEN
                self._began[index] = self._generation
        self._pass(self._until)
        return Expected(
            phases=tuple(self._phases),
            let_in=tuple(let_in),
            probes=tuple(probes),
            late=tuple(late),
            sentence=self._sentence(),
        )

    def _moments(self) -> list[tuple[float, bool, int]]:
        """Return when calls begin and end, in the order of time, then of the calls."""
        moments = []
        for index, call in enumerate(self._calls):
            began = call.ran if call.ran is not None else call.at
            moments.append((began, index, 0, False))
            if call.ran is not None and call.ended is not None:
                moments.append((call.ended, index, 1, True))
        # A call that ends at once ends before the next one begins.
        return [(at, ends, index) for at, index, _, ends in sorted(moments)]

    def _pass(self, now: float) -> None:
        if self._state == OPEN and now >= self._due - 1e-6:
            self._go(HALF_OPEN, self._due)
            self._good = 0

    def _lets_in(self) -> bool:
        if self._state == CLOSED:
            return True
        under_way = sum(g == self._generation for g in self._began.values())
        return self._state == HALF_OPEN and under_way < self._limit

    def _ended(self, call: Mark, at: float) -> None:
        if self._state == CLOSED:
            self._failures = self._failures + 1 if call.failed else 0
            if self._failures >= self._threshold:
                self._opened = 0
                self._open(at)
        elif self._state == HALF_OPEN and call.failed:
            self._open(at)
        elif self._state == HALF_OPEN:
            self._good += 1
            if self._good >= self._successes:
                self._failures = 0
                self._go(CLOSED, at)
        # Open: it was let in though it should not have been; its end changes nothing.

    def _open(self, at: float) -> None:
        self._due = at + min(self._cap, self._base * self._factor**self._opened)
        self._opened += 1
        self._go(OPEN, at)

    def _go(self, state: str, at: float) -> None:
        self._state = state
        self._generation += 1
        self._phases.append(Phase(at, state))

    def _sentence(self) -> str:
        growth = "" if self._factor == 1 else f", {self._factor:g} times as long after a bad probe"
        cap = "" if self._cap == float("inf") else f", at most {self._cap:g} s"
        probe = "probe" if self._limit == 1 else "probes"
        return (
            f"expected of a breaker that opens after {self._threshold} failures in a row, stays"
            f" open {self._base:g} s{growth}{cap}, then lets {self._limit} {probe} run at a time"
        )
