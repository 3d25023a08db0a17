"""Situations about what metrics tell beside the counts: moments and latencies."""

import contextlib
import datetime
import re

import msgspec

from grader.binding.counts import read_count
from grader.binding.model import COLLECTED
from grader.conversation.failures import Blocked, NotOffered
from grader.conversation.messages import Scalar
from grader.driver.breaker import Breaker
from grader.driver.lab import Lab
from grader.specification import scenario
from spec_tests.scenarios.stories import close, due, first_period

_SUFFIX = r"(_?(time|at|timestamp|ts|date|datetime|on))?(_?(utc|monotonic|wall|s|seconds))?$"
_MOMENTS = {
    "last failure": re.compile(
        rf"^last_?((failure|failed){_SUFFIX}|error_?(time|at|timestamp|ts)$)"
    ),
    "last success": re.compile(rf"^last_?(success|succeeded){_SUFFIX}"),
    "last state change": re.compile(
        rf"^(last_?(state_?)?(change|changed|transition|transitioned)|state_?changed|(state_?)?since)"
        rf"{_SUFFIX}"
    ),
    "opened": re.compile(r"^(last_?)?(opened|tripped)_?(at|time|timestamp|ts|since)$"),
}
"""Names of moments; what may be a number of something else is left out."""


class Moments(msgspec.Struct, frozen=True, kw_only=True):
    """One moment that the breaker tells, read again and again, in seconds since the first seen."""

    name: str
    kind: str
    """`last failure`, `last success`, `last state change` or `opened`."""
    readings: dict[str, float | None]
    """By when it was read; None where it was not set."""


@scenario
def moments(lab: Lab) -> tuple[Moments, ...]:
    """A failure, a trip, a rejection, a recovery and another trip, some time apart; read each."""
    period = first_period(lab)
    breaker = lab.breaker()
    read: dict[str, dict[str, Scalar]] = {"at the start": _everything(breaker)}

    def look(when: str) -> None:
        read[when] = _everything(breaker)
        breaker.wait(2.0)

    breaker.wait(2.0)
    if breaker.threshold > 1:
        breaker.fail()
        look("after a failure")
    if not _fail_until_rejected(breaker):
        raise Blocked("th-exact", "no number of failures led to a rejection")
    look("after the trip")
    breaker.succeed()
    look("after a rejection")
    breaker.wait(due(period))
    recovered = all(call.succeeded for call in close(breaker))
    if recovered:
        breaker.succeed()
        look("after the recovery")
        breaker.forget()
        if _fail_until_rejected(breaker):
            look("after another trip")
    return tuple(_moments(read))


_MOST_FAILURES = 25


def _fail_until_rejected(breaker: Breaker) -> bool:
    return any(breaker.fail().rejected for _ in range(_MOST_FAILURES))


def _everything(breaker: Breaker) -> dict[str, Scalar]:
    """Return the metrics, and what stands on the breaker itself."""
    accessor = breaker.lab.binding.metrics
    if accessor is None:
        raise Blocked("me-exists", "no metrics were found")
    beside = accessor.exported or accessor.target == COLLECTED
    target = "" if beside else accessor.target
    reply = breaker.lab.request("read", breaker=breaker.handle, target=target, path=[])
    own = reply.value if reply.error is None and isinstance(reply.value, dict) else {}
    direct = {k: v for k, v in own.items() if "." not in k}
    return {**direct, **breaker.metrics().everything}


def _moments(read: dict[str, dict[str, Scalar]]) -> list[Moments]:
    found = []
    for name in dict.fromkeys(name for flat in read.values() for name in flat):
        kind = _kind(name)
        values = {when: _seconds(flat.get(name)) for when, flat in read.items()}
        known = [value for value in values.values() if value is not None]
        if kind is None or not (known or _never_set(name, read)):
            continue
        first = min(known, default=0.0)
        readings = {
            when: None if value is None else round(value - first, 3)
            for when, value in values.items()
        }
        found.append(Moments(name=name, kind=kind, readings=readings))
    return found


def _kind(path: str) -> str | None:
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", path.rpartition(".")[2]).lower()
    return next((kind for kind, pattern in _MOMENTS.items() if pattern.match(name)), None)


def _never_set(path: str, read: dict[str, dict[str, Scalar]]) -> bool:
    """Whether it certainly is a moment, by its name, and is there without ever being set."""
    timed = re.search(r"(time|_at|timestamp|_ts)$", path.lower()) is not None
    return timed and all(path in flat and not flat[path] for flat in read.values())


_DATED = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")


def _seconds(value: Scalar) -> float | None:
    """Return a moment as seconds on whatever clock; None where it is not set or none."""
    if isinstance(value, str):
        if _DATED.match(value):
            with contextlib.suppress(ValueError):
                return datetime.datetime.fromisoformat(value).timestamp()
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value <= 0:
        return None
    return value / 1000 if value > 1e11 else float(value)


_LATENCY = re.compile(
    r"latenc|response_?time|elapsed|(call|request|execution|exec|processing)_?(time|duration)"
    r"|(avg|mean|average|min|max|p\d\d|median)_?(duration|time)"
)
_NO_LATENCY = re.compile(
    r"threshold|limit|timeout|open|window|slow|bucket|count|sample|config|setting|backoff|recover"
    r"|last_|#|_at$|state|size|!"
)
_STATISTICS = {
    "average": re.compile(r"avg|mean|average"),
    "least": re.compile(r"(^|[^a-z])min|least|fastest"),
    "most": re.compile(r"(^|[^a-z])max|most|slowest"),
    "percentile": re.compile(r"p50|p75|p9\d|median|percentile"),
}


class Latency(msgspec.Struct, frozen=True, kw_only=True):
    """One statistic of latencies, read before and after calls and rejections."""

    name: str
    kind: str
    """`average`, `least`, `most` or `percentile`."""
    new: float | None
    after_calls: float | None
    """After calls that lasted 2, 1 and 3 seconds."""
    after_trip: float | None
    after_rejections: float | None


@scenario
def latencies(lab: Lab) -> tuple[Latency, ...]:
    """Let three calls last 2, 1 and 3 seconds, trip it, and have five calls rejected."""
    breaker = lab.breaker()
    new = breaker.metrics().everything
    for seconds in (2.0, 1.0, 3.0):
        call = breaker.call()
        breaker.wait(seconds)
        call.succeed()
        if not call.seen.succeeded:
            raise Blocked("st-initial-closed", f"a call of {seconds:g} s {call.seen.tell()}")
    calls = breaker.metrics().everything
    breaker.forget()
    if not _fail_until_rejected(breaker):
        raise Blocked("th-exact", "no number of failures led to a rejection")
    tripped = breaker.metrics().everything
    for _ in range(5):
        breaker.succeed()
    rejected = breaker.metrics().everything
    seen = []
    for name in calls:
        kind = _statistic(name)
        if kind is not None:
            readings = [_number(flat.get(name)) for flat in (new, calls, tripped, rejected)]
            seen.append(
                Latency(
                    name=name,
                    kind=kind,
                    new=readings[0],
                    after_calls=readings[1],
                    after_trip=readings[2],
                    after_rejections=readings[3],
                )
            )
    return tuple(seen)


def _statistic(path: str) -> str | None:
    lowered = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", path).lower()
    if not _LATENCY.search(lowered) or _NO_LATENCY.search(lowered):
        return None
    last = lowered.rpartition(".")[2]
    return next((kind for kind, pattern in _STATISTICS.items() if pattern.search(last)), None)


def _number(value: Scalar) -> float | None:
    return float(value) if type(value) in (int, float) else None  # type: ignore[arg-type]


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """What the metrics accessor handed out, and what became of it."""

    accessor: str
    method: bool
    """A method handed it out, not an attribute."""
    json: bool
    """`json.dumps` takes it, or its fields where it is a dataclass."""
    changed: tuple[str, ...]
    """Counts that calls made later moved in what had been handed out before."""
    hurt: tuple[str, ...]
    """Counts of the breaker that moved when what it had handed out was written to."""


@scenario
def snapshots(lab: Lab) -> Snapshot:
    """Keep what the metrics accessor hands out, call on, look again; then write to it."""
    accessor = lab.binding.metrics
    if accessor is None:
        raise Blocked("me-exists", "no metrics were found")
    if accessor.exported:
        raise NotOffered("metrics are exported, not handed out")
    breaker = lab.breaker()
    breaker.succeed()
    if broken := breaker.metrics().broken:
        raise Blocked("me-exists", f"reading the metrics raised {broken}")
    where = {"breaker": breaker.handle, "target": accessor.target, "path": accessor.path}
    kept = lab.ask("keep", name="early", **where).value
    breaker.fails(breaker.threshold)
    breaker.succeed()
    later = lab.ask("look_again", name="early").value
    lab.ask("keep", name="late", **where)
    before = breaker.metrics()
    lab.ask("spoil", name="late")
    after = breaker.metrics()
    counts = [name for name in lab.binding.counts if name != "state"]
    return Snapshot(
        accessor=str(accessor),
        method=kept["method"],
        json=kept["json"],
        changed=tuple(
            name
            for name in counts
            if read_count(kept["said"], path := lab.binding.counts[name]) != read_count(later, path)
        ),
        hurt=tuple(name for name in counts if getattr(before, name) != getattr(after, name)),
    )
