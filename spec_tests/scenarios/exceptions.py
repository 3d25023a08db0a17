"""Situations about which exceptions count, and what becomes of them."""

import msgspec

from grader.answers import modules
from grader.bench import Bench
from grader.conversation.failures import Blocked, NotOffered
from grader.driver.breaker import KEPT
from grader.driver.lab import Lab, Refused
from grader.driver.settings import LEFT_OUT
from grader.history import CallSeen
from grader.specification import scenario, static_scenario
from spec_tests.scenarios.stories import first_period, recover, tripped_and_due


class Errors(msgspec.Struct, frozen=True, kw_only=True):
    """Failing calls at every stage."""

    while_closed: tuple[CallSeen, ...]
    tripping: CallSeen
    failed_probe: CallSeen


@scenario
def errors_at_every_stage(lab: Lab) -> Errors:
    """Fail while closed, with the tripping call, and in a probe."""
    breaker = lab.breaker()
    calls = breaker.trip()
    period, probe = breaker.open_period()
    return Errors(
        while_closed=calls[:-1],
        tripping=calls[-1],
        failed_probe=probe if period.high is not None else calls[-1],
    )


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """Failures that stand in a list of exception types, and failures that do not."""

    unlisted: tuple[CallSeen, ...]
    after_unlisted: CallSeen
    listed: tuple[CallSeen, ...]
    """As many as the threshold, of a subclass of what stands in the list."""
    after_listed: CallSeen


@scenario
def include_list(lab: Lab) -> Listed:
    """Count `ServiceFailure` alone; fail with something else, then with a subclass."""
    counting = _what_counts(lab)
    if counting is None:
        raise NotOffered("which exceptions count cannot be set")
    breaker = lab.breaker(**{counting: ["ServiceFailure"]})
    unlisted = tuple(breaker.fail("UnrelatedFailure") for _ in range(breaker.threshold + 2))
    after_unlisted = breaker.succeed()
    breaker = lab.breaker(**{counting: ["ServiceFailure"]})  # that success may weigh in a rate
    listed = tuple(breaker.fail("SpecificFailure") for _ in range(breaker.threshold))
    return Listed(
        unlisted=unlisted,
        after_unlisted=after_unlisted,
        listed=listed,
        after_listed=breaker.succeed(),
    )


def _what_counts(lab: Lab) -> str | None:
    """Return the setting that tells which exceptions count: a list, or a predicate."""
    return next((s for s in ("counted", "failure_predicate") if lab.offers(s)), None)


class Excluded(msgspec.Struct, frozen=True, kw_only=True):
    """Failures of excluded types."""

    calls: tuple[CallSeen, ...]
    after: CallSeen
    between: CallSeen | None
    """On another breaker, the call after one failure less than the threshold, an excluded one,
    and one more failure; None where as many failures alone do not trip it."""


@scenario
def exclude_list(lab: Lab) -> Excluded:
    """Exclude two types; fail with each and with a subclass as often as the threshold."""
    if not lab.offers("ignored"):
        raise NotOffered("no exception type can be excluded")
    # Without the list of what counts: what is in no list would be left alone anyway.
    several = lab.kind("ignored") in {"tuple", "list", "set", "frozenset"}
    listed = [*(["UnrelatedFailure"] if several else []), "ExcludedFailure"]
    breaker = lab.breaker(ignored=listed, counted=LEFT_OUT)
    # Of each as many as the threshold, as what lies between may take failures back.
    calls = tuple(
        breaker.fail(kind)
        for kind in (*listed, "SpecificExcludedFailure")
        for _ in range(breaker.threshold)
    )
    after = breaker.succeed()
    between = None
    if _trips_at_two(lab, counted=LEFT_OUT):
        other = lab.breaker(threshold=2, ignored=["ExcludedFailure"], counted=LEFT_OUT)
        other.fails(other.threshold - 1)
        other.fail("ExcludedFailure")
        other.fail()
        between = other.succeed()
    return Excluded(calls=calls, after=after, between=between)


def _trips_at_two(lab: Lab, **settings: object) -> bool:
    """Whether a threshold of two is honoured: what comes between two failures shows."""
    breaker = lab.breaker(threshold=2, **settings)
    return breaker.fails(breaker.threshold)[-1].admitted and breaker.succeed().rejected


class InBoth(msgspec.Struct, frozen=True, kw_only=True):
    """Failures of a type that is excluded, and whose base is in the list of what counts."""

    refused: str
    """The error that construction raised; empty where such lists are accepted."""
    calls: tuple[CallSeen, ...] = ()
    after: CallSeen | None = None
    counted: tuple[CallSeen, ...] = ()
    """As many as the threshold, of the base itself, on another breaker."""
    after_counted: CallSeen | None = None


@scenario
def include_and_exclude(lab: Lab) -> InBoth:
    """Count a type, exclude a subclass of it; fail with the subclass, then with the type."""
    if not (lab.offers("ignored") and lab.offers("counted")):
        raise NotOffered("there are no two lists, one of what counts and one of what does not")
    lists = {"counted": ["ServiceFailure"], "ignored": ["SpecificFailure"]}
    try:
        breaker = lab.breaker(**lists)
    except Refused as refused:
        return InBoth(refused=str(refused))
    calls = tuple(breaker.fail("SpecificFailure") for _ in range(2 * breaker.threshold + 2))
    after = breaker.succeed()
    other = lab.breaker(**lists)
    counted = tuple(other.fail("ServiceFailure") for _ in range(other.threshold))
    return InBoth(
        refused="",
        calls=calls,
        after=after,
        counted=counted,
        after_counted=other.succeed(),
    )


class OddProbe(msgspec.Struct, frozen=True, kw_only=True):
    """A probe that ended with something that is neither success nor failure."""

    error: str
    probe: CallSeen
    later: tuple[CallSeen, ...]


@scenario
def excluded_probe(lab: Lab) -> OddProbe:
    """Let a probe raise what is excluded, or what stands in no include list."""
    if lab.offers("ignored"):
        error, settings = "ExcludedFailure", {"ignored": ["ExcludedFailure"], "counted": LEFT_OUT}
    elif counting := _what_counts(lab):
        error, settings = "UnrelatedFailure", {counting: ["ServiceFailure"]}
    else:
        raise NotOffered("no exception type can be excluded")
    period = first_period(lab)
    breaker = tripped_and_due(lab, period, **settings)
    probe = breaker.fail(error)
    return OddProbe(error=error, probe=probe, later=recover(breaker, period))


BEYOND = ("KeyboardInterrupt", "SystemExit", "GeneratorExit")


@scenario
def beyond_exception(lab: Lab) -> tuple[OddProbe, ...]:
    """Let a probe raise each of the exceptions that are no `Exception`."""
    period = first_period(lab)
    seen = []
    for error in BEYOND:
        breaker = tripped_and_due(lab, period)
        probe = breaker.fail(error)
        seen.append(OddProbe(error=error, probe=probe, later=recover(breaker, period)))
    return tuple(seen)


class Cancelled(msgspec.Struct, frozen=True, kw_only=True):
    """A cancellation between two failures, with a threshold of two."""

    cancelled: CallSeen
    after: CallSeen
    """The call after failure, cancellation, failure."""
    at_once: CallSeen
    """On another breaker, the call after failure, cancellation."""


@scenario
def cancelled_between_failures(lab: Lab) -> Cancelled:
    """Fail, cancel, fail, with a threshold of two."""
    breaker = lab.breaker(threshold=2)
    if breaker.surface().mode != "async":
        raise NotOffered("there is no asynchronous call to cancel")
    if not _trips_at_two(lab):
        raise Blocked("th-exact", "a threshold of two does not trip it")
    breaker.fails(breaker.threshold - 1)
    parked = breaker.call()
    parked.cancel()
    breaker.fail()
    other = lab.breaker(threshold=2)
    other.fails(other.threshold - 1)
    other.call().cancel()
    return Cancelled(cancelled=parked.seen, after=breaker.succeed(), at_once=other.succeed())


class Weighed(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was raised where one more failure would trip, on two breakers."""

    raised: CallSeen
    at_once: CallSeen
    """The next call."""
    after_failure: CallSeen
    """On the other breaker, the call after one more failure."""


def _weigh(lab: Lab, error: str, **settings: object) -> Weighed:
    if not _trips_at_two(lab, **settings):
        raise Blocked("th-exact", "a threshold of two does not trip it")
    one, other = lab.breaker(threshold=2, **settings), lab.breaker(threshold=2, **settings)
    one.fails(one.threshold - 1)
    raised = one.fail(error)
    other.fails(other.threshold - 1)
    other.fail(error)
    other.fail()
    return Weighed(raised=raised, at_once=one.succeed(), after_failure=other.succeed())


@scenario
def interrupt_while_closed(lab: Lab) -> Weighed:
    """Let KeyboardInterrupt come where one more failure would trip it."""
    return _weigh(lab, "KeyboardInterrupt")


@scenario
def nested_rejection(lab: Lab) -> Weighed:
    """Let the rejection by an inner breaker come where one more failure would trip the outer."""
    inner = lab.breaker()
    inner.trip()
    rejection = inner.call(planned="return", keep=True).seen
    if rejection.how == "refused":
        raise NotOffered("an open breaker refuses a permit and raises nothing")
    if not rejection.rejected:
        raise Blocked("st-open-rejects", f"right after the trip a call {rejection.tell()}")
    # With the default if it can be: what stands in no list would not count anyway.
    by_default = _trips_at_two(lab, counted=LEFT_OUT)
    return _weigh(lab, KEPT, **({"counted": LEFT_OUT} if by_default else {}))


class DefaultErrors(msgspec.Struct, frozen=True, kw_only=True):
    """Which errors trip a breaker that was told nothing of errors."""

    trips: dict[str, bool | None]
    """Whether as many of them as the threshold tripped it, by error; None where not all of them
    ran. Those of the clients that the code does not import are left out."""


BUILTIN_ERRORS = ("ConnectionError", "TimeoutError", "OSError")
CLIENT_ERRORS = {
    "httpx": ("httpx:ConnectError", "httpx:ReadTimeout"),
    "aiohttp": ("aiohttp:ClientError", "aiohttp:ClientOSError"),
    "requests": ("requests:ConnectionError",),
}


@scenario
def default_errors(lab: Lab) -> DefaultErrors:
    """Fail with an error of the user's own and with builtin ones; perhaps with a client's."""
    try:
        lab.breaker(counted=LEFT_OUT)
    except Refused:
        raise NotOffered("what counts has to be set, there is no default") from None
    trips = {"UnrelatedFailure": _trips_with(lab, "UnrelatedFailure")}
    further: tuple[str, ...] = BUILTIN_ERRORS
    if not trips["UnrelatedFailure"]:
        lab.breaker().trip()  # with what does count it can be tripped
        known = {error for errors in CLIENT_ERRORS.values() for error in errors}
        further = (*BUILTIN_ERRORS, *sorted(known))
    elif _trips_with(lab, *BUILTIN_ERRORS):
        further = ()
        trips |= dict.fromkeys(BUILTIN_ERRORS, True)
    trips |= {error: _trips_with(lab, error) for error in further}
    return DefaultErrors(trips=trips)


@static_scenario
def http_clients(bench: Bench) -> tuple[str, ...]:
    """Look which HTTP clients the code imports."""
    return modules.imported_of(CLIENT_ERRORS, bench.candidate)


def _trips_with(lab: Lab, *errors: str) -> bool | None:
    """Whether as many failures as the threshold trip it, of each of these types in turn.

    None where there are more types than that, and where not all of the failing calls ran.
    """
    breaker = lab.breaker(counted=LEFT_OUT)
    if breaker.threshold < len(errors):
        return None
    calls = [breaker.fail(errors[n % len(errors)]) for n in range(breaker.threshold)]
    return breaker.succeed().rejected if all(call.admitted for call in calls) else None


class OddErrors(msgspec.Struct, frozen=True, kw_only=True):
    """Failures of an odd type, as many as the threshold, and the call after them."""

    calls: tuple[CallSeen, ...]
    after: CallSeen


ODD = {
    "a dataclass without a hash": "UnhashableFailure",
    "equal to everything": "EqualFailure",
    "made by a metaclass": "AbstractFailure",
}


@scenario
def odd_errors(lab: Lab) -> dict[str, OddErrors]:
    """Fail with exceptions that have no hash, that equal everything, and of an abstract class."""
    if lab.binding.failure != "ServiceFailure":
        raise NotOffered("only certain exceptions count, and these are none of them")
    seen = {}
    for kind, error in ODD.items():
        # Listed itself where others are: that subclasses count is the affair of `ex-include`.
        breaker = lab.breaker(counted=[error]) if "counted" in lab.settings() else lab.breaker()
        calls = tuple(breaker.fail(error) for _ in range(breaker.threshold))
        seen[kind] = OddErrors(calls=calls, after=breaker.succeed())
    return seen


class OddExclusion(msgspec.Struct, frozen=True, kw_only=True):
    """An excluded type that is made by a metaclass."""

    excluded: tuple[CallSeen, ...]
    after_excluded: CallSeen
    failures: tuple[CallSeen, ...]
    """On another breaker, as many as the threshold, of a type that is not excluded."""
    after_failures: CallSeen


@scenario
def odd_exclusion(lab: Lab) -> OddExclusion:
    """Exclude a type that is made by a metaclass; fail with it, and with another."""
    if not lab.offers("ignored"):
        raise NotOffered("no exception type can be excluded")
    ignored = ["AbstractExcludedFailure"]
    breaker = lab.breaker(ignored=ignored, counted=LEFT_OUT)
    excluded = tuple(breaker.fail("AbstractExcludedFailure") for _ in range(breaker.threshold + 2))
    after_excluded = breaker.succeed()
    other = lab.breaker(ignored=ignored)
    failures = other.fails(other.threshold)
    return OddExclusion(
        excluded=excluded,
        after_excluded=after_excluded,
        failures=failures,
        after_failures=other.succeed(),
    )
