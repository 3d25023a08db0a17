"""Random histories: calls, outcomes, cancellations, late results and moves of the clock."""

import contextlib
from collections.abc import Iterator, Sequence

import msgspec

from grader.bench import Bench
from grader.conversation.failures import Blocked, Interrupted
from grader.driver.breaker import Breaker
from grader.driver.call import Call
from grader.driver.lab import Lab, Refused
from grader.history import CallSeen, OpenPeriod
from grader.specification import static_scenario
from spec_tests.model import Event, Moment, Step, Terms, judge
from spec_tests.scenarios.stories import close, due

PERIODS = 4
"""How many open periods are measured, each after one more failed probe."""
CAP = 60.0
"""Seconds: a configured cap keeps the later periods within what was measured."""
CUT_OFF = "cut off"
MOST_TRIALS = 150
"""How many simpler histories are tried in place of one that goes wrong."""

FAIL, SUCCEED, START = Step("fail"), Step("succeed"), Step("start")
PASSED = Step("wait", periods=1.2)
AT_ONCE = {"end well": SUCCEED, "end badly": FAIL}
"""A call that ends at once in place of one that was under way."""
MOVES = (
    *(FAIL, FAIL, FAIL, SUCCEED, SUCCEED, START, START, START),
    *(Step(do, which=which) for do in ("end well", "end badly") for which in (0, 1)),
    *(Step("wait", periods=periods) for periods in (0.3, 0.85, 1.2, 1.2, 2.5)),
)
"""Steps that chance chooses from. The first example of each drawing consists of the first alone, so
that is a failure: a row of failures shows more than a row of successes."""
CANCEL = (*(Step("cancel"),) * 2, Step("cancel", which=1))
KINDS: tuple[dict[str, int], ...] = ({}, {"limit": 2, "successes": 2})
"""Settings of the breakers; each needs parameters of those names."""


class Play(msgspec.Struct, frozen=True, kw_only=True):
    """One history, played to its end."""

    kind: int
    """Which of the kinds of breakers it was played with."""
    moments: tuple[Moment, ...]
    recovered: bool
    """In the end, with no call under way, good calls over time all ran again."""
    last: str
    """What the last of those calls did, in words."""


class Histories(msgspec.Struct, frozen=True, kw_only=True):
    """All histories that were played up to the first that went wrong."""

    terms: tuple[Terms, ...]
    """Of each kind of breakers."""
    plays: tuple[Play, ...]
    shortest: Play | None = None
    """The shortest history that still goes wrong."""
    again: bool = False
    """It went wrong once more in a fresh worker."""

    @property
    def period(self) -> float:
        """The first open period, in seconds."""
        return self.terms[0].periods[0].figure or 0.0


@static_scenario
def random_histories(bench: Bench) -> Histories:
    """Play random histories, each on a new breaker; shrink the first that is not allowed."""
    with bench.lab() as lab:
        explorer = _Explorer(lab)
        shortest = explorer.explore()
        if lab.cut_off_ran:
            raise Blocked(CUT_OFF, "a function that is cut off ran")
    again = False
    if shortest is not None:
        with bench.lab() as other:
            steps = [moment.step for moment in shortest.moments]
            again = explorer.wrong(play(other, shortest.kind, explorer.terms, steps))
    return Histories(
        terms=explorer.terms, plays=tuple(explorer.plays), shortest=shortest, again=again
    )


def wrong(played: Play, terms: Sequence[Terms]) -> bool:
    """Whether a history shows what is not allowed."""
    judged = judge(played.moments, terms[played.kind])
    return not played.recovered or judged.contradiction is not None


# --- exploring ----------------------------------------------------------------------------


class _Explorer:
    """Looks for a history that is not allowed, and for the shortest like it."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self.terms = _all_terms(lab)
        self.plays: list[Play] = []
        self._shortest: Play | None = None
        self._interrupted: Interrupted | None = None

    def wrong(self, played: Play) -> bool:
        """Whether a history shows what is not allowed."""
        return wrong(played, self.terms)

    def explore(self) -> Play | None:
        """Play histories until one goes wrong; return the shortest that still does.

        Raises an Interrupted where the candidate did not live to see the end.
        """
        cancels = self._lab.breaker().surface().mode == "async"
        moves = (*MOVES, *CANCEL) if cancels else MOVES
        for number, beginning in enumerate(_beginnings(self.terms[0])):
            if not cancels and CANCEL[0] in beginning:
                continue
            self._play_drawn(number, moves)
            if self._interrupted is not None:
                raise self._interrupted
            if self._shortest is not None:
                return self._simplified(self._shortest)
        return None

    def _play_drawn(self, beginning: int, moves: Sequence[Step]) -> None:
        # Hypothesis takes a third of a second to import: here, while others are played in threads.
        from spec_tests import drawing  # noqa: PLC0415

        def goes_wrong(kind: int, steps: Sequence[Step]) -> bool:
            return self._take([*_beginnings(self.terms[kind])[beginning], *steps], kind)

        drawing.play_drawn(
            goes_wrong,
            kinds=len(self.terms),
            moves=moves,
            seed=self._lab.random.getrandbits(32),
        )

    def _take(self, steps: Sequence[Step], kind: int) -> bool:
        if self._interrupted is not None:
            return False
        try:
            played = play(self._lab, kind, self.terms, steps)
        except Interrupted as interrupted:
            self._interrupted = interrupted
            return False
        if self._shortest is None:
            self.plays.append(played)
        if not self.wrong(played):
            return False
        self._shortest = played
        return True

    def _simplified(self, played: Play) -> Play:
        """Simplify a history, also its beginning, as long as it goes wrong."""
        contradiction = judge(played.moments, self.terms[played.kind]).contradiction
        steps = [moment.step for moment in played.moments]
        if contradiction is not None:
            shorter = self._play(played.kind, steps[: contradiction.moment + 1])
            played = shorter if self.wrong(shorter) else played
        tried: set[tuple[Step, ...]] = set()
        for _ in range(MOST_TRIALS):
            steps = [moment.step for moment in played.moments]
            simpler = next((s for s in simplifications(steps) if s not in tried), None)
            if simpler is None:
                break
            tried.add(simpler)
            shorter = self._play(played.kind, simpler)
            played = shorter if self.wrong(shorter) else played
        return played

    def _play(self, kind: int, steps: Sequence[Step]) -> Play:
        return play(self._lab, kind, self.terms, steps)


def simplifications(steps: Sequence[Step]) -> Iterator[tuple[Step, ...]]:
    """Yield what a history may be simplified to, in one change, those that shorten it first."""
    for index in range(len(steps)):
        yield (*steps[:index], *steps[index + 1 :])
    for index, started in enumerate(steps):
        for end in range(index + 1, len(steps)):
            at_once = AT_ONCE.get(steps[end].do)
            if started == START and at_once is not None:
                yield (*steps[:index], *steps[index + 1 : end], at_once, *steps[end + 1 :])
    for index, step in enumerate(steps):
        if step.do == "wait" and step.periods > PASSED.periods:
            yield (*steps[:index], PASSED, *steps[index + 1 :])
        if step.which:
            yield (*steps[:index], Step(step.do), *steps[index + 1 :])


def _all_terms(lab: Lab) -> tuple[Terms, ...]:
    cap = _cap(lab)
    found = []
    for number, kind in enumerate(KINDS):
        if all(lab.offers(concept) for concept in kind):
            with contextlib.suppress(*((Refused,) if number else ())):
                found.append(_terms(lab, number, cap))
    return tuple(found)


def _cap(lab: Lab) -> float | None:
    """Return the cap to build with, or None where that is refused: it may have to be larger."""
    if "cap" in lab.binding.settings:
        return None
    try:
        _breaker(lab, 0, CAP)
    except Refused:
        return None
    return CAP


def _breaker(lab: Lab, kind: int, cap: float | None) -> Breaker:
    return lab.breaker(**({} if cap is None else {"cap": cap}), **KINDS[kind])


def _terms(lab: Lab, kind: int, cap: float | None) -> Terms:
    breaker = _breaker(lab, kind, cap)
    breaker.trip()
    periods: list[OpenPeriod] = []
    for number in range(PERIODS):
        last = number == PERIODS - 1
        period, _ = breaker.open_period(planned="return" if last else None)
        if period.high is None:
            raise Blocked("st-recovers-by-itself", f"it stayed open for {period.tell()}")
        periods.append(period)
    readable = breaker.state() is not None
    closed_by = 1 + (len(close(breaker)) if breaker.state() not in (None, "closed") else 0)
    limit = KINDS[kind].get("limit", 1) if lab.offers("limit") else 10
    return Terms(
        threshold=breaker.threshold,
        # What is set may be the calls that a share is taken of, and the share be built in.
        by_rate=lab.offers("rate") or not lab.offers("threshold"),
        limit=limit,
        fewest_successes=KINDS[kind].get("successes", closed_by),
        most_successes=max(closed_by, limit) if readable else 12,
        periods=tuple(periods),
        cap=cap,
    )


def _beginnings(terms: Terms) -> tuple[list[Step], ...]:
    """Return ways to begin, so that chance need not find what everything else builds on."""
    trip = [FAIL] * terms.threshold
    return (
        [],
        trip,
        [*trip, PASSED],
        [*trip, PASSED, START, SUCCEED],
        [START, START, *trip, Step("end badly"), SUCCEED],
        [START, *trip, PASSED, Step("end well")],
        [START, *trip, PASSED, *([SUCCEED] * terms.fewest_successes)],
        [*trip, PASSED, FAIL, Step("wait", periods=2.5), START],
        [FAIL, Step("wait", periods=0.85), *trip[1:], Step("wait", periods=0.3)],
        [START, *trip, *CANCEL[:1]],
        [*trip, PASSED, START, *CANCEL[:1]],
    )


# --- playing ------------------------------------------------------------------------------


def play(lab: Lab, kind: int, terms: Sequence[Terms], steps: Sequence[Step]) -> Play:
    """Play one history on a new breaker of a kind; steps about no call are left out."""
    player = _Player(lab, kind, terms[kind])
    moments = [moment for step in steps if (moment := player.take(step)) is not None]
    recovered, last = player.recover()
    return Play(kind=kind, moments=tuple(moments), recovered=recovered, last=last)


ENDS = {"end well": "succeeded", "end badly": "failed", "cancel": "cancelled"}
ONE_CALL = {"succeed": "succeeded", "fail": "failed", "start": "given up"}


class _Player:
    """Plays one history."""

    def __init__(self, lab: Lab, kind: int, terms: Terms) -> None:
        self._breaker = _breaker(lab, kind, terms.cap)
        self._lab = lab
        self._terms = terms
        self._began = lab.now
        self._calls = 0
        self._under_way: dict[int, Call] = {}
        """By number, counted in this history."""

    def take(self, step: Step) -> Moment | None:
        """Take a step; None where there is no call that it could be about."""
        events: list[Event] = []
        told = -1
        if step.do == "wait":
            self._breaker.wait(step.periods * (self._terms.periods[0].figure or 0.0))
        elif step.do in ONE_CALL:
            planned = {"succeed": "return", "fail": self._lab.binding.failure}.get(step.do)
            self._calls += 1
            told = self._calls
            self._under_way[told] = self._breaker.call(planned=planned)
            began = _beginning(self._under_way[told].seen)
            events.append(Event(told, began, self._since(self._lab.now)))
        elif self._under_way:
            told = list(self._under_way)[min(step.which, len(self._under_way) - 1)]
            self._end(self._under_way[told], step.do)
        else:
            return None
        seen = self._under_way[told].seen.tell() if told in self._under_way else ""
        events += self._endings({**ENDS, **ONE_CALL}.get(step.do, ""), told)
        return Moment(
            step=step,
            at=self._since(self._lab.now),
            events=tuple(events),
            state=self._breaker.state(),
            seen=seen,
        )

    def _since(self, time: float | None) -> float:
        return round((self._lab.now if time is None else time) - self._began, 6)

    def _end(self, call: Call, how: str) -> None:
        if how == "cancel":
            call.cancel()
        else:
            call.end("return" if how == "end well" else self._lab.binding.failure)

    def _endings(self, what: str, told: int) -> list[Event]:
        """Return how calls ended: as they were told, or because the breaker gave them up."""
        ended = {number: call.seen for number, call in self._under_way.items() if call.seen.ended}
        for number in ended:
            del self._under_way[number]
        events = [
            Event(number, what if number == told else "given up", self._since(seen.ended_at))
            for number, seen in ended.items()
            if seen.admitted
        ]
        return sorted(events, key=lambda event: event.at)

    def recover(self) -> tuple[bool, str]:
        """End what is under way, then make good calls at growing distances until all run."""
        for call in self._under_way.values():
            if call.seen.running:
                call.succeed()
        longest = max(due(period) for period in self._terms.periods)
        seen = None
        for wait in (0.0, longest, 3 * longest, 200 * longest):
            self._breaker.wait(wait)
            for _ in range(self._terms.fewest_successes + 2):
                seen = self._breaker.succeed()
                if not seen.succeeded:
                    break
            else:
                break
        return seen is not None and seen.succeeded, seen.tell() if seen is not None else ""


def _beginning(seen: CallSeen) -> str:
    if seen.entries > 1:
        return "ran twice"
    if seen.admitted:
        return "admitted"
    return "waits" if seen.waiting else "rejected"
