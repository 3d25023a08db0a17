"""Finds where a breaker's state and its counts can be read."""

import functools
import re
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from grader.binding import vocabulary as v
from grader.binding.counts import find_counts
from grader.binding.model import COLLECTED, EXPORTED, Accessor, Collector
from grader.binding.shape import ObjectShape
from grader.binding.state import CLOSED, OPEN, as_state, raw_state, state_of, word_of
from grader.driver.breaker import Breaker
from grader.driver.counting import counts_by_movement
from grader.driver.in_turn import InTurn
from grader.driver.questions import Questions
from grader.driver.trial import Trial

# Successes, failures, rejections and transitions.
_ALL_COUNTS = 4
_FEW_COUNTS = 3
_MOST_COLLECTORS = 4
_OF_SETTINGS = frozenset({"config", "settings", "options", "policy"})
"""Names of what holds settings: its numbers count nothing."""


class Readings:
    """Settles, for one proposal, what is read and where."""

    def __init__(self, trial: Trial) -> None:
        self._trial = trial
        self._questions = Questions(trial)

    # --- the state --------------------------------------------------------------------

    def settle_state(self, tripped: Breaker) -> None:
        """Find where the state is read: a place that tells closed from open."""
        fresh = self._trial.fresh()
        if fresh is None:
            return
        targets = self._trial.targets(fresh)
        named = [
            Accessor(path=path, target=target)
            for ways in (_likely_states, _nested_states)
            for target, shape in targets
            for path in ways(shape)
        ]
        for accessor in named:
            if self._said(accessor, fresh) == [CLOSED]:
                self._trial.adopt(state=accessor)
                return
        if any(self._has_flags(target, shape, fresh, tripped) for target, shape in targets):
            return
        unlisted = functools.partial(self._is_unlisted, targets, fresh, tripped)
        in_other_words = functools.partial(self._is_in_other_words, named, fresh, tripped)
        # What is private tells as well, but the inner works may change when nobody looks.
        finds = (unlisted, in_other_words, functools.partial(unlisted, private=True))
        if not any(find() for find in finds) and self._trial.binding.trips_at is not None:
            InTurn(self._trial, self._questions).settle(fresh, tripped)

    def _is_unlisted(
        self,
        targets: list[tuple[str, ObjectShape]],
        fresh: Breaker,
        tripped: Breaker,
        *,
        private: bool = False,
    ) -> bool:
        """Find what says that it is closed, and then open, whatever it is called."""
        for accessor in self._unlisted_states(targets, fresh, private=private):
            if self._said(accessor, fresh, tripped) == [CLOSED, OPEN]:
                self._trial.adopt(state=accessor)
                return True
        return False

    def _is_in_other_words(self, named: list[Accessor], fresh: Breaker, tripped: Breaker) -> bool:
        """Find a number or a word of its own for each state, the same again once it recovered."""
        told = [(way, self._raw(way, fresh), self._raw(way, tripped)) for way in named]
        recovered = (
            self._trial.recovered() if any(before != after for _, before, after in told) else None
        )
        for accessor, before, after in told:
            if before is None or after is None or before == after:
                continue
            if recovered is None or self._raw(accessor, recovered) == before:
                self._trial.adopt(state=accessor, state_words={before: CLOSED, after: OPEN})
                return True
        return False

    def _unlisted_states(
        self, targets: list[tuple[str, ObjectShape]], fresh: Breaker, *, private: bool
    ) -> Iterator[Accessor]:
        """Yield what says that a fresh breaker is closed, whatever its name is."""
        for target, shape in targets:
            data = [name for name in shape.data if name.startswith("_") == private]
            for name in (*data, *(self._questions.of(target, shape) if not private else ())):
                whole = Accessor(path=(name,), target=target)
                for key, value in self._trial.read(whole, fresh).items():
                    if state_of(value) == CLOSED:
                        path = (name, *key.split(".")) if key else (name,)
                        yield Accessor(path=path, target=target)
                if self._said(whole, fresh) == [CLOSED]:
                    yield whole

    def _raw(self, accessor: Accessor, breaker: Breaker) -> str | None:
        return raw_state(self._trial.read(accessor, breaker, named=True))

    def _said(self, accessor: Accessor, *breakers: Breaker) -> list[str | None]:
        return [word_of(self._trial.read(accessor, breaker, named=True)) for breaker in breakers]

    def _has_flags(self, target: str, shape: ObjectShape, fresh: Breaker, tripped: Breaker) -> bool:
        """See whether members such as `is_open` tell closed from open."""
        names = {state: (*listed, state) if state in shape.data else listed
                 for state, listed in v.FLAGS.items()}  # fmt: skip
        flags = {
            state: name
            for state, listed in names.items()
            for name in reversed(listed)
            if self._flag(name, target, fresh) is (state == CLOSED)
            and self._flag(name, target, tripped) is (state == OPEN)
        }
        if not {CLOSED, OPEN} <= set(flags):
            return False
        self._trial.adopt(state=Accessor(path=(), target=target, flags=flags))
        return True

    def _flag(self, name: str, target: str, breaker: Breaker) -> bool | None:
        value = self._trial.read(Accessor(path=(name,), target=target), breaker).get("")
        return value if isinstance(value, bool) else None

    # --- the counts -------------------------------------------------------------------

    def settle_metrics(self, collectors: Sequence[Collector] = ()) -> None:
        """Find the accessor whose names cover most of the counts that are asked for.

        `collectors` may count for the breaker where it does not by itself.
        """
        breaker = self._trial.used()
        if breaker is None:
            return
        best: tuple[int, int] = (0, 0)
        for target, shape in self._trial.targets(breaker):
            for rank, path in enumerate(self._ways_to_metrics(shape)):
                place = Accessor(path=path, target=target)
                flat = self._without_settings(self._trial.read(place, breaker))
                counts = find_counts(flat, of_breaker=not path)
                merit = (len(set(counts) - {"state"}), -rank)
                if merit > best and merit[0] > 0:
                    best = merit
                    self._trial.adopt(metrics=place, counts=counts)
        known = max(best[0], self._settle_listener(best[0]))
        self._settle_collector(collectors, known)
        self._settle_unnamed_counts(breaker)
        self._settle_broken_metrics(breaker)
        self._settle_state_in_metrics(breaker)

    def _ways_to_metrics(self, shape: ObjectShape) -> list[tuple[str, ...]]:
        """Return the ways that may lead to metrics, but for those to what the settings stand in."""
        nested = ((a.name, a.nested) for a in self._trial.binding.constructor.arguments)
        settings = {name for name, inner in nested if inner is not None and inner.is_configuration}
        settings |= _OF_SETTINGS
        return [path for path in _metric_paths(shape) if not path or path[0] not in settings]

    def _settle_broken_metrics(self, tripped: Breaker) -> None:
        """Keep to a public accessor that raises, where only private fields hold counts."""
        metrics, fresh = self._trial.binding.metrics, self._trial.fresh()
        if fresh is None or (metrics is not None and not _is_private(metrics)):
            return
        for target, _ in self._trial.targets(tripped):
            for name in filter(_OF_METRICS.search, v.METRICS):
                place = Accessor(path=(name,), target=target)
                if self._crashes(place, tripped) and self._crashes(place, fresh):
                    self._trial.adopt(metrics=place, counts={})
                    return

    def _crashes(self, place: Accessor, breaker: Breaker) -> bool:
        """Whether it is there, takes nothing, and raises."""
        error = self._trial.ask(place, breaker).error
        if error is None:
            return False
        absent = error.type == "AttributeError" and re.search(
            rf"(?<!\w){re.escape(place.path[-1])}(?!\w)", error.message
        )
        return not absent and not (error.type == "TypeError" and "required" in error.message)

    def _settle_state_in_metrics(self, tripped: Breaker) -> None:
        """Read the state from the metrics, where nothing else tells it."""
        binding, fresh = self._trial.binding, self._trial.fresh()
        metrics, where = binding.metrics, binding.counts.get("state")
        if binding.state is not None or metrics is None or where is None or fresh is None:
            return
        if as_state(self._trial.read(metrics, fresh), {}) is not None:
            self._trial.adopt(state=metrics)
            return
        inside = msgspec.structs.replace(metrics, path=(*metrics.path, *where.split(".")))
        fresh.succeed()  # one of many circuits may be told of only once it is used
        if self._said(inside, fresh) == [CLOSED]:
            self._trial.adopt(state=inside)
            return
        self._is_in_other_words([inside], fresh, tripped)

    def _settle_unnamed_counts(self, breaker: Breaker) -> None:
        """See whether numbers whose names tell nothing move as the missing counts have to.

        Where they stand in another place than those that are known, that has to tell more.
        """
        binding = self._trial.binding
        known = set(binding.counts) - {"state", "total"}
        if len(known) >= _ALL_COUNTS:
            return
        if binding.metrics is not None:
            found = counts_by_movement(self._trial.lab, [binding.metrics], binding.counts)
            if found is not None:
                self._trial.adopt(counts={**binding.counts, **found[1]})
                known |= set(found[1])
            if len(known) >= _ALL_COUNTS:
                return
        found = counts_by_movement(self._trial.lab, list(self._places(breaker)), {})
        if found is not None and len(found[1]) > len(known):
            self._trial.adopt(metrics=found[0], counts=found[1])

    def _without_settings(self, flat: dict[str, Any]) -> dict[str, Any]:
        """Return what was read without the settings that the breaker was built with."""
        own = {
            name.split(".")[0] for name in self._trial.binding.parameters.values() if "." in name
        }
        own |= _OF_SETTINGS
        return {path: value for path, value in flat.items() if path.split(".")[0] not in own}

    def _places(self, breaker: Breaker) -> Iterator[Accessor]:
        """Yield where there is something to read that may be metrics."""
        for target, shape in self._trial.targets(breaker):
            questions = self._questions.of(target, shape)
            for path in (*_metric_paths(shape), *_unlisted_paths(shape, questions)):
                place = Accessor(path=path, target=target)
                if path and self._trial.read(place, breaker):
                    yield place

    def _settle_listener(self, known: int) -> int:
        """See whether a listener is told more than the metrics say; return how many counts."""
        if known >= _ALL_COUNTS or "listener" not in self._trial.binding.parameters:
            return known
        before = self._trial.binding
        self._trial.adopt(settings={**before.settings, "listener": True})
        breaker = self._trial.used()
        if breaker is not None:
            counts = find_counts(self._trial.read(Accessor(path=(), target="~"), breaker))
            if (more := len(set(counts) - {"state"})) > known:
                self._trial.adopt(metrics=Accessor(path=(), target="~"), counts=counts)
                return more
        self._trial.adopt(settings=before.settings)
        return known

    def _settle_collector(self, collectors: Sequence[Collector], known: int) -> None:
        """See whether what is made beside the breaker counts more than that says itself."""
        if known >= _FEW_COUNTS:
            return
        before = self._trial.binding.collector
        for collector in collectors[:_MOST_COLLECTORS]:
            self._trial.adopt(collector=collector)
            if (found := self._collected()) and len(set(found[1]) - {"state"}) > known:
                self._trial.adopt(metrics=found[0], counts=found[1])
                return
        self._trial.adopt(collector=before)

    def _collected(self) -> tuple[Accessor, dict[str, str]] | None:
        """Return where a collector counts most, and what."""
        breaker = self._trial.used()
        if breaker is None:
            return None
        reply = self._trial.lab.request("inspect", breaker=breaker.handle, target=COLLECTED)
        if reply.error is not None:
            return None
        places = [
            Accessor(path=path, target=COLLECTED)
            for path in _metric_paths(reply.value_as(ObjectShape))
        ]
        found = [(place, find_counts(self._trial.read(place, breaker))) for place in places]
        return max(found, key=lambda each: len(set(each[1]) - {"state"}))

    def settle_exported_metrics(self) -> None:
        """See whether more counts are exported than handed out."""
        handed_out = set(self._trial.binding.counts) - {"state"}
        breaker = self._trial.used() if len(handed_out) < _FEW_COUNTS else None
        if breaker is None:
            return
        accessor = Accessor(path=(), target=EXPORTED)
        counts = find_counts(self._trial.read(accessor, breaker))
        if len(set(counts) - {"state"}) > len(handed_out):
            self._trial.adopt(metrics=accessor, counts=counts)


def _likely_states(shape: ObjectShape) -> list[tuple[str, ...]]:
    """Return what may tell the state, by its name: an object's own data first."""
    ranked = [(v.match(n, v.STATES), n) for n in shape.data if v.match(n, v.STATES) is not None]
    data = [n for _, n in sorted(ranked, key=lambda e: (e[1].startswith("_"), e[0]))]
    methods = ["get_state", "state", "current_state", "get_current_state", "get_status"]
    methods += ["status", "circuit_state", "get_circuit_state", "phase", "get_phase", "mode"]
    return [(name,) for name in (*data, *methods)]


def _nested_states(shape: ObjectShape) -> list[tuple[str, ...]]:
    """Return the ways to a state that stands on an object that the breaker holds."""
    return [
        (name, inner)
        for name, datum in shape.data.items()
        if datum.own
        for inner in ("state", "current_state", "status", "get_state")
        if inner in datum.methods
    ]


def _is_private(place: Accessor) -> bool:
    return any(name.startswith("_") for name in place.path)


def _metric_paths(shape: ObjectShape) -> list[tuple[str, ...]]:
    """Return the ways that may lead to metrics."""
    paths: list[tuple[str, ...]] = []
    for name in v.METRICS:
        datum = shape.data.get(name)
        paths.append((name,))
        if datum is not None:
            paths += [(name, inner) for inner in v.METRICS_INNER if inner in datum.methods]
    return [*paths, ("_metrics",), ("_stats",), (), *_paths_of_a_core(shape)]


def _paths_of_a_core(shape: ObjectShape) -> Iterator[tuple[str, ...]]:
    """Yield the ways to metrics of an object that the breaker holds, and that does its work."""
    for name, datum in shape.data.items():
        if datum.own and name not in v.METRICS and not name.startswith("_"):
            yield from ((name, inner) for inner in v.METRICS if inner in datum.methods)


def _unlisted_paths(shape: ObjectShape, questions: list[str]) -> list[tuple[str, ...]]:
    """Return the ways to what may be metrics though no name says so."""
    holds = {name: datum for name, datum in shape.data.items() if not name.startswith("_")}
    read = [(n, m) for n, datum in holds.items() for m in _READ if m in datum.methods]
    plain = [name for name, datum in holds.items() if datum.type not in _NO_METRICS]
    return [*[(name,) for name in (*plain, *questions)], *read]


_OF_METRICS = re.compile(r"metrics|stats|statistics|snapshot|counters")
"""Names of accessors that are asked for counts and nothing else."""
_READ = (*v.METRICS_INNER, "read", "values", "totals", "counts", "report", "copy")
_NO_METRICS = frozenset({"str", "int", "float", "bool", "NoneType", "function", "type"})
