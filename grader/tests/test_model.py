"""The reference model lets through whatever some breaker may do, and nothing that none may."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.history import OpenPeriod
from spec_tests.model import Event, Moment, Step, Terms, judge, tell
from spec_tests.scenarios.histories import CANCEL, MOVES

TERMS = Terms(
    threshold=3,
    by_rate=False,
    limit=1,
    fewest_successes=1,
    most_successes=1,
    periods=tuple(OpenPeriod(low=low, high=low + 0.2) for low in (9.9, 19.9, 39.9, 59.9)),
)
ENDS = {"succeed": "succeeded", "fail": "failed", "end well": "succeeded", "end badly": "failed"}


def story(text: str) -> tuple[Moment, ...]:
    """Read a history: `fail ran open; wait 12; start ran half_open; succeed rejected`.

    Each step says what its call did, and the state that could be read after it, if any. A call
    that stays under way is `start`; `end well`, `end badly` and `cancel` are about the oldest.
    """
    moments: list[Moment] = []
    now, number, under_way = 0.0, 0, [0][:0]
    for words in text.split("; "):
        do, *told = words.replace("end ", "end_").split()
        do = do.replace("_", " ")
        if do == "wait":
            now += float(told[0])
            moments.append(Moment(step=Step("wait", periods=float(told[0]) / 10), at=now))
            continue
        events = []
        if do in {"succeed", "fail", "start"}:
            number += 1
            what = {"ran": "admitted"}.get(told[0], told[0])
            events.append(Event(number, what, now))
            if what == "admitted" and do == "start":
                under_way.append(number)
            elif what == "admitted":
                events.append(Event(number, ENDS[do], now))
        else:
            events.append(Event(under_way.pop(0), ENDS.get(do, "cancelled"), now))
        state = next((word for word in told if word in {"open", "closed", "half_open"}), None)
        moments.append(Moment(step=Step(do), at=now, events=tuple(events), state=state))
    return tuple(moments)


TRIP = "fail ran closed; fail ran closed; fail ran open; "
ALLOWED = {
    "a trip and a recovery": f"{TRIP}succeed rejected open; wait 12; succeed ran closed",
    "a failed probe": f"{TRIP}wait 12; fail ran open; succeed rejected; wait 12; fail rejected",
    "callers beside a probe": (
        f"{TRIP}wait 12; start ran half_open; succeed rejected; end well closed"
    ),
    "a success between failures is forgotten": (
        "fail ran; fail ran; succeed ran; fail ran; succeed ran"
    ),
    "a success between failures is remembered": (
        "fail ran closed; fail ran closed; succeed ran closed; fail ran open; succeed rejected"
    ),
    "half-open shown by a timer": f"{TRIP}wait 12; succeed ran closed",
    "a cancelled probe is neutral": (
        f"{TRIP}wait 12; start ran; cancel half_open; succeed ran closed"
    ),
    "a cancelled probe is a failure": f"{TRIP}wait 12; start ran; cancel open; succeed rejected",
    "a late success is ignored": f"start ran; {TRIP}end well open; succeed rejected",
    "rejected until anything between": f"{TRIP}wait 9.5; succeed rejected",
    "admitted at anything between": f"{TRIP}wait 9.5; succeed ran",
    "failures long ago are forgotten": "fail ran; fail ran; wait 30; fail ran closed; succeed ran",
    "failures long ago are remembered": (
        "fail ran; fail ran; wait 30; fail ran open; succeed rejected"
    ),
}
FORBIDDEN = {
    "rejected while closed": ("succeed rejected", "while it is closed every call runs"),
    "open one failure early": ("fail ran; fail ran open", "by what its calls did it is closed"),
    "open one failure late": (f"{TRIP}fail ran", "no call runs before the open period is over"),
    "let through too early": (f"{TRIP}wait 5; succeed ran", "no call runs before the open period"),
    "rejected after the period": (f"{TRIP}wait 12; succeed rejected", "after the open period"),
    "two probes": (f"{TRIP}wait 12; start ran; start ran", "no more probes run than its limit"),
    "a failed probe that leaves it half-open": (
        f"{TRIP}wait 12; fail ran half_open",
        "by what its calls did it is open",
    ),
    "a success that does not close it": (
        f"{TRIP}wait 12; succeed ran half_open",
        "by what its calls did it is closed",
    ),
    "a late success that closes it": (
        f"start ran; {TRIP}end well closed",
        "by what its calls did it is open",
    ),
    "a late failure that starts the period anew": (
        f"start ran; {TRIP}wait 8; end badly open; wait 4; succeed rejected",
        "after the open period a call runs",
    ),
    "one function run twice": (f"{TRIP}wait 12; succeed twice", "runs its function once"),
    "a caller that waits": ("start waits", "every call runs or is rejected at once"),
}


@pytest.mark.parametrize("name", ALLOWED)
def test_what_some_breaker_does_is_allowed(name: str) -> None:
    found = judge(story(ALLOWED[name]), TERMS).contradiction
    assert found is None, f"{name}: {found}"


@pytest.mark.parametrize("name", FORBIDDEN)
def test_what_no_breaker_may_do_contradicts_the_rule_about_it(name: str) -> None:
    text, rule = FORBIDDEN[name]
    history = story(text.replace("twice", "ran_twice"))
    history = tuple(
        Moment(
            step=m.step,
            at=m.at,
            state=m.state,
            events=tuple(Event(e.call, e.what.replace("_", " "), e.at) for e in m.events),
        )
        for m in history
    )
    found = judge(history, TERMS).contradiction
    assert found is not None, f"{name} is allowed"
    assert rule in found.rule, found


def test_the_moment_of_a_contradiction_is_told() -> None:
    found = judge(story(f"{TRIP}succeed ran; succeed ran"), TERMS).contradiction
    assert found is not None
    assert found.moment == 3


@pytest.mark.parametrize(
    ("text", "reached"),
    [
        ("succeed ran closed", {"closed"}),
        (TRIP.removesuffix("; "), {"closed", "open"}),
        (
            f"start ran; {TRIP}wait 12; start ran half_open; succeed rejected; end well",
            {"closed", "open", "half_open", "rejected probe", "late result"},
        ),
    ],
)
def test_what_certainly_occurred_is_counted(text: str, reached: set[str]) -> None:
    assert judge(story(text), TERMS).reached == reached


def test_a_history_is_told_in_words() -> None:
    told = tell(story(f"{TRIP}wait 12; start ran; cancel open"), TERMS, 10.0)
    assert told == ("3 × fail, wait 12 s, start a call, the oldest call under way is cancelled")


class Ideal:
    """A breaker as a textbook has it, to be held against the model."""

    def __init__(self) -> None:
        self.now, self.state, self.round = 0.0, "closed", 0
        self.failures, self.rounds, self.until = 0, 0, 0.0
        self.running: dict[int, int] = {}
        self.number = 0

    def take(self, step: Step) -> Moment | None:
        """Take a step as a scenario would."""
        events: list[Event] = []
        if step.do == "wait":
            self.now = round(self.now + 10 * step.periods, 6)
        elif step.do in {"succeed", "fail", "start"}:
            self.number += 1
            admitted = self._admit()
            events.append(Event(self.number, "admitted" if admitted else "rejected", self.now))
            if admitted and step.do != "start":
                events.append(self._end(self.number, ENDS[step.do]))
        elif self.running:
            call = list(self.running)[min(step.which, len(self.running) - 1)]
            events.append(self._end(call, ENDS.get(step.do, "cancelled")))
        else:
            return None
        return Moment(step=step, at=self.now, events=tuple(events), state=self.state)

    def _admit(self) -> bool:
        if self.state == "open" and self.now >= self.until:
            self._enter("half_open")
        taken = self.state == "half_open" and self.round in self.running.values()
        if self.state == "open" or taken:
            return False
        self.running[self.number] = self.round
        return True

    def _end(self, call: int, what: str) -> Event:
        current = self.running.pop(call) == self.round
        if current and what == "succeeded":
            self.failures = 0
            if self.state == "half_open":
                self.rounds = 0
                self._enter("closed")
        elif current and what == "failed":
            self.failures += 1
            if self.state == "half_open" or self.failures >= TERMS.threshold:
                self.rounds += self.state == "half_open"
                self.until = self.now + min(60.0, 10.0 * 2**self.rounds)
                self._enter("open")
        return Event(call, what, self.now)

    def _enter(self, state: str) -> None:
        self.state, self.round, self.failures = state, self.round + 1, 0


@given(st.lists(st.sampled_from((*MOVES, *CANCEL)), max_size=60))
def test_a_textbook_breaker_is_never_contradicted(steps: Sequence[Step]) -> None:
    breaker = Ideal()
    history = tuple(moment for step in steps if (moment := breaker.take(step)) is not None)
    found = judge(history, TERMS).contradiction
    assert found is None, f"{found} in {tell(history, TERMS, 10.0)}"
