"""Situations about metrics: what is counted, and when."""

import msgspec

from grader.binding.model import Surface
from grader.conversation.failures import Blocked
from grader.driver.breaker import Breaker
from grader.driver.lab import Lab
from grader.driver.settings import LEFT_OUT, after_successes
from grader.history import CallSeen, Metrics, OpenPeriod
from grader.specification import scenario
from spec_tests.scenarios.stories import close, due, first_period, tripped_and_due


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What the trusted side had counted, and what the breaker said, at one moment."""

    moment: str
    succeeded: int
    failed: int
    rejected: int
    turning: bool
    """The state changes at this moment: accounts that are kept for one state begin anew."""
    said: Metrics


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """One call, and the metrics before and after it."""

    what: str
    call: CallSeen
    before: Metrics
    after: Metrics


def _outcome(breaker: Breaker, what: str, planned: str, surface: Surface) -> Outcome:
    before = breaker.metrics()
    if what == "cancelled":
        call = breaker.call(surface=surface)
        seen = call.cancel().seen if call.seen.running else call.seen
    else:
        seen = breaker.call(planned=planned, surface=surface).seen
    return Outcome(what=what, call=seen, before=before, after=breaker.metrics())


class Ledger(msgspec.Struct, frozen=True, kw_only=True):
    """The accounts of a scripted run."""

    state_readable: bool
    windowed: bool
    """It looks at a window of calls or of time."""
    window: int | None
    """How many calls surely fit in that window; None: as many as there are."""
    entries: tuple[Entry, ...]
    excluded: Outcome | None
    """A call on another breaker, with an error that is configured not to count."""

    @property
    def last(self) -> Entry:
        """The final accounts."""
        return self.entries[-1]


def _since(before: Metrics | None, said: Metrics) -> Metrics:
    """Return the counts without what they were before."""
    if before is None:
        return said
    counts = {}
    for name in ("total", "successes", "failures", "rejections", "transitions"):
        now, then = getattr(said, name), getattr(before, name)
        counts[name] = None if now is None else now - (then or 0.0)
    return msgspec.structs.replace(said, **counts)


class _Bookkeeper:
    """Makes calls and keeps the true accounts beside the breaker's own."""

    def __init__(self, breaker: Breaker) -> None:
        self.breaker = breaker
        self.calls: list[CallSeen] = []
        self.entries: list[Entry] = []
        accessor = breaker.lab.binding.metrics
        exported = accessor is not None and accessor.exported
        # What a process exports is counted from here on: other breakers were before this one.
        self.before = breaker.metrics() if exported else None

    def succeed(self, times: int) -> None:
        self.calls += [self.breaker.succeed() for _ in range(times)]

    def fail(self, times: int) -> None:
        self.calls += [self.breaker.fail() for _ in range(times)]

    def look(self, moment: str, *, turning: bool = False) -> None:
        self.entries.append(
            Entry(
                moment=moment,
                # By what the function did: that an error is swallowed shows elsewhere.
                succeeded=sum(c.admitted and c.planned == "return" for c in self.calls),
                failed=sum(c.admitted and c.planned != "return" for c in self.calls),
                rejected=sum(c.rejected for c in self.calls),
                turning=turning,
                said=_since(self.before, self.breaker.metrics()),
            )
        )


@scenario
def ledger(lab: Lab) -> Ledger:
    """Successes, failures until it trips, rejections, a recovery, and success again."""
    if lab.binding.metrics is None:
        raise Blocked("me-exists", "no metrics were found")
    period = first_period(lab)
    books = _Bookkeeper(lab.breaker(**after_successes(lab.binding)))
    books.look("before the first call")
    books.succeed(2)
    books.look("after two successes")
    books.succeed(2)
    books.look("after four successes")
    books.fail(books.breaker.threshold)
    books.look("after the failures that trip it", turning=True)
    books.succeed(5)
    books.look("after five rejections", turning=True)
    books.breaker.wait(due(period))
    books.succeed(1)
    books.look("after a successful probe", turning=True)
    books.succeed(2)
    books.look("at the end")
    return Ledger(
        state_readable=lab.binding.state is not None,
        windowed=_windowed(lab),
        window=_window(books.breaker),
        entries=tuple(books.entries),
        excluded=_excluded(lab),
    )


def _excluded(lab: Lab) -> Outcome | None:
    if not lab.offers("ignored"):
        return None
    breaker = lab.breaker(ignored=["ExcludedFailure"], counted=LEFT_OUT)
    return _outcome(breaker, "excluded", "ExcludedFailure", breaker.surface())


def _windowed(lab: Lab) -> bool:
    return bool({"window_size", "window_time", "rate"} & set(lab.binding.parameters))


def _window(breaker: Breaker) -> int | None:
    size = breaker.settings.get("window_size")
    if breaker.lab.offers("window_size") and isinstance(size, (int, float)):
        return int(size)
    built_in = breaker.lab.offers("rate") and not breaker.lab.offers("window_time")
    return breaker.threshold if built_in else None


class AfterRejections(msgspec.Struct, frozen=True, kw_only=True):
    """Rejections, a recovery, and one failure less than the threshold."""

    rejections: tuple[CallSeen, ...]
    probe: CallSeen
    state_after_probe: str | None
    failures: tuple[CallSeen, ...]
    after: CallSeen
    beside_a_probe: tuple[CallSeen, ...]
    """Calls after a good probe beside which callers were rejected; empty where none was."""


@scenario
def rejections_then_failures(lab: Lab) -> AfterRejections:
    """See whether rejections feed the failure threshold."""
    period = first_period(lab)
    breaker = lab.breaker()
    breaker.trip()
    rejections = tuple(breaker.succeed() for _ in range(5))
    breaker.wait(due(period))
    probe = breaker.succeed()
    if breaker.state() is None:
        breaker.succeed()
    elif breaker.state() != "closed":
        close(breaker)
    state = breaker.state()
    failures = breaker.fails(breaker.threshold - 1)
    return AfterRejections(
        rejections=rejections,
        probe=probe,
        state_after_probe=state,
        failures=failures,
        after=breaker.succeed(),
        beside_a_probe=_rejections_beside_a_probe(lab, period),
    )


def _rejections_beside_a_probe(lab: Lab, period: OpenPeriod) -> tuple[CallSeen, ...]:
    breaker = tripped_and_due(lab, period)
    probe, *others = breaker.queue(4)
    if not probe.seen.running or not all(call.seen.rejected for call in others):
        return ()
    probe.succeed()
    if breaker.state() not in (None, "closed"):
        close(breaker)
    return tuple(breaker.succeed() for _ in range(3))


class MetricsWalk(msgspec.Struct, frozen=True, kw_only=True):
    """Metrics after each step of a random walk."""

    steps: tuple[str, ...]
    said: tuple[Metrics, ...]
    states: tuple[str | None, ...]
    admitted: tuple[bool, ...]
    """Whether a call was admitted in each step."""
    windowed: bool
    """It looks at a window of calls or of time."""

    def may_have_turned(self, step: int) -> bool:
        """Whether the state may have changed in this step, be it for a moment only."""
        before, after = self.states[step], self.states[step + 1]
        return before != after or (before != "closed" and self.admitted[step])

    @property
    def trips(self) -> int:
        """How often its state was seen to go from closed to open."""
        pairs = zip(self.states, self.states[1:], strict=False)
        return sum(pair == ("closed", "open") for pair in pairs)


@scenario
def metrics_walk(lab: Lab) -> MetricsWalk:
    """Succeed, fail, cancel and wait at random, and read the metrics after each step."""
    breaker = lab.breaker(threshold=2, rate=0.5)
    said, states, steps = [breaker.metrics()], [breaker.state()], []
    admitted: list[bool] = []
    for _ in range(40):
        step = lab.random.choice(("succeed", "succeed", "fail", "fail", "cancel", "wait"))
        steps.append(step)
        admitted.append(_take(breaker, step))
        said.append(breaker.metrics())
        states.append(breaker.state())
    return MetricsWalk(
        steps=tuple(steps),
        said=tuple(said),
        states=tuple(states),
        admitted=tuple(admitted),
        windowed=_windowed(lab),
    )


def _take(breaker: Breaker, step: str) -> bool:
    """Take a step; return whether a call was admitted in it."""
    if step == "wait":
        breaker.wait(25.0)
        return False
    if step == "succeed":
        return breaker.succeed().admitted
    if step == "fail" or breaker.surface().mode != "async":
        return breaker.fail().admitted
    call = breaker.call()
    if call.seen.running:
        call.cancel()
    return call.seen.admitted


@scenario
def asynchronous_outcomes(lab: Lab) -> tuple[Outcome, ...]:
    """One asynchronous call succeeds, one is cancelled, one fails."""
    surface = lab.binding.surface(mode="async")
    if surface is None:
        raise Blocked("as-awaited", "there is no asynchronous way of making a call")
    breaker = lab.breaker()
    endings = (("succeeded", "return"), ("cancelled", ""), ("failed", lab.binding.failure))
    return tuple(_outcome(breaker, what, planned, surface) for what, planned in endings)


class Sizes(msgspec.Struct, frozen=True, kw_only=True):
    """How many objects a breaker kept alive after so many calls."""

    calls: tuple[int, ...]
    objects: tuple[int, ...]


@scenario
def many_calls(lab: Lab) -> Sizes:
    """Make thousands of calls and count what the breaker keeps; go on while it still grows."""
    window = {"window_time": WINDOW} if lab.offers("window_time") else {}
    breaker = lab.breaker(**window)
    if not breaker.succeed().succeeded:
        raise Blocked("de-breaker", "calls do not run the function")
    calls, objects = [], []
    done = 0
    for total in (1_500, 2_000, 20_000, 25_000):  # in pairs, while it still grows
        _call_many(breaker, total - done)
        done = total
        calls.append(total)
        objects.append(_objects(breaker))
        if len(objects) == 2 and not grows(objects[0], objects[1]):
            break
    return Sizes(calls=tuple(calls), objects=tuple(objects))


_PORTION = 500
WINDOW = 60.0
"""Seconds that a window of time holds, where it can be set."""


def grows(before: int, after: int) -> bool:
    """Whether more than a handful of objects came on top."""
    return after > before + 50


def _call_many(breaker: Breaker, times: int) -> None:
    surface = breaker.surface()
    # In portions, so that no single request takes long even on a machine under load.
    for _ in range(0, times, _PORTION):
        breaker.lab.ask(
            "repeat",
            breaker=breaker.handle,
            surface=surface.data,
            form=surface.form,
            call=0,
            times=min(times, _PORTION) // 10,
            orders=[{"return": 1}] * 10,
            periods=[1],  # a second between ten calls, so that a window of time forgets
        )


def _objects(breaker: Breaker) -> int:
    accessor = breaker.lab.binding.state or breaker.lab.binding.metrics
    target = accessor.target if accessor is not None else ""
    reply = breaker.lab.ask("size", breaker=breaker.handle, target=target)
    return int(reply.value["objects"])
