"""Finds where a breaker's state and its counts can be read."""

from collections.abc import Iterator

from grader.binding import vocabulary as v
from grader.binding.counts import find_counts
from grader.binding.model import EXPORTED, Accessor
from grader.binding.shape import ObjectShape
from grader.binding.state import CLOSED, OPEN, raw_state, state_of
from grader.driver.breaker import Breaker
from grader.driver.counting import counts_by_movement
from grader.driver.trial import Trial

# Successes, failures, rejections and transitions.
_ALL_COUNTS = 4
_FEW_COUNTS = 3


class Readings:
    """Settles, for one proposal, what is read and where."""

    def __init__(self, trial: Trial) -> None:
        self._trial = trial

    def settle_state(self, tripped: Breaker) -> None:
        """Find where the state is read: a place that tells closed from open."""
        fresh = self._trial.fresh()
        if fresh is None:
            return
        targets = self._trial.targets(fresh)
        named = (
            Accessor(path=path, target=target)
            for ways in (_likely_states, _nested_states)
            for target, shape in targets
            for path in ways(shape)
        )
        found = any(self._tells_states_apart(way, fresh, tripped) for way in named)
        found = found or any(self._has_flags(target, fresh, tripped) for target, _ in targets)
        if not found:
            said = (Accessor(path=(n,), target=t) for t, shape in targets for n in shape.data)
            any(self._says_closed_and_open(way, fresh, tripped) for way in said)

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
        self._trial.adopt(state=Accessor(path=(), target=target, flags=flags))
        return True

    def _flag(self, name: str, target: str, breaker: Breaker) -> bool | None:
        reply = self._trial.lab.request("read", breaker=breaker.handle, target=target, path=[name])
        value = reply.value.get("") if isinstance(reply.value, dict) else None
        return value if isinstance(value, bool) else None

    def _raw(self, accessor: Accessor, breaker: Breaker) -> str | None:
        reply = self._trial.lab.request(
            "read", breaker=breaker.handle, target=accessor.target, path=accessor.path
        )
        return raw_state(reply.value) if isinstance(reply.value, dict) else None

    def _says_closed_and_open(self, accessor: Accessor, fresh: Breaker, tripped: Breaker) -> bool:
        """Whether a member says so in words, whatever its name is."""
        said = [state_of(self._raw(accessor, breaker)) for breaker in (fresh, tripped)]
        if said != [CLOSED, OPEN]:
            return False
        self._trial.adopt(state=accessor)
        return True

    def _tells_states_apart(self, accessor: Accessor, fresh: Breaker, tripped: Breaker) -> bool:
        before, after = (self._raw(accessor, breaker) for breaker in (fresh, tripped))
        if before is None or after is None:
            return False
        if state_of(before) == CLOSED:
            self._trial.adopt(state=accessor)
            return True
        if before != after and state_of(before) is None:
            self._trial.adopt(state=accessor, state_words={before: CLOSED, after: OPEN})
            return True
        return False

    def settle_metrics(self) -> None:
        """Find the accessor whose names cover most of the counts that are asked for."""
        breaker = self._trial.fresh()
        if breaker is None:
            return
        breaker.succeed()
        self._trial.fail_until_rejected(breaker)
        best: tuple[int, int] = (0, 0)
        for target, shape in self._trial.targets(breaker):
            for rank, path in enumerate(_metric_paths(shape)):
                reply = self._trial.lab.request(
                    "read", breaker=breaker.handle, target=target, path=path
                )
                if reply.error is not None or not isinstance(reply.value, dict):
                    continue
                counts = find_counts(reply.value, of_breaker=not path)
                merit = (len(set(counts) - {"state"}), -rank)
                if merit > best and merit[0] > 0:
                    best = merit
                    self._trial.adopt(metrics=Accessor(path=path, target=target), counts=counts)
        self._settle_listener(best[0])
        self._settle_unnamed_counts(breaker)
        if self._trial.binding.state is None and "state" in self._trial.binding.counts:
            self._trial.adopt(state=self._trial.binding.metrics)

    def _settle_unnamed_counts(self, breaker: Breaker) -> None:
        """See whether numbers whose names tell nothing move as the missing counts have to."""
        binding = self._trial.binding
        if len(set(binding.counts) - {"state", "total"}) >= _ALL_COUNTS:
            return
        places = [binding.metrics] if binding.metrics is not None else list(self._places(breaker))
        found = counts_by_movement(self._trial.lab, places, binding.counts)
        if found is not None:
            place, counts = found
            self._trial.adopt(metrics=place, counts={**binding.counts, **counts})

    def _places(self, breaker: Breaker) -> Iterator[Accessor]:
        """Yield where there is something to read that may be metrics."""
        for target, shape in self._trial.targets(breaker):
            for path in _metric_paths(shape):
                reply = self._trial.lab.request(
                    "read", breaker=breaker.handle, target=target, path=path
                )
                if path and reply.error is None and isinstance(reply.value, dict):
                    yield Accessor(path=path, target=target)

    def _settle_listener(self, known: int) -> None:
        """See whether a listener is told more than the metrics say."""
        if known >= _ALL_COUNTS or "listener" not in self._trial.binding.parameters:
            return
        before = self._trial.binding
        self._trial.adopt(settings={**before.settings, "listener": True})
        breaker = self._trial.fresh()
        if breaker is not None:
            breaker.succeed()
            self._trial.fail_until_rejected(breaker)
            reply = self._trial.lab.request("read", breaker=breaker.handle, target="~", path=())
            counts = find_counts(reply.value) if isinstance(reply.value, dict) else {}
            if len(set(counts) - {"state"}) > known:
                self._trial.adopt(metrics=Accessor(path=(), target="~"), counts=counts)
                return
        self._trial.adopt(settings=before.settings)

    def settle_exported_metrics(self) -> None:
        """See whether more counts are exported than handed out."""
        breaker = self._trial.fresh()
        handed_out = set(self._trial.binding.counts) - {"state"}
        if breaker is None or len(handed_out) >= _FEW_COUNTS:
            return
        breaker.succeed()
        self._trial.fail_until_rejected(breaker)
        accessor = Accessor(path=(), target=EXPORTED)
        reply = self._trial.lab.request("read", breaker=breaker.handle, target=EXPORTED, path=())
        if reply.error is not None or not isinstance(reply.value, dict):
            return
        counts = find_counts(reply.value)
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


def _metric_paths(shape: ObjectShape) -> list[tuple[str, ...]]:
    """Return the ways that may lead to metrics."""
    paths: list[tuple[str, ...]] = []
    for name in v.METRICS:
        datum = shape.data.get(name)
        paths.append((name,))
        if datum is not None:
            paths += [(name, inner) for inner in v.METRICS_INNER if inner in datum.methods]
    return [*paths, ("_metrics",), ("_stats",), ()]
