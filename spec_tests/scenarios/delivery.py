"""The delivered answer itself: what arrived, whether it is whole, what it contains."""

import re
from collections.abc import Iterable

import msgspec

from grader.answers import modules, undefined_names
from grader.bench import Bench, no_call
from grader.binding import vocabulary as v
from grader.binding.shape import ClassShape, FunctionShape, Shape
from grader.candidate import Candidate
from grader.conversation.failures import Blocked, Interrupted
from grader.driver.lab import Lab, Refused
from grader.driver.loading import describe
from grader.specification import static_scenario
from spec_tests.scenarios.state_types import states

_CLIENTS = ("httpx", "aiohttp", "requests", "urllib", "urllib3", "http.client")


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """What can be said of an answer without running it."""

    python_files: int
    cut_off: tuple[str, ...]
    undefined: tuple[str, ...]
    clients: tuple[str, ...]
    """HTTP clients that the code names."""


@static_scenario
def delivered(bench: Bench) -> Delivery:
    """Look at the text of the answer."""
    candidate = bench.candidate
    return Delivery(
        python_files=len(candidate.files),
        cut_off=candidate.cut_off,
        undefined=tuple(undefined_names(candidate)),
        clients=modules.imported_of(_CLIENTS, candidate),
    )


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """Importing the implementation in a clean interpreter."""

    modules: tuple[str, ...]
    error: str
    """What importing the main module raised; empty where it did not."""
    absent: tuple[str, ...]
    """Third-party packages that are not on this machine."""


@static_scenario
def imported(bench: Bench) -> Imported:
    """Import the implementation, the network off."""
    if not bench.modules:
        raise Blocked("de-code", "there is no Python code")
    error = ""
    with bench.worker() as worker:
        for module in bench.modules:
            reply = worker.request("load", modules=[module])
            if reply.error is not None and not error:
                error = f"importing {module} raised {reply.error}"
    return Imported(modules=tuple(bench.modules), error=error, absent=bench.absent)


class Usable(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a breaker can be built and a call made through it."""

    works: bool
    cut_off: bool
    why_not: str


@static_scenario
def usable(bench: Bench) -> Usable:
    """Build a breaker and make a call."""
    try:
        binding = bench.binding
    except Blocked as blocked:
        if blocked.because != "de-breaker":
            raise
        return Usable(works=False, cut_off=False, why_not=str(blocked))
    if not binding.surfaces:
        return Usable(works=False, cut_off=False, why_not="there is no way to make a call")
    if not (binding.works or binding.cut_off):
        interrupted = no_call(binding)
        if not isinstance(interrupted, Blocked):
            raise interrupted
    if not binding.works:
        why_not = f"a call through {binding.surfaces[0]} {binding.first_call}"
        return Usable(works=False, cut_off=binding.cut_off, why_not=why_not)
    return Usable(works=True, cut_off=False, why_not="")


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """Parts of a circuit breaker that the code defines, by name; empty where there is none."""

    states: str
    error: str
    parameters: tuple[str, ...]
    """Parameters with a default that set a threshold or the open period and its growth."""
    unreadable: bool = False
    """The breaker takes settings by names that cannot be read from its signature."""
    metrics: str


@static_scenario
def parts(bench: Bench) -> Parts:
    """Look for the parts of a breaker, also where the breaker itself is missing."""
    if not bench.modules:
        raise Blocked("de-code", "there is no Python code")
    with bench.worker() as worker:
        shape = describe(worker, bench.modules)
    return Parts(
        states=states(shape, bench.candidate, _learnt_states(bench)),
        error=_error(shape) or _raised_in_trial(bench),
        parameters=_parameters(shape, _bound(bench)),
        unreadable=_is_unreadable(bench),
        metrics=_metrics(shape) or _metrics_attribute(bench.candidate) or _bound_metrics(bench),
    )


_REJECTION = re.compile(r"open|circuit|breaker|reject|permit", re.IGNORECASE)


def _error(shape: Shape) -> str:
    names = [m.name for m in shape if isinstance(m, ClassShape) and m.error]
    telling = [n for n in names if _REJECTION.search(n)]
    return next(iter(sorted(telling, key=lambda n: "open" not in n.lower())), "")


def _raised_in_trial(bench: Bench) -> str:
    """Return the answer's own error type that a breaker rejects with, whatever its name."""
    try:
        binding = bench.binding
        with bench.worker() as worker:
            for module in bench.modules:
                worker.request("load", modules=[module])
            breaker = Lab(worker, binding, seed=bench.seed).breaker()
            breaker.trip()
            seen = breaker.succeed()
    except (Interrupted, Refused):
        return ""
    dedicated = seen.error.dedicated if seen.rejected and seen.error is not None else ()
    return next(iter(dedicated), "")


_CONCEPTS = ("threshold", "rate", "minimum_calls", "base", "multiplier", "cap", "exponential")


_RECORDS = re.compile(r"(metrics|stats|statistics|snapshot|record|event|counter)$", re.IGNORECASE)
"""Classes whose fields count what happened: `failures` is no setting there."""


def _bound(bench: Bench) -> dict[str, str]:
    """Return concept → parameter as the breaker is built; empty where there is none."""
    try:
        return dict(bench.binding.parameters)
    except Interrupted:
        return {}


def _learnt_states(bench: Bench) -> Iterable[str]:
    """Return the words of the breaker's own for its states."""
    try:
        return bench.binding.state_words
    except Interrupted:
        return ()


def _is_unreadable(bench: Bench) -> bool:
    try:
        return bench.binding.constructor.open_ended
    except Interrupted:
        return False


def _bound_metrics(bench: Bench) -> str:
    """Return where the metrics of the breaker that was built are read; empty where nowhere."""
    try:
        metrics = bench.binding.metrics
    except Interrupted:
        return ""
    return str(metrics) if metrics is not None and bench.binding.counts else ""


def _parameters(shape: Shape, bound: dict[str, str]) -> tuple[str, ...]:
    found = {concept: name for concept, name in bound.items() if concept in _CONCEPTS}
    for member in shape:
        if isinstance(member, FunctionShape) and v.match(member.name, v.FACTORIES) is None:
            continue
        if isinstance(member, ClassShape) and (member.error or _RECORDS.search(member.name)):
            continue
        for parameter in member.parameters:
            for concept in _CONCEPTS:
                if v.match(parameter.name, v.PARAMETERS[concept]) is not None and (
                    not parameter.required
                ):
                    found.setdefault(concept, parameter.name)
    return tuple(f"{concept}: {name}" for concept, name in found.items())


def _metrics(shape: Shape) -> str:
    for member in shape:
        if not isinstance(member, ClassShape) or member.error:
            continue
        if _RECORDS.search(member.name):
            return member.name
    for member in shape:
        if isinstance(member, ClassShape):
            names = [m.name for m in member.methods] + list(member.attributes)
            for name in names:
                if name.lower() in {*v.METRICS[:9], "metrics", "stats"}:
                    return f"{member.name}.{name}"
    return ""


_ATTRIBUTE = re.compile(r"\bself\.(metrics|_metrics|stats|_stats|statistics)\b")


def _metrics_attribute(candidate: Candidate) -> str:
    """Return the attribute that holds metrics, where they have no type of their own."""
    found = (_ATTRIBUTE.search(f.text) for f in candidate.files if f.role == "implementation")
    return next((match.group(1) for match in found if match is not None), "")
