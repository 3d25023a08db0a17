"""Settles by behaviour what names leave open, and arrives at a binding."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from grader.binding import vocabulary as v
from grader.binding.collectors import collectors
from grader.binding.discover import Proposal, decorator_factories, propose, propose_unlisted
from grader.binding.hearing import attributes, hearings
from grader.binding.keywords import with_keywords, with_mappings
from grader.binding.model import Binding, Collector, Constructor, Hearing, Surface
from grader.binding.reading import Reading
from grader.binding.shape import ObjectShape, Shape
from grader.binding.spares import without_spares
from grader.binding.stand_ins import with_fallbacks
from grader.binding.state import OPEN
from grader.binding.stubs import is_stub
from grader.binding.targets import is_module_of_functions, may_be_breaker, says_breaker
from grader.conversation.failures import Blocked, Interrupted, Unknown
from grader.conversation.worker import Worker
from grader.driver.breaker import Breaker
from grader.driver.building import Building
from grader.driver.further import settle_further_ways
from grader.driver.lab import Refused
from grader.driver.loading import described
from grader.driver.orders import settle_orders
from grader.driver.readings import Readings
from grader.driver.trial import Trial
from grader.driver.tripping import Tripping
from grader.driver.unnamed import Unnamed

_MOST_SURFACES = 14
_MOST_PROPOSALS = 6
_MOST_WAYS = 16
_MOST_LUCK = 1 - 2**-53
# Errors that no way of calling a breaker brings about: the code itself is broken.
_CRASHES = {"NameError", "UnboundLocalError", "AttributeError", "ImportError", "RecursionError"}


def learn(
    worker: Worker,
    read: Reading,
    seed: int,
    *,
    within: str = "",
    settings: dict[str, Any] | None = None,
) -> Binding:
    """Return the binding of the candidate that `worker` has imported.

    `read` is what the source tells beyond signatures. `within` is the one module to look for
    the breaker in, where a package holds several. `settings` are what every breaker shall be
    built with, by concept, such as `{"jitter": 0.2}`.

    Raises Blocked where its modules hold no breaker, Unknown where the breaker is no object that
    could be built.
    """
    shape = with_keywords(described(worker), read.keywords)
    shape = with_fallbacks(with_mappings(shape, read.mappings), read.fallbacks)
    named, unlisted = (
        [p for p in proposed if not within or p.constructor.told.partition(":")[0] == within]
        for proposed in (
            propose(shape, read.unread, read.makers),
            propose_unlisted(shape, read.unread, read.inner),
        )
    )
    tried: list[Binding] = []
    for proposal in (*named[:_MOST_PROPOSALS], *unlisted):
        if proposal in unlisted and any(map(_may_be_one, tried)):
            continue  # one that says it is a breaker and can be called is the one
        beside = () if proposal.is_factory else decorator_factories(shape, read.unread)
        learner = _Learner(worker, proposal, seed, settings or {})
        ways = hearings(shape, proposal.constructor)
        counting = tuple(collectors(shape, proposal.constructor, ways))
        binding = learner.learn(beside, ways, counting)
        trips = binding.surfaces and not binding.cut_off and binding.trips_at is not None
        if trips and (proposal in named or learner.admits_successes()):
            return binding
        if not binding.works and is_stub(proposal, read.stubs):  # that is no doubt of ours
            binding = msgspec.structs.replace(binding, sure=True, doubts=())
        if proposal in named or (not named and _may_be_one(binding, proposal)):
            tried.append(binding)
    if tried:
        return max(tried, key=_promise)
    raise _no_breaker(shape)


def _no_breaker(shape: Shape) -> Interrupted:
    """Return what is to be said where nothing was found that is a breaker by its name."""
    if is_module_of_functions(shape):
        return Unknown(
            "the breaker seems to be the functions of a module, of which there is only one"
        )
    if name := may_be_breaker(shape):
        return Unknown(
            f"{name} may be the circuit breaker, and its names do not tell how it is used"
        )
    return Blocked("de-breaker", "nothing in the code looks like a circuit breaker")


def _may_be_one(binding: Binding, proposal: Proposal | None = None) -> bool:
    """Whether what never tripped can be called, and its name or its settings say that it would."""
    says = says_breaker(binding.constructor.told.partition(":")[2])
    if proposal is not None:
        says |= bool({"threshold", "rate"} & set(proposal.constructor.concepts))
    return bool(binding.surfaces) and binding.works and says


def _promise(binding: Binding) -> tuple[bool, bool, bool]:
    return (binding.trips_at is not None, bool(binding.surfaces), binding.state is not None)


class _Learner:
    """Works on one proposal."""

    def __init__(
        self, worker: Worker, proposal: Proposal, seed: int, settings: dict[str, Any]
    ) -> None:
        self._proposal = proposal
        self._doubts: list[str] = []
        self._trial = Trial(worker, proposal, seed, settings)
        self._readings = Readings(self._trial)
        self._unnamed = Unnamed(self._trial)
        self._tripping = Tripping(self._trial, self._readings, self._unnamed)
        self._building = Building(self._trial)
        self._crashes = False

    def learn(
        self,
        beside: tuple[Constructor, ...],
        ways: list[Hearing],
        counting: tuple[Collector, ...],
    ) -> Binding:
        """Go through it step by step.

        `beside` are functions that may build a decorator, `ways` those of giving it a listener,
        `counting` what may count for it.
        """
        self._settle_settings()
        self._building.settle_error_lists()
        self._settle_surfaces()
        if self._trial.binding.surfaces and self._trial.binding.works:
            if not self._tripping.settle():
                self._doubts.append("no number of failures led to a rejection")
            self._settle_unnamed()
            self._tripping.settle_other_mode()
            settle_further_ways(self._trial, self._proposal.further)
            self._settle_luck()
            self._readings.settle_metrics(counting)
            self._readings.settle_exported_metrics()
            settle_orders(self._trial)
            self._settle_hearing(ways)
            self._settle_decorator(beside)
        known = without_spares(self._trial.binding.constructor)
        return self._trial.adopt(
            constructor=known, sure=not self._doubts, doubts=tuple(self._doubts)
        )

    def admits_successes(self) -> bool:
        """Whether as many successes as failures trip it are let through: it is no rate limiter."""
        breaker, number = self._trial.fresh(), self._trial.binding.trips_at or 0
        return breaker is not None and all(breaker.succeed().succeeded for _ in range(number + 1))

    def _settle_settings(self) -> None:
        self._building.settle()
        self._doubts += [self._building.doubt] if self._building.doubt else []
        self._crashes |= self._building.refused

    def _settle_unnamed(self) -> None:
        """Find what the parameters set whose names tell nothing."""
        if self._trial.binding.trips_at is None:
            return
        self._unnamed.settle_others()
        if self._trial.fresh() is None:
            self._settle_settings()

    # --- calling ----------------------------------------------------------------------

    def _settle_surfaces(self) -> None:
        """Keep the ways of making a call that really run the function and return its result."""
        working: list[Surface] = []
        instead: list[str] = []
        cut = False
        for surface in self._proposal.surfaces[:_MOST_SURFACES]:
            if any(_same_way(surface, found) for found in working):
                continue
            self._trial.lab.cut_off_ran = False
            works, told = self._works(surface)
            if works:
                working.append(surface)
            instead.append(told)
            cut = cut or (self._trial.lab.cut_off_ran and not works)
        if working:
            # First: a plain method may hand back the coroutine that it never awaited.
            working = [*[way for way in self._ways_of_a_facade() if self._works(way)[0]], *working]
        ranked = sorted(working, key=lambda s: (s.mode != "async", _STYLES.index(s.style)))
        if not ranked and self._proposal.surfaces:
            first = self._proposal.surfaces[0]
            self._trial.adopt(surfaces=(first,), cut_off=cut, works=False, first_call=instead[0])
            if not (cut or self._crashes):
                self._doubts.append(f"a call through {first} {instead[0]}")
            return
        self._trial.adopt(surfaces=tuple(ranked))

    def _ways_of_a_facade(self) -> list[Surface]:
        """Return the calls of objects that the breaker holds for asynchronous callers."""
        fresh = self._trial.fresh()
        reply = fresh and self._trial.lab.request("inspect", breaker=fresh.handle, target="")
        if not reply or reply.error is not None:
            return []
        return [
            Surface(style="call", mode="async", name=f"{name}.{method}")
            for name, datum in reply.value_as(ObjectShape).data.items()
            if datum.own and _FACADE.match(name)
            for method in datum.methods
            if v.match(method, v.CALLS) is not None
        ]

    def _works(self, surface: Surface) -> tuple[bool, str]:
        """Whether a call runs the function once and returns its result; what it does, in words."""
        self._trial.adopt(surfaces=(surface,))
        try:
            call = self._trial.lab.breaker().succeed(surface=surface)
        except Refused as refused:
            return False, f"was never made: the constructor raised {refused}"
        # What is raised once the function has run and returned is no misunderstanding of ours.
        crashed = call.error is not None and (call.admitted or call.error.type in _CRASHES)
        self._crashes |= call.ended and crashed
        ran = "ran the function and" if call.admitted else "did not run the function:"
        raised = call.how == "raised" and call.error is not None
        told = f"{ran} it raised {call.error}" if raised else call.tell()
        return call.succeeded and call.entries == 1, told

    def _settle_decorator(self, beside: tuple[Constructor, ...]) -> None:
        """See whether a function beside the breaker builds a decorator that works."""
        for constructor in beside:
            modes = tuple(m for m in ("async", "sync") if self._decorates_with(constructor, m))
            if modes:
                self._trial.adopt(decorator=constructor, decorator_modes=modes)
                return

    def _decorates_with(self, constructor: Constructor, mode: str) -> bool:
        try:
            breaker = self._trial.lab.build(constructor, self._trial.lab.settings())
        except Refused:
            return False
        return breaker.succeed(surface=Surface(style="decorate", mode=mode)).succeeded

    # --- listening --------------------------------------------------------------------

    def _settle_hearing(self, ways: list[Hearing]) -> None:
        """Keep the first way of giving it a listener by which that hears of a trip."""
        fresh, number = self._trial.fresh(), self._trial.binding.trips_at
        if fresh is None or number is None:
            return
        if not ways:
            ways = [way for where, shape in self._held(fresh) for way in attributes(shape, where)]
        if not ways:
            return
        without = [call.tell() for call in fresh.fails(number)]
        for way in ways[:_MOST_WAYS]:
            self._trial.adopt(hearing=way)
            if self._hears(without):
                return
        self._trial.adopt(hearing=None)

    def _held(self, fresh: Breaker) -> Iterator[tuple[str, ObjectShape]]:
        """Yield the breaker, and the objects of its own classes that it holds in public."""
        for target, shape in self._trial.targets(fresh):
            yield "", shape
            for name, datum in shape.data.items():
                if not datum.own or target or name.startswith("_"):
                    continue
                reply = self._trial.lab.request("inspect", breaker=fresh.handle, target=name)
                if reply.error is None:
                    yield f"{name}.", reply.value_as(ObjectShape)

    def _hears(self, without: list[str]) -> bool:
        """Whether a listener is told of a trip, and the trip goes as it does without one."""
        self._trial.lab.heard.clear()
        try:
            breaker = self._trial.lab.breaker_with_listener()
        except Refused:
            return False
        same = [call.tell() for call in breaker.fails(len(without))] == without
        told = any(after == OPEN for _, after in self._trial.lab.heard)
        return same and told and breaker.succeed().rejected

    # --- the open period --------------------------------------------------------------

    def _settle_luck(self) -> None:
        """See whether the open period is drawn, and where it is the one that was configured."""
        if self._trial.binding.trips_at is None:
            return
        base = float(self._trial.lab.settings().get("base", 10.0))
        figures = {luck: self._first_period(luck) for luck in (0.5, 0.0, _MOST_LUCK)}
        self._trial.lab.luck(0.5)
        known = {luck: figure for luck, figure in figures.items() if figure}
        steady = len(known) == len(figures) and max(known.values()) <= 1.02 * min(known.values())
        if steady or not known:
            return
        best = min(known, key=lambda luck: abs(known[luck] - base))
        self._trial.adopt(luck=best, jittery=True)
        self._trial.lab.luck(best)

    def _first_period(self, luck: float) -> float | None:
        self._trial.lab.luck(luck)
        breaker = self._trial.fresh()
        if breaker is None:
            return None
        breaker.fails(breaker.threshold)
        return breaker.open_period()[0].high


_STYLES = ("call", "context", "decorate", "permit")
_FACADE = re.compile(r"(aio|async|asyncio|asynchronous|a)$")


def _same_way(one: Surface, other: Surface) -> bool:
    """Whether two surfaces differ only in how the same method is understood."""
    return (one.style, one.mode) == (other.style, other.mode) and one.style in {"call", "permit"}
