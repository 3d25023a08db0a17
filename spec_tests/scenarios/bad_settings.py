"""Situations in which a breaker is built with settings that make no sense."""

import ast
import math
from collections.abc import Iterator
from typing import Any

import msgspec

from grader.answers import parsing
from grader.bench import Bench
from grader.binding import vocabulary as v
from grader.binding.model import Verbatim
from grader.driver.breaker import Breaker
from grader.driver.lab import Lab, Refused
from grader.driver.settings import LEFT_OUT
from grader.history import OpenPeriod
from grader.specification import scenario, static_scenario

BASE, CAP = 10.0, 7.25
NEGATIVE, NEGATIVE_TIME, SHRINKING = -7, -7.25, 0.375
NO_NUMBER = "plenty"
_LONG = 2_000.0


class BadSetting(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one setting that no breaker could honour."""

    parameter: str
    """Its name; empty where there is no such parameter, or none that could take this value."""
    value: str
    refused: str = ""
    """The error that construction raised; empty where the value was accepted."""
    kept: bool = False
    """The breaker keeps the very value that it was given."""
    replaced: bool = False
    """Under the name of the parameter it keeps another value, one that makes sense."""
    by_default: bool = False
    """That other value is the default, and not the nearest one that makes sense."""
    periods: tuple[OpenPeriod, ...] = ()
    """The open periods that followed, where they matter."""
    probes: int | None = None
    """How many of three callers ran in half-open, where that matters."""


CASES: dict[str, tuple[str, float | str]] = {
    "threshold of zero": ("threshold", 0),
    "negative threshold": ("threshold", NEGATIVE),
    "threshold that is no number": ("threshold", NO_NUMBER),
    "negative open period": ("base", NEGATIVE_TIME),
    "open period that is no number": ("base", NO_NUMBER),
    "multiplier below one": ("multiplier", SHRINKING),
    "cap below the open period": ("cap", CAP),
    "probe limit of zero": ("limit", 0),
    "success threshold of zero": ("successes", 0),
}
ENDLESS: dict[str, tuple[str, float | str]] = {
    "open period of NaN": ("base", math.nan),
    "infinite open period": ("base", math.inf),
    "multiplier of NaN": ("multiplier", math.nan),
    "infinite multiplier": ("multiplier", math.inf),
}


@scenario
def bad_settings(lab: Lab) -> dict[str, BadSetting]:
    """Build breakers, each with one setting that makes no sense."""
    return {case: _try(lab, concept, value) for case, (concept, value) in CASES.items()}


@scenario
def endless_settings(lab: Lab) -> dict[str, BadSetting]:
    """Build breakers with NaN and infinity for the open period and the multiplier."""
    return {case: _try(lab, concept, value) for case, (concept, value) in ENDLESS.items()}


def _try(lab: Lab, concept: str, value: float | str) -> BadSetting:
    argument = lab.binding.constructor.setter(concept)
    absent = BadSetting(parameter="", value=str(value))
    if argument is None or argument.kind == "trips":  # its function may do as it likes
        return absent
    given: Any = value
    if isinstance(value, str):
        given = Verbatim(value)
    elif not math.isfinite(value):
        if argument.kind not in {"number", "integer", "milliseconds"}:
            return absent  # no `timedelta` is endless
        given = Verbatim({"$float": str(value)})
    try:
        breaker = lab.breaker(**{"base": BASE, "permitted": 1, concept: given})
    except Refused as refused:
        return BadSetting(parameter=argument.name, value=str(value), refused=str(refused))
    seen = _accepted(breaker, argument.name, concept, value)
    if not seen.replaced or seen.kept:
        return seen
    return msgspec.structs.replace(seen, by_default=_is_default(lab, breaker, seen, concept))


def _is_default(lab: Lab, breaker: Breaker, seen: BadSetting, concept: str) -> bool:
    """Whether it keeps what it keeps with nothing given, where that is not the nearest."""
    try:
        untouched = lab.breaker(**{"permitted": 1, concept: LEFT_OUT})
    except Refused:
        return False
    here, there = (_named(b, seen.parameter)[0] for b in (breaker, untouched))
    nearest = _LEAST.get(concept, 1.0)
    return here == there and not any(kept == nearest for kept in here)


def _named(breaker: Breaker, parameter: str) -> tuple[list[object], list[object]]:
    """Return what a breaker keeps under the name of a parameter, and everything else."""
    under_its_name: list[object] = []
    anywhere: list[object] = []
    for path, kept in breaker.holds().items():
        name = path.rpartition(".")[2].rpartition("__")[2].strip("_")
        (under_its_name if v.normal(name) == v.normal(parameter) else anywhere).append(kept)
    return under_its_name, anywhere


def _accepted(breaker: Breaker, parameter: str, concept: str, value: float | str) -> BadSetting:
    under_its_name, anywhere = _named(breaker, parameter)
    kept = any(_same(entry, value) for entry in under_its_name)
    # Where it stands under another name, only a value that nothing else has can be told.
    kept = kept or (value != 0 and any(_same(entry, value) for entry in anywhere))
    return BadSetting(
        parameter=parameter,
        value=str(value),
        kept=kept,
        replaced=any(_sensible(entry, concept) for entry in under_its_name),
        periods=_periods(breaker, concept),
        probes=_probes(breaker) if concept == "limit" else None,
    )


_LEAST = {"base": 0.0, "cap": BASE}


def _sensible(kept: object, concept: str) -> bool:
    return isinstance(kept, (int, float)) and kept >= _LEAST.get(concept, 1.0)


def _same(kept: object, value: float | str) -> bool:
    if isinstance(value, str) or isinstance(kept, str):
        return kept == str(value)  # a NaN is kept as the word
    return isinstance(kept, (int, float)) and kept in (value, value * 1000)


def _periods(breaker: Breaker, concept: str) -> tuple[OpenPeriod, ...]:
    rounds = {"cap": 1, "multiplier": 2}.get(concept, 0)
    if not rounds or not _trips(breaker):
        return ()
    return tuple(breaker.open_period()[0] for _ in range(rounds))


def _probes(breaker: Breaker) -> int:
    if not _trips(breaker):
        return 0
    breaker.wait(_LONG)
    return sum(call.seen.running for call in breaker.queue(3))


def _trips(breaker: Breaker) -> bool:
    calls = breaker.fails(breaker.threshold)
    return all(call.ended and call.admitted for call in calls)


@static_scenario
def clamps(bench: Bench) -> tuple[str, ...]:
    """Look for what the code holds at or above a number, as `max(1, failure_threshold)` does."""
    found: set[str] = set()
    for file in bench.candidate.files:
        for node in parsing.nodes(file.text):
            if isinstance(node, ast.Call):
                found.update(_clamped(node))
    return tuple(sorted(found))


def _clamped(call: ast.Call) -> Iterator[str]:
    if not (isinstance(call.func, ast.Name) and call.func.id == "max"):
        return
    if any(isinstance(argument, ast.Constant) for argument in call.args):
        for argument in call.args:
            for node in ast.walk(argument):
                name = getattr(node, "id", None) or getattr(node, "attr", None)
                if isinstance(node, (ast.Name, ast.Attribute)) and name:
                    yield v.normal(str(name).strip("_"))
