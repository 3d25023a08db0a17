"""What a circuit breaker may do: the reference model that random histories are held against.

The model is no implementation. It keeps every *world* that what was seen so far leaves possible,
and branches wherever the design is free: whether a cancellation counts, whether a success between
failures starts the count anew, whether a late result is ignored. A history contradicts the model
when no world is left. Whoever has read `after` has read the definition of a circuit breaker.
"""

from collections.abc import Iterator

import msgspec

from grader.history import OpenPeriod

EARLY, DUE = 0.9, 1.1
"""Between these multiples of an open period, a call may be admitted or rejected."""
PATIENCE = 5.0
"""Seconds after which a breaker may give up a half-open round, or a probe that has not ended."""
REPLACE = msgspec.structs.replace


class Step(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that is done with a breaker."""

    do: str
    """`succeed`, `fail`: a call that ends at once; `start`: one that stays under way; `end well`,
    `end badly`, `cancel`: what becomes of such a call; `wait`."""
    which: int = 0
    """Of the calls under way, counted from the oldest."""
    periods: float = 0.0
    """How long to wait, in first open periods."""


class Event(msgspec.Struct, frozen=True, array_like=True):
    """One thing that was seen of a call."""

    call: int
    what: str
    """`admitted`, `rejected`, `waits`, `ran twice`, `succeeded`, `failed`, `cancelled`, or
    `given up`: the breaker ended it, not its function."""
    at: float = 0.0
    """Virtual seconds since the history began."""


class Moment(msgspec.Struct, frozen=True, omit_defaults=True):
    """One step, and what was seen after it."""

    step: Step
    at: float
    """Virtual seconds since the history began."""
    events: tuple[Event, ...] = ()
    state: str | None = None
    seen: str = ""
    """The outcome of the call, in words."""


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """How the breaker was built, and what was measured of one that was built alike."""

    threshold: int
    by_rate: bool
    """It may trip by a share of calls: only a run of nothing but failures is certain to."""
    limit: int
    """Probes in flight at most."""
    fewest_successes: int
    """Successful probes that may close it."""
    most_successes: int
    """Successful probes that must close it."""
    periods: tuple[OpenPeriod, ...]
    """Open periods, each after one more failed probe."""
    cap: float | None = None
    """The cap that it was built with, in seconds; None where it refuses so low a one."""

    @property
    def shortest(self) -> float:
        """The least time that it stays open, in seconds."""
        return EARLY * self.periods[0].low

    def longest(self, failed_probes: int) -> float:
        """Return the most time that it stays open, in seconds; infinite where not measured."""
        if failed_probes >= len(self.periods):
            return float("inf")
        known = [period.high for period in self.periods[: failed_probes + 1]]
        return max(float("inf") if high is None else DUE * high for high in known)


class Running(msgspec.Struct, frozen=True):
    """A call that is under way."""

    call: int
    round: int
    """In which it was admitted."""
    at: float
    """When it was admitted."""
    probe: bool


class World(msgspec.Struct, frozen=True):
    """One possibility of how things stand inside a breaker."""

    phase: str = "closed"
    """`closed`, `open`, `half_open`, or `unsure`: it may have given up a round that lasts."""
    since: float = 0.0
    """When it opened, or when this half-open round had its first call."""
    round: int = 0
    """Grows with each change of phase; a call that ends in another round than it began is late."""
    failed_probes: int = 0
    """Since it was last closed; the open period grows with them."""
    in_a_row: int = 0
    """Failures that every breaker counts: in a row, at one moment, of this round.

    With time they may drop out of a window or drip away, wholly or in part.
    """
    row_at: float = 0.0
    in_all: int = 0
    """Failures since it closed that some breaker may count."""
    a_success: bool = False
    """Some call succeeded at any time."""
    good_probes: int = 0
    late_results: int = 0
    """Each may have freed a slot that was not its own."""
    running: tuple[Running, ...] = ()
    """Calls under way, the oldest first."""

    @property
    def probes(self) -> int:
        """How many calls of this round are under way."""
        return sum(call.round == self.round for call in self.running)


class Contradiction(msgspec.Struct, frozen=True, kw_only=True):
    """What was seen, where something else was allowed."""

    moment: int
    """Index of the moment at which no world was left."""
    rule: str
    """The rule that was broken, as a sentence."""
    seen: str


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """One history, judged."""

    contradiction: Contradiction | None
    reached: frozenset[str]
    """`open`, `half_open`, `rejected probe`, `late result`: what certainly occurred."""


# --- what is allowed ----------------------------------------------------------------------


def after(world: World, event: Event, terms: Terms) -> Iterator[World]:
    """Yield the worlds that an event may lead to; none where it cannot happen in this world."""
    if event.what in {"waits", "ran twice"}:
        return
    if world.phase == "unsure":
        yield world
    elif event.what == "admitted":
        yield from _admitted(world, event.call, event.at, terms)
    elif event.what == "rejected":
        yield from _rejected(world, event.at, terms)
    else:
        yield from _ended(world, event, event.at, terms)


def _admitted(world: World, call: int, now: float, terms: Terms) -> Iterator[World]:
    if world.phase == "open":
        if now - world.since < terms.shortest:
            return
        world = _half_opened(world, now)
    probe = world.phase == "half_open"
    if probe and world.probes >= terms.limit + world.late_results:
        return
    yield REPLACE(world, running=(*world.running, Running(call, world.round, now, probe)))


def _rejected(world: World, now: float, terms: Terms) -> Iterator[World]:
    due = now - world.since > terms.longest(world.failed_probes)
    # A round may admit no more calls even when none is under way, and a call from before may
    # take up a slot: only the last word is certain, that in the end it recovers.
    if world.phase == "half_open" or (world.phase == "open" and (not due or world.running)):
        yield world


def _ended(world: World, event: Event, now: float, terms: Terms) -> Iterator[World]:
    ended = next((call for call in world.running if call.call == event.call), None)
    if ended is None:
        return
    late = ended.round != world.round
    world = REPLACE(
        world,
        running=tuple(call for call in world.running if call is not ended),
        a_success=world.a_success or event.what == "succeeded",
        late_results=world.late_results + late,
    )
    # To some, an answer that took its time is none: they count it as a failure.
    slow = event.what == "succeeded" and now > ended.at
    for what in (event.what, "slow") if slow else (event.what,):
        if world.phase == "closed":
            yield from _ended_while_closed(world, ended, what, now, terms)
        else:
            yield from _ended_while_not_closed(world, what, now, terms, late=late)


def _ended_while_closed(
    world: World, ended: Running, what: str, now: float, terms: Terms
) -> Iterator[World]:
    late = ended.round != world.round
    if late and ended.probe and what != "succeeded":
        # Another probe has closed it meanwhile, and one that fails may still open it again; from
        # which period it then goes on is not known.
        yield REPLACE(_opened(world, now), failed_probes=len(terms.periods))
    if what == "succeeded":
        yield REPLACE(world, in_a_row=0)
        if terms.by_rate and world.in_all:
            yield _opened(world, now)
        return
    world = REPLACE(world, in_all=world.in_all + 1)
    if what == "slow":
        world = REPLACE(world, in_a_row=0)
    if what == "failed" and not late:
        count = world.in_a_row + 1 if now == world.row_at else 1
        world = REPLACE(world, in_a_row=count, row_at=now)
    certain = not (terms.by_rate and world.a_success)
    if world.in_a_row < terms.threshold or not certain:
        yield world
    if world.in_all >= terms.threshold or terms.by_rate:
        yield _opened(world, now)


def _ended_while_not_closed(
    world: World, what: str, now: float, terms: Terms, *, late: bool
) -> Iterator[World]:
    if late:
        yield world  # above all, it neither closes what is open nor starts the period anew
    # In half-open, which a timer may have begun, a late result may be taken for a probe's.
    if world.phase == "open" and now - world.since >= terms.shortest:
        world = _half_opened(world, now)
    if world.phase == "half_open":
        yield from _ended_while_half_open(world, what, now, terms)


def _ended_while_half_open(world: World, what: str, now: float, terms: Terms) -> Iterator[World]:
    if what == "succeeded":
        good = REPLACE(world, good_probes=world.good_probes + 1)
        # It may wait for those that are still under way.
        if good.good_probes < terms.most_successes or good.probes:
            yield good
        if good.good_probes >= terms.fewest_successes:
            yield _closed(good, terms)
        return
    yield REPLACE(_opened(world, now), failed_probes=world.failed_probes + 1)
    undecided = (world, REPLACE(world, good_probes=0))  # successes may have to be in a row
    if what in {"failed", "slow"}:
        if terms.limit > 1:  # several probes may be judged together
            yield from undecided
        return
    # A cancellation is neutral or a failure; that it does not close is for others to judge.
    yield from undecided
    yield _closed(world, terms)


def _opened(world: World, now: float) -> World:
    return REPLACE(world, phase="open", since=now, round=world.round + 1)


def _half_opened(world: World, now: float) -> World:
    return REPLACE(world, phase="half_open", since=now, round=world.round + 1, good_probes=0)


def _closed(world: World, terms: Terms) -> World:
    return REPLACE(
        world,
        phase="closed",
        round=world.round + 1,
        failed_probes=0,
        in_a_row=0,
        in_all=world.in_all if terms.by_rate else 0,
    )


def _agrees(world: World, state: str | None, now: float, terms: Terms) -> bool:
    """Whether a breaker in this world may say that it is in this state."""
    if state is None or world.phase == "unsure":
        return True
    if state == "closed" or world.phase == "closed":
        return state == world.phase
    # Half-open may be told from the moment at which a call would be a probe, or not before one is.
    return state == "open" or world.phase == "half_open" or now - world.since >= terms.shortest


def _grown_old(world: World, now: float) -> World:
    """Give up knowing where a half-open round lasts: the breaker may have given it up itself.

    Some give the slot of a probe that hangs to another one, some open again where nothing has
    been decided for a while.
    """
    lasts = world.phase == "half_open" and now - world.since >= PATIENCE
    return REPLACE(world, phase="unsure") if lasts else world


# --- judging ------------------------------------------------------------------------------


def judge(history: tuple[Moment, ...], terms: Terms) -> Judged:
    """Hold a history against everything that is allowed."""
    worlds = {World()}
    reached: set[str] = set()
    for index, moment in enumerate(history):
        worlds = {_grown_old(world, moment.at) for world in worlds}
        for event in moment.events:
            reached |= _reached(worlds, event)
            possible = {w for world in worlds for w in after(world, event, terms)}
            if not possible:
                rule = _rule(worlds, event.what)
                seen = moment.seen or event.what
                return _judged(reached, Contradiction(moment=index, rule=rule, seen=seen))
            worlds = possible
            reached |= _certain_phase(worlds)
        agreeing = {w for w in worlds if _agrees(w, moment.state, moment.at, terms)}
        if not agreeing:
            phases = " or ".join(sorted({w.phase.replace("_", "-") for w in worlds}))
            told = f"it says that it is {moment.state}".replace("_", "-")
            rule = f"by what its calls did it is {phases}"
            return _judged(reached, Contradiction(moment=index, rule=rule, seen=told))
        worlds = agreeing
        reached |= _certain_phase(worlds)
    return _judged(reached, None)


def _judged(reached: set[str], contradiction: Contradiction | None) -> Judged:
    return Judged(contradiction=contradiction, reached=frozenset(reached))


def _certain_phase(worlds: set[World]) -> set[str]:
    phases = {world.phase for world in worlds}
    return phases if len(phases) == 1 else set()


def _reached(worlds: set[World], event: Event) -> set[str]:
    """Return what this event certainly is."""
    if event.what == "rejected" and all(world.phase == "half_open" for world in worlds):
        return {"rejected probe"}
    ends = event.what in {"succeeded", "failed", "cancelled"}
    if ends and not any(
        call.call == event.call and call.round == world.round
        for world in worlds
        for call in world.running
    ):
        return {"late result"}
    return set()


RULES = {
    ("closed", "rejected"): "while it is closed every call runs",
    ("open", "admitted"): "no call runs before the open period is over",
    ("open", "rejected"): "after the open period a call runs",
    ("half_open", "admitted"): "while half-open no more probes run than its limit",
}


def _rule(worlds: set[World], what: str) -> str:
    if what == "waits":
        return "every call runs or is rejected at once"
    if what == "ran twice":
        return "an admitted call runs its function once"
    rules = sorted({RULES[w.phase, what] for w in worlds if (w.phase, what) in RULES})
    return "; ".join(rules) or "a call ends as its function did"


# --- telling ------------------------------------------------------------------------------


def tell(history: tuple[Moment, ...], terms: Terms, period: float) -> str:
    """Return the steps of a history in words; `period` is the first open period, in seconds."""
    built = []
    if terms.fewest_successes > 1:
        built.append(f"{terms.fewest_successes} successes to close")
    if terms.limit in range(2, 10):
        built.append(f"limit {terms.limit}")
    steps: list[tuple[str, int]] = []
    for moment in history:
        words = _told(moment.step, period)
        times = steps.pop()[1] + 1 if steps and steps[-1][0] == words else 1
        steps.append((words, times))
    said = ", ".join(words if times == 1 else f"{times} × {words}" for words, times in steps)
    return f"({', '.join(built)}) {said}" if built else said


def _told(step: Step, period: float) -> str:
    if step.do == "wait":
        return f"wait {step.periods * period:.3g} s"
    if step.do in {"succeed", "fail"}:
        return step.do
    if step.do == "start":
        return "start a call"
    ends = {"end well": "succeeds", "end badly": "fails", "cancel": "is cancelled"}
    return f"{'another' if step.which else 'the oldest'} call under way {ends[step.do]}"
