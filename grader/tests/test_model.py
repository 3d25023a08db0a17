"""The reference model lets through whatever some breaker may do, and nothing that none may."""

from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given, settings
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
    "failures drip away": "fail ran; fail ran; wait 3; fail ran closed; succeed ran",
    "a probe that hangs loses its slot": f"{TRIP}wait 12; start ran; wait 8; succeed ran",
    "a round in which nothing is decided is given up": (
        f"{TRIP}wait 12; start ran; cancel half_open; wait 8; succeed rejected open"
    ),
    "a slow success is a failure": (
        "fail ran; fail ran; start ran; wait 3; end well open; succeed rejected"
    ),
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
    "a slow success that opens it by itself": (
        "start ran; wait 3; end well open",
        "by what its calls did it is closed",
    ),
    "two probes after a moment": (
        f"{TRIP}wait 12; start ran; wait 3; start ran",
        "no more probes run than its limit",
    ),
    "a late failure that opens what has recovered": (
        f"start ran; {TRIP}wait 12; succeed ran closed; end badly open",
        "by what its calls did it is closed",
    ),
    "one function run twice": (f"{TRIP}wait 12; succeed twice", "runs its function once"),
    "a caller that waits": ("start waits", "every call runs or is rejected at once"),
}


TWO = msgspec.structs.replace(TERMS, limit=2, fewest_successes=2, most_successes=2)
ALLOWED_WITH_TWO = {
    "it closes when all are back": (
        f"{TRIP}wait 12; start ran; succeed ran half_open; succeed ran half_open; end well closed"
    ),
    "a cancelled probe breaks the row": (
        f"{TRIP}wait 12; succeed ran half_open; start ran; cancel half_open; succeed ran half_open"
    ),
    "a probe that fails opens it, though others closed it": (
        f"{TRIP}wait 12; start ran; succeed ran; succeed ran closed; end badly open"
    ),
    "probes are judged together": (
        f"{TRIP}wait 12; start ran; fail ran half_open; end well half_open; succeed ran"
    ),
}
FORBIDDEN_WITH_TWO = {
    "three probes": f"{TRIP}wait 12; start ran; start ran; start ran",
    "the first success closes it": f"{TRIP}wait 12; succeed ran closed",
    "two successes do not close it": f"{TRIP}wait 12; succeed ran; succeed ran half_open",
}


@pytest.mark.parametrize("name", ALLOWED_WITH_TWO)
def test_what_some_breaker_with_two_probes_does_is_allowed(name: str) -> None:
    found = judge(story(ALLOWED_WITH_TWO[name]), TWO).contradiction
    assert found is None, f"{name}: {found}"


@pytest.mark.parametrize("name", FORBIDDEN_WITH_TWO)
def test_what_no_breaker_with_two_probes_may_do_is_a_contradiction(name: str) -> None:
    assert judge(story(FORBIDDEN_WITH_TWO[name]), TWO).contradiction is not None, name


def test_a_share_of_failures_may_trip_before_as_many_as_a_count() -> None:
    history = story("succeed ran closed; fail ran closed; fail ran open")
    by_rate = msgspec.structs.replace(TERMS, by_rate=True)
    assert judge(history, by_rate).contradiction is None
    assert judge(history, TERMS).contradiction is not None


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


class Design(msgspec.Struct, frozen=True, kw_only=True):
    """Choices that a correct breaker is free to make."""

    probes: int = 1
    """The limit, and the successes that close it."""
    memory: str = "row"
    """A success between failures: `row` starts anew, `all` changes nothing."""
    drips: float = 0.0
    """Failures that drip away in a second."""
    cancelled: str = "neutral"
    """A cancelled call: `neutral`, or `failure`."""
    late_probes_open: bool = False
    """A probe that fails opens it, though others have closed it meanwhile."""
    lease: float = 1e9
    """Seconds after which a probe that has not ended loses its slot."""
    slow: float = 1e9
    """Seconds after which a success is a failure."""
    waits_for_all: bool = False
    """It does not close while a probe is under way."""
    in_a_row: bool = False
    """A cancelled probe sets the count of good ones back."""
    eager: bool = False
    """It says that it is half-open as soon as the open period is over."""


class Ideal:
    """A breaker that makes no mistake, to be held against the model."""

    def __init__(self, design: Design) -> None:
        self.design = design
        self.now, self.state, self.round = 0.0, "closed", 0
        self.level, self.level_at = 0.0, 0.0
        self.rounds, self.until, self.good = 0, 0.0, 0
        self.running: dict[int, tuple[int, float, bool]] = {}
        """Round, time of admission, and whether it is a probe, by number."""
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
        shown = self.state
        if self.design.eager and shown == "open" and self.now >= self.until:
            shown = "half_open"
        return Moment(step=step, at=self.now, events=tuple(events), state=shown)

    def _admit(self) -> bool:
        if self.state == "open" and self.now >= self.until:
            self._enter("half_open")
        taken = sum(
            began == self.round and self.now - at < self.design.lease
            for began, at, _ in self.running.values()
        )
        full = self.state == "half_open" and taken >= self.design.probes
        if self.state == "open" or full:
            return False
        self.running[self.number] = (self.round, self.now, self.state == "half_open")
        return True

    def _end(self, call: int, what: str) -> Event:
        began, at, probe = self.running.pop(call)
        told = what
        if what == "cancelled" and self.design.cancelled == "failure":
            told = "failed"
        if what == "succeeded" and self.now - at > self.design.slow:
            told = "failed"
        expired = probe and self.now - at >= self.design.lease
        if began == self.round and not expired:
            self._counted(told)
        late = self.state == "closed" and began != self.round and probe
        if late and told == "failed" and self.design.late_probes_open:
            self._open()
        return Event(call, what, self.now)

    def _counted(self, told: str) -> None:
        if self.state == "half_open":
            others = any(began == self.round for began, _, _ in self.running.values())
            if told == "failed":
                self.rounds += 1
                self._open()
            elif told == "succeeded":
                self.good += 1
                if self.good >= self.design.probes and not (self.design.waits_for_all and others):
                    self.rounds = 0
                    self._enter("closed")
            elif self.design.in_a_row:
                self.good = 0
        elif told == "succeeded" and self.design.memory == "row":
            self.level = 0.0
        elif told == "failed":
            dripped = (self.now - self.level_at) * self.design.drips
            self.level, self.level_at = max(0.0, self.level - dripped) + 1, self.now
            if self.level > TERMS.threshold - 1e-9:
                self._open()

    def _open(self) -> None:
        self.until = self.now + min(60.0, 10.0 * 2**self.rounds)
        self._enter("open")

    def _enter(self, state: str) -> None:
        self.state, self.round, self.level, self.good = state, self.round + 1, 0.0, 0


STEPS = st.lists(st.sampled_from((*MOVES, *CANCEL)), max_size=60)
DESIGNS = st.builds(
    Design,
    probes=st.sampled_from((1, 2)),
    memory=st.sampled_from(("row", "all")),
    drips=st.sampled_from((0.0, 0.02, 0.2)),
    cancelled=st.sampled_from(("neutral", "failure")),
    late_probes_open=st.booleans(),
    lease=st.sampled_from((1e9, 6.0)),
    slow=st.sampled_from((1e9, 5.0)),
    waits_for_all=st.booleans(),
    in_a_row=st.booleans(),
    eager=st.booleans(),
)


def contradicted(design: Design, steps: Sequence[Step]) -> str:
    breaker = Ideal(design)
    history = tuple(moment for step in steps if (moment := breaker.take(step)) is not None)
    terms = TWO if design.probes == 2 else TERMS
    found = judge(history, terms).contradiction
    return f"{found} in {tell(history, terms, 10.0)}" if found is not None else ""


@given(STEPS)
def test_a_textbook_breaker_is_never_contradicted(steps: Sequence[Step]) -> None:
    assert contradicted(Design(), steps) == ""


@given(DESIGNS, STEPS)
@settings(max_examples=300)
def test_no_choice_of_design_is_ever_contradicted(design: Design, steps: Sequence[Step]) -> None:
    assert contradicted(design, steps) == "", design


class TooMany(Ideal):
    """Lets one probe too many run."""

    def _admit(self) -> bool:
        return super()._admit() or (self.state == "half_open" and self._take_it())

    def _take_it(self) -> bool:
        self.running[self.number] = (self.round, self.now, True)
        return True


@given(DESIGNS)
def test_a_mistake_is_contradicted_whatever_the_design(design: Design) -> None:
    breaker = TooMany(design)
    steps = (*[Step("fail")] * 3, Step("wait", periods=1.2), *[Step("start")] * 3)
    history = tuple(moment for step in steps if (moment := breaker.take(step)) is not None)
    assert judge(history, TWO if design.probes == 2 else TERMS).contradiction is not None
