"""Settles by behaviour what names leave open, and arrives at a binding."""

from collections.abc import Iterator
from typing import Any

import msgspec

from grader.binding import vocabulary as v
from grader.binding.construct import guesses
from grader.binding.counts import find_counts
from grader.binding.discover import Proposal, decorator_factories, propose
from grader.binding.hearing import attributes, hearings
from grader.binding.keywords import with_keywords
from grader.binding.model import EXPORTED, Accessor, Binding, Constructor, Hearing, Surface
from grader.binding.reading import Reading
from grader.binding.shape import ObjectShape, Page, Shape
from grader.binding.state import CLOSED, OPEN, raw_state, state_of
from grader.binding.targets import is_module_of_functions, may_be_breaker
from grader.conversation.failures import Blocked, Unknown
from grader.conversation.worker import Worker
from grader.driver.counting import counts_by_movement
from grader.driver.lab import DEFAULTS, LEFT_OUT, Breaker, Lab, Refused

_MOST_FAILURES = 25
_MOST_SURFACES = 14
_MOST_PROPOSALS = 6
_MOST_PAGES = 50
# Successes, failures, rejections and transitions.
_ALL_COUNTS = 4
_MOST_WAYS = 12
_FEW_COUNTS = 3
_MOST_LUCK = 1 - 2**-53
# Errors that no way of calling a breaker brings about: the code itself is broken.
_CRASHES = {"NameError", "UnboundLocalError", "AttributeError", "ImportError", "RecursionError"}
# Error classes that are tried when the plain one does not count, as HTTP examples raise them.
_FAILURES = (
    "ServiceFailure",
    "ConnectionError",
    "TimeoutError",
    "httpx:ConnectError",
    "aiohttp:ClientError",
    "requests:ConnectionError",
    "ValueError",
)


def learn(  # noqa: PLR0913  keywords, each for a caller of its own
    worker: Worker,
    modules: list[str],
    read: Reading,
    seed: int,
    *,
    within: str = "",
    settings: dict[str, Any] | None = None,
) -> Binding:
    """Return the binding of the candidate whose modules can be imported in `worker`.

    `read` is what the source tells beyond signatures. `within` is the one module to look for
    the breaker in, where a package holds several. `settings` are what every breaker shall be
    built with, by concept, such as `{"jitter": 0.2}`.

    Raises Blocked where the modules do not import or hold no breaker, Unknown where
    the breaker is no object that could be built.
    """
    shape = with_keywords(describe(worker, modules), read.keywords)
    proposals = propose(shape, read.unread)
    if within:
        proposals = [p for p in proposals if p.constructor.told.partition(":")[0] == within]
    if not proposals and is_module_of_functions(shape):
        raise Unknown(
            "the breaker seems to be the functions of a module, of which there is only one"
        )
    if not proposals and (name := may_be_breaker(shape)):
        raise Unknown(
            f"{name} may be the circuit breaker, and its names do not tell how it is used"
        )
    if not proposals:
        raise Blocked("de-breaker", "nothing in the code looks like a circuit breaker")
    tried: list[Binding] = []
    for proposal in proposals[:_MOST_PROPOSALS]:
        beside = () if proposal.is_factory else decorator_factories(shape, read.unread)
        binding = _Learner(worker, proposal, seed, settings or {}).learn(
            beside, hearings(shape, proposal.constructor)
        )
        if binding.surfaces and not binding.cut_off and binding.trips_at is not None:
            return binding
        tried.append(binding)
    return max(tried, key=_promise)


def _promise(binding: Binding) -> tuple[bool, bool, bool]:
    return (binding.trips_at is not None, bool(binding.surfaces), binding.state is not None)


def describe(worker: Worker, modules: list[str]) -> Shape:
    """Import the candidate's modules and return what they define."""
    for place, module in enumerate(modules):
        reply = worker.request("load", modules=[module])
        if reply.error is not None and place == 0:
            raise Blocked("de-imports", f"importing {module} raised {reply.error}")
    shape: Shape = ()
    for _ in range(_MOST_PAGES):
        page = worker.request("describe", start=len(shape)).value_as(Page)
        shape = (*shape, *page.members)
        if page.next is None:
            break
    return shape


class _Learner:
    """Works on one proposal."""

    def __init__(
        self, worker: Worker, proposal: Proposal, seed: int, settings: dict[str, Any]
    ) -> None:
        self._proposal = proposal
        self._doubts: list[str] = []
        self._binding = Binding(
            constructor=proposal.constructor,
            surfaces=(),
            reset=proposal.reset,
            force_open=proposal.force_open,
            settings=settings,
        )
        self._lab = Lab(worker, self._binding, seed=seed)
        self._crashes = False

    def learn(self, beside: tuple[Constructor, ...], ways: list[Hearing]) -> Binding:
        """Go through it step by step.

        `beside` are functions that may build a decorator, `ways` those of giving it a listener.
        """
        self._settle_settings()
        self._settle_surfaces()
        if self._binding.surfaces and self._binding.works:
            self._settle_trip()
            self._settle_other_mode()
            self._settle_luck()
            self._settle_metrics()
            self._settle_exported_metrics()
            self._settle_hearing(ways)
            self._settle_decorator(beside)
        return self._adopt(sure=not self._doubts, doubts=tuple(self._doubts))

    def _adopt(self, **changes: Any) -> Binding:
        self._binding = msgspec.structs.replace(self._binding, **changes)
        self._lab.binding = self._binding
        return self._binding

    # --- building ---------------------------------------------------------------------

    def _settle_settings(self) -> None:
        """Find settings that the constructor accepts, leaving out what it refuses."""
        refusals = []
        trials: list[dict[str, Any]] = [
            {},
            {"call_timeout": LEFT_OUT, "window_time": LEFT_OUT},
            {"cap": 10_000.0},
            {"cap": 10_000.0, "call_timeout": LEFT_OUT, "window_time": LEFT_OUT},
            {"cap": 600.0, "call_timeout": LEFT_OUT, "window_time": LEFT_OUT},
            {"jitter": LEFT_OUT, "call_timeout": LEFT_OUT, "window_time": LEFT_OUT},
            {"limit": LEFT_OUT, "successes": LEFT_OUT, "call_timeout": LEFT_OUT},
            {"counted": LEFT_OUT},
            # Nothing but what it requires.
            dict.fromkeys([*DEFAULTS, "counted"], LEFT_OUT),
        ]
        for trial in trials:
            try:
                self._lab.build(self._proposal.constructor, self._lab.settings(**trial))
            except Refused as refused:
                refusals.append(str(refused))
                continue
            self._adopt(settings={**trial, **self._binding.settings})
            return
        if self._guesses():
            self._doubts.append(f"the constructor refused every setting: {refusals[-1]}")
        self._crashes = True

    def _guesses(self) -> bool:
        """Whether any required argument of the constructor is a guess of ours."""
        return guesses(self._proposal.constructor)

    # --- calling ----------------------------------------------------------------------

    def _settle_surfaces(self) -> None:
        """Keep the ways of making a call that really run the function and return its result."""
        working: list[Surface] = []
        cut = False
        for surface in self._proposal.surfaces[:_MOST_SURFACES]:
            if any(_same_way(surface, found) for found in working):
                continue
            self._lab.cut_off_ran = False
            works = self._works(surface)
            if works:
                working.append(surface)
            cut = cut or (self._lab.cut_off_ran and not works)
        ranked = sorted(working, key=lambda s: (s.mode != "async", _STYLES.index(s.style)))
        if not ranked and self._proposal.surfaces:
            first = self._proposal.surfaces[0]
            self._adopt(surfaces=(first,), cut_off=cut, works=False)
            if not (cut or self._crashes):
                self._doubts.append(f"{first} did not run the function it was given")
            return
        self._adopt(surfaces=tuple(ranked))

    def _works(self, surface: Surface) -> bool:
        self._adopt(surfaces=(surface,))
        try:
            call = self._lab.breaker().succeed(surface=surface)
        except Refused:
            return False
        self._crashes |= call.error is not None and call.error.type in _CRASHES
        return call.succeeded and call.entries == 1

    def _settle_decorator(self, beside: tuple[Constructor, ...]) -> None:
        """See whether a function beside the breaker builds a decorator that works."""
        for constructor in beside:
            modes = tuple(m for m in ("async", "sync") if self._decorates_with(constructor, m))
            if modes:
                self._adopt(decorator=constructor, decorator_modes=modes)
                return

    def _decorates_with(self, constructor: Constructor, mode: str) -> bool:
        try:
            breaker = self._lab.build(constructor, self._lab.settings())
        except Refused:
            return False
        return breaker.succeed(surface=Surface(style="decorate", mode=mode)).succeeded

    # --- listening --------------------------------------------------------------------

    def _settle_hearing(self, ways: list[Hearing]) -> None:
        """Keep the first way of giving it a listener by which that hears of a trip."""
        fresh, number = self._fresh(), self._binding.trips_at
        if fresh is None or number is None:
            return
        if not ways:
            ways = [way for _, shape in self._targets(fresh) for way in attributes(shape)]
        if not ways:
            return
        without = [call.tell() for call in fresh.fails(number)]
        for way in ways[:_MOST_WAYS]:
            self._adopt(hearing=way)
            if self._hears(without):
                return
        self._adopt(hearing=None)

    def _hears(self, without: list[str]) -> bool:
        """Whether a listener is told of a trip, and the trip goes as it does without one."""
        self._lab.heard.clear()
        try:
            breaker = self._lab.breaker_with_listener()
        except Refused:
            return False
        same = [call.tell() for call in breaker.fails(len(without))] == without
        told = any(after == OPEN for _, after in self._lab.heard)
        return same and told and breaker.succeed().rejected

    # --- tripping ---------------------------------------------------------------------

    def _settle_trip(self) -> None:
        """Find the error that counts, the failures that trip, and the state's words."""
        rates: list[dict[str, Any]] = [{}]
        if "rate" in self._binding.parameters:
            rates = [{}, {"rate": 0.99}, {"rate": 0.5}]
        failures = _FAILURES[:1] if "counted" in self._binding.parameters else _FAILURES
        for rate in rates:
            for failure in failures:
                self._adopt(failure=failure, settings={**self._binding.settings, **rate})
                breaker = self._fresh()
                if breaker is None:
                    continue
                tripped = self._fail_until_rejected(breaker)
                if tripped is not None:
                    self._adopt(trips_at=tripped)
                    self._settle_state(breaker)
                    return
        self._adopt(failure="ServiceFailure")
        if self._another_surface_trips():
            return
        self._doubts.append("no number of failures led to a rejection")
        breaker = self._fresh()
        if breaker is not None:
            self._settle_state(breaker)

    def _another_surface_trips(self) -> bool:
        """Try other ways: what is for plain functions runs coroutine functions blindly.

        Of the same mode only one counts that rejects after failures of the first: that one
        counts them, and leaves it to others to look. What does not even count is the defect.
        """
        surfaces = self._binding.surfaces
        ranked = sorted(surfaces[1:], key=lambda s: s.mode != surfaces[0].mode)
        for surface in ranked:
            same = surface.mode == surfaces[0].mode
            if same and (surface.plain or not self._rejects_after(surfaces[0], surface)):
                continue
            self._adopt(surfaces=(surface, *(s for s in surfaces if s is not surface)))
            breaker = self._fresh()
            tripped = self._fail_until_rejected(breaker) if breaker is not None else None
            if breaker is not None and tripped is not None:
                self._adopt(trips_at=tripped)
                self._settle_state(breaker)
                return True
        self._adopt(surfaces=surfaces)
        return False

    def _settle_other_mode(self) -> None:
        """Of the ways of the other mode, put one first that looks whether it is open.

        Some only count, and leave it to another way to look; that they do is judged apart.
        """
        first, *others = self._binding.surfaces
        if self._binding.trips_at is None:
            return
        of_mode = [s for s in others if s.mode != first.mode]
        looking = next((s for s in of_mode if self._rejects_once_open(first, s)), None)
        if looking is not None and looking is not of_mode[0]:
            rest = [s for s in others if s is not looking]
            self._adopt(surfaces=(first, looking, *rest))

    def _rejects_once_open(self, tripping: Surface, looking: Surface) -> bool:
        breaker = self._fresh()
        if breaker is None:
            return False
        for _ in range(breaker.threshold):
            breaker.fail(surface=tripping)
        return breaker.succeed(surface=looking).rejected

    def _rejects_after(self, failing: Surface, looking: Surface) -> bool:
        """Whether one way rejects after failures that came another way."""
        breaker = self._fresh()
        if breaker is None:
            return False
        for _ in range(_MOST_FAILURES):
            breaker.fail(surface=failing)
        return breaker.succeed(surface=looking).rejected

    def _settle_luck(self) -> None:
        """See whether the open period is drawn, and where it is the one that was configured."""
        if self._binding.trips_at is None:
            return
        base = float(self._lab.settings().get("base", 10.0))
        figures = {luck: self._first_period(luck) for luck in (0.5, 0.0, _MOST_LUCK)}
        self._lab.luck(0.5)
        known = {luck: figure for luck, figure in figures.items() if figure}
        steady = len(known) == len(figures) and max(known.values()) <= 1.02 * min(known.values())
        if steady or not known:
            return
        best = min(known, key=lambda luck: abs(known[luck] - base))
        self._adopt(luck=best, jittery=True)
        self._lab.luck(best)

    def _first_period(self, luck: float) -> float | None:
        self._lab.luck(luck)
        breaker = self._fresh()
        if breaker is None:
            return None
        breaker.fails(breaker.threshold)
        return breaker.open_period()[0].high

    def _fresh(self) -> Breaker | None:
        try:
            return self._lab.breaker()
        except Refused:
            return None

    def _fail_until_rejected(self, breaker: Breaker) -> int | None:
        for count in range(_MOST_FAILURES):
            call = breaker.fail()
            if call.rejected:
                return count
            if not call.ended or call.how == "returned":
                return None
        return None

    # --- reading ----------------------------------------------------------------------

    def _targets(self, breaker: Breaker) -> list[tuple[str, ObjectShape]]:
        """Return the objects on which state and metrics may hang, with their data."""
        found = []
        for target in ("", *(("@", "@breaker", "@circuit_breaker", "@circuit", "@cb", "@_breaker",
                              "@__self__") if self._decorates else ())):  # fmt: skip
            reply = self._lab.request("inspect", breaker=breaker.handle, target=target)
            if reply.error is None:
                found.append((target, reply.value_as(ObjectShape)))
        return found

    @property
    def _decorates(self) -> bool:
        return self._binding.surfaces[0].style == "decorate"

    def _settle_state(self, tripped: Breaker) -> None:
        """Find where the state is read: a place that tells closed from open."""
        fresh = self._fresh()
        if fresh is None:
            return
        for target, shape in self._targets(fresh):
            for name in _likely(shape, v.STATES):
                accessor = Accessor(path=(name,), target=target)
                if self._tells_states_apart(accessor, fresh, tripped):
                    return
        for target, shape in self._targets(fresh):
            for path in _nested_states(shape):
                accessor = Accessor(path=path, target=target)
                if self._tells_states_apart(accessor, fresh, tripped):
                    return
        for target, _ in self._targets(fresh):
            if self._has_flags(target, fresh, tripped):
                return

    def _has_flags(self, target: str, fresh: Breaker, tripped: Breaker) -> bool:
        """See whether members such as `is_open` tell closed from open."""
        flags = {
            state: name
            for state, names in v.FLAGS.items()
            for name in reversed(names)
            if self._flag(name, target, fresh) is (state == CLOSED)
            and self._flag(name, target, tripped) is (state == OPEN)
        }
        if not {CLOSED, OPEN} <= set(flags):
            return False
        self._adopt(state=Accessor(path=(), target=target, flags=flags))
        return True

    def _flag(self, name: str, target: str, breaker: Breaker) -> bool | None:
        reply = self._lab.request("read", breaker=breaker.handle, target=target, path=[name])
        value = reply.value.get("") if isinstance(reply.value, dict) else None
        return value if isinstance(value, bool) else None

    def _tells_states_apart(self, accessor: Accessor, fresh: Breaker, tripped: Breaker) -> bool:
        raw = []
        for breaker in (fresh, tripped):
            reply = self._lab.request(
                "read", breaker=breaker.handle, target=accessor.target, path=accessor.path
            )
            raw.append(raw_state(reply.value) if isinstance(reply.value, dict) else None)
        before, after = raw
        if before is None or after is None:
            return False
        if state_of(before) == CLOSED:
            self._adopt(state=accessor)
            return True
        if before != after and state_of(before) is None:
            self._adopt(state=accessor, state_words={before: CLOSED, after: OPEN})
            return True
        return False

    def _settle_metrics(self) -> None:
        """Find the accessor whose names cover most of the counts that are asked for."""
        breaker = self._fresh()
        if breaker is None:
            return
        breaker.succeed()
        self._fail_until_rejected(breaker)
        best: tuple[int, int] = (0, 0)
        for target, shape in self._targets(breaker):
            for rank, path in enumerate(_metric_paths(shape)):
                reply = self._lab.request("read", breaker=breaker.handle, target=target, path=path)
                if reply.error is not None or not isinstance(reply.value, dict):
                    continue
                counts = find_counts(reply.value, of_breaker=not path)
                merit = (len(set(counts) - {"state"}), -rank)
                if merit > best and merit[0] > 0:
                    best = merit
                    self._adopt(metrics=Accessor(path=path, target=target), counts=counts)
        self._settle_listener(best[0])
        self._settle_unnamed_counts(breaker)
        if self._binding.state is None and "state" in self._binding.counts:
            self._adopt(state=self._binding.metrics)

    def _settle_unnamed_counts(self, breaker: Breaker) -> None:
        """See whether numbers whose names tell nothing move as the missing counts have to."""
        binding = self._binding
        if len(set(binding.counts) - {"state", "total"}) >= _ALL_COUNTS:
            return
        places = [binding.metrics] if binding.metrics is not None else list(self._places(breaker))
        found = counts_by_movement(self._lab, places, binding.counts)
        if found is not None:
            place, counts = found
            self._adopt(metrics=place, counts={**binding.counts, **counts})

    def _places(self, breaker: Breaker) -> Iterator[Accessor]:
        """Yield where there is something to read that may be metrics."""
        for target, shape in self._targets(breaker):
            for path in _metric_paths(shape):
                reply = self._lab.request("read", breaker=breaker.handle, target=target, path=path)
                if path and reply.error is None and isinstance(reply.value, dict):
                    yield Accessor(path=path, target=target)

    def _settle_listener(self, known: int) -> None:
        """See whether a listener is told more than the metrics say."""
        if known >= _ALL_COUNTS or "listener" not in self._binding.parameters:
            return
        before = self._binding
        self._adopt(settings={**before.settings, "listener": True})
        breaker = self._fresh()
        if breaker is not None:
            breaker.succeed()
            self._fail_until_rejected(breaker)
            reply = self._lab.request("read", breaker=breaker.handle, target="~", path=())
            counts = find_counts(reply.value) if isinstance(reply.value, dict) else {}
            if len(set(counts) - {"state"}) > known:
                self._adopt(metrics=Accessor(path=(), target="~"), counts=counts)
                return
        self._adopt(settings=before.settings)

    def _settle_exported_metrics(self) -> None:
        """See whether more counts are exported than handed out."""
        breaker = self._fresh()
        handed_out = set(self._binding.counts) - {"state"}
        if breaker is None or len(handed_out) >= _FEW_COUNTS:
            return
        breaker.succeed()
        self._fail_until_rejected(breaker)
        accessor = Accessor(path=(), target=EXPORTED)
        reply = self._lab.request("read", breaker=breaker.handle, target=EXPORTED, path=())
        if reply.error is not None or not isinstance(reply.value, dict):
            return
        counts = find_counts(reply.value)
        if len(set(counts) - {"state"}) > len(handed_out):
            self._adopt(metrics=accessor, counts=counts)


_STYLES = ("call", "context", "decorate", "permit")


def _same_way(one: Surface, other: Surface) -> bool:
    """Whether two surfaces differ only in how the same method is understood."""
    return (one.style, one.mode) == (other.style, other.mode) and one.style in {"call", "permit"}


def _likely(shape: ObjectShape, words: tuple[str, ...]) -> list[str]:
    """Return the names of an object, its own data first, that may hold what is looked for."""
    ranked = [(v.match(n, words), n) for n in shape.data if v.match(n, words) is not None]
    methods = ["get_state", "state", "current_state", "get_current_state", "get_status"]
    methods += ["status", "circuit_state", "get_circuit_state"]
    return [
        name for _, name in sorted(ranked, key=lambda e: (e[1].startswith("_"), e[0]))
    ] + methods


def _nested_states(shape: ObjectShape) -> list[tuple[str, ...]]:
    """Return the ways to a state that stands on an object that the breaker holds."""
    return [
        (name, inner)
        for name, datum in shape.data.items()
        if datum.own
        for inner in ("state", "current_state", "status", "get_state")
        if inner in datum.methods
    ]


def _metric_paths(shape: ObjectShape) -> list[tuple[str, ...]]:
    """Return the ways that may lead to metrics."""
    paths: list[tuple[str, ...]] = []
    for name in v.METRICS:
        datum = shape.data.get(name)
        paths.append((name,))
        if datum is not None:
            paths += [(name, inner) for inner in v.METRICS_INNER if inner in datum.methods]
    return [*paths, ("_metrics",), ("_stats",), ()]
