"""Builds what the trusted side asks for: constructor calls as data, evaluated here.

An expression is a scalar, a list of expressions, or an object with one of
`$call` (a dotted name in the candidate, or the name of a method of what the
expression `on` gives, with `args` and `kwargs`; with `around`, the name of a parameter or `*`
for the first, it is what makes that call around a function), `$fresh` (a text, made different
each time), `$keyed` (one of the many circuits that an object keeps, see `Keyed`),
`$listener` (the names of its methods, each of which counts), `$ear` (a listener that tells
what it hears, see `listening`),
`$trips` (a function that says whether counts it is told have as many failures),
`$timedelta` (seconds), `$float` (`nan` or `inf`, which JSON cannot write),
`$errors` (names of exception classes, as a `$as` container or a single class),
`$kept` (a value that an earlier expression kept by name), or `$own` (a name in a `module` of
the candidate, after what `source` does beside it).
"""

import datetime
import functools
import importlib
from collections.abc import Callable
from typing import Any

from .hooks import Hooked
from .keyed import Keyed
from .surfaces import member
from .upstream import error_class

_CONTAINERS: dict[str, Any] = {"tuple": tuple, "list": list, "set": set, "frozenset": frozenset}


class Builder:
    """Evaluates expressions against the candidate's modules."""

    def __init__(self) -> None:
        self._kept: dict[str, Any] = {}
        self._fresh = 0
        self.hooked = Hooked()
        """What the listeners of the breaker that is being built are told."""
        self._makers: dict[str, Callable[[dict[str, Any]], Any]] = {
            "$call": self._call,
            "$timedelta": lambda e: datetime.timedelta(seconds=e["$timedelta"]),
            "$float": lambda e: float(e["$float"]),
            "$keyed": self._make_keyed,
            "$trips": lambda e: functools.partial(_trips, e["$trips"]),
            "$listener": lambda e: self.hooked.listener(e["$listener"]),
            "$ear": lambda e: self.ear(e["$ear"]),
            "$fresh": self._make_fresh,
            "$kept": lambda e: self._kept[e["$kept"]],
            "$own": _own,
            "$errors": _errors,
        }
        self.ear: Callable[[dict[str, Any]], Any] = lambda _wanted: None

    def build(self, expression: Any) -> Any:
        """Return the value of an expression."""
        if isinstance(expression, list):
            return [self.build(entry) for entry in expression]
        if not isinstance(expression, dict):
            return expression
        for kind, make in self._makers.items():
            if kind in expression:
                return make(expression)
        raise ValueError(f"no expression: {sorted(expression)}")

    def _make_fresh(self, expression: dict[str, Any]) -> str:
        self._fresh += 1
        return f"{expression['$fresh']}_{self._fresh}"  # an identifier: a metric may be called so

    def _make_keyed(self, expression: dict[str, Any]) -> Keyed:
        return Keyed(self.build(expression["$keyed"]), frozenset(expression["names"]))

    def _call(self, expression: dict[str, Any]) -> Any:
        if "on" in expression:
            function = member(self.build(expression["on"]), expression["$call"])
        else:
            module, _, name = expression["$call"].partition(":")
            function = member(importlib.import_module(module), name)
        args = [self.build(entry) for entry in expression.get("args", ())]
        kwargs = {k: self.build(v) for k, v in expression.get("kwargs", {}).items()}
        if (around := expression.get("around")) == "*":
            return lambda protected: function(protected, *args, **kwargs)
        if around:
            return lambda protected: function(*args, **{around: protected}, **kwargs)
        value = function(*args, **kwargs)
        if "keep" in expression:
            self._kept[expression["keep"]] = value
        return value


_IN_A_ROW = ("consecutive_failures", "failures_in_a_row", "failure_count", "failures", "failed")


def _trips(threshold: int, counts: Any, *_more: Any) -> bool:
    """Say whether counts have so many failures, in a row where they tell those."""
    for name in _IN_A_ROW:
        value = counts.get(name) if isinstance(counts, dict) else getattr(counts, name, None)
        if isinstance(value, int):
            return value >= threshold
    return isinstance(counts, int) and counts >= threshold


def _own(expression: dict[str, Any]) -> Any:
    space = dict(vars(importlib.import_module(expression["module"])))
    exec(compile(expression["source"], "example", "exec", dont_inherit=True), space)  # noqa: S102  the candidate's, in its sandbox
    return space[expression["$own"]]


def _errors(expression: dict[str, Any]) -> Any:
    errors = [error_class(name) for name in expression["$errors"]]
    if expression["$as"] == "predicate":
        kinds = tuple(errors)
        return lambda error, *_more: isinstance(error, kinds)
    container = _CONTAINERS.get(expression["$as"])
    return container(errors) if container else errors[0]
